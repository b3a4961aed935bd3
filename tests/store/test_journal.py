"""The journal numbers a collab's events without gap, in order, and knows which refs they tell of."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Sequence
from typing import get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from gitcollab import store
from gitcollab.errors import NotFound
from gitcollab.events import AnyEvent, Contested, Event, Joined, Published, Saved
from gitcollab.model import FileChange, Item
from gitcollab.store import collabs, journal

MAIN, OID, OTHER = "refs/heads/main", "1" * 40, "2" * 40


def joined(collab: str, user: str = "ana") -> Joined:
    return Joined(collab=collab, user=user, session=f"{user}/default")


def contested(collab: str, value: object) -> Contested:
    item = Item(
        id="i", path="a.ipynb", cell="c", field="source", base=value, shared=[value], session={"x": value},
        user="ana", commit=OID, at="2026-01-01T00:00:00Z", branch="sessions/ana/default",
    )  # fmt: skip
    return Contested(collab=collab, user="ana", session="ana/default", commit=OID, items=(item,))


def test_events_get_the_next_numbers_and_a_time(conn: Connection, collab: str) -> None:
    first = journal.append(conn, collab, [joined(collab), joined(collab, "ben")])
    second = journal.append(conn, collab, [joined(collab)])
    assert [1, 2, 3] == [event.n for event in (*first, *second)]
    assert all(event.at.endswith("Z") for event in first)
    assert first + second == journal.since(conn, collab, 0)
    assert 3 == journal.last(conn, collab)


def test_an_event_that_knows_its_time_keeps_it(conn: Connection, collab: str) -> None:
    event = Joined(collab=collab, user="ana", session="ana/default", at="2020-01-01T00:00:00Z")
    (told,) = journal.append(conn, collab, [event])
    assert "2020-01-01T00:00:00Z" == told.at


def test_each_collab_counts_for_itself(conn: Connection, collab: str) -> None:
    other = collabs.add_collab(conn, collabs.new_id(), "Other", "", (), "ben").id
    journal.append(conn, collab, [joined(collab)] * 3)
    assert [1] == [event.n for event in journal.append(conn, other, [joined(other)])]


def test_a_reader_resumes_after_any_number(conn: Connection, collab: str) -> None:
    journal.append(conn, collab, [joined(collab)] * 5)
    assert [3, 4] == [event.n for event in journal.since(conn, collab, 2, limit=2)]
    assert () == journal.since(conn, collab, 5) == journal.since(conn, collab, 10**9)
    assert [4, 5] == [event.n for event in journal.latest(conn, collab, 2)]


def test_a_body_is_the_event_as_the_stream_sends_it(conn: Connection, collab: str) -> None:
    (told,) = journal.append(conn, collab, [joined(collab)])
    ((n, body),) = journal.bodies(conn, collab, 0)
    assert (1, "joined", 1, told.at) == (
        n,
        json.loads(body)["kind"],
        json.loads(body)["n"],
        json.loads(body)["at"],
    )


def test_heads_are_what_the_last_events_left_behind(conn: Connection, collab: str) -> None:
    tag = "refs/tags/" + "ä" * 2000 + "/v1.0.0"
    journal.append(
        conn, collab, [joined(collab)], {MAIN: OID, tag: OID, "refs/heads/sessions/ana/default": OID}
    )
    journal.append(conn, collab, [joined(collab)], {MAIN: OTHER, "refs/heads/sessions/ana/default": None})
    assert {MAIN: OTHER, tag: OID} == journal.heads(conn, collab)


def test_heads_can_change_without_an_event(conn: Connection, collab: str) -> None:
    assert () == journal.append(conn, collab, [], {MAIN: OID})
    assert (0, {MAIN: OID}) == (journal.last(conn, collab), journal.heads(conn, collab))


def test_what_is_rolled_back_leaves_neither_number_nor_head(
    engine: Engine, conn: Connection, collab: str
) -> None:
    conn.commit()
    with engine.connect() as own:
        journal.append(own, collab, [joined(collab)], {MAIN: OID})
        own.rollback()
    with engine.begin() as own:
        assert {} == journal.heads(own, collab)
        assert [1] == [event.n for event in journal.append(own, collab, [joined(collab)])]


def test_an_ended_collab_can_still_be_told_of(conn: Connection, collab: str) -> None:
    collabs.end_collab(conn, collab)
    assert [1] == [event.n for event in journal.append(conn, collab, [joined(collab)])]


@pytest.mark.parametrize("unknown", ["caaaaaaaaa", "", "\ud800"])
def test_an_unknown_collab_is_not_found(conn: Connection, unknown: str) -> None:
    with pytest.raises(NotFound):
        journal.append(conn, "caaaaaaaaa", [joined("caaaaaaaaa")])
    with pytest.raises(NotFound):
        journal.last(conn, unknown)


def nested(depth: int) -> object:
    value: object = "deep"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        "\ud800 lone",
        "nul \0",
        2**70,
        -(2**70),
        10**5000,
        float("nan"),
        float("inf"),
        nested(5000),
        {"\udfff": 1},
    ],
    ids=["surrogate", "nul", "big", "small", "huge", "nan", "infinite", "deep", "key"],
)
def test_a_notebooks_oddest_values_are_told_somehow_and_alike(
    conn: Connection, collab: str, value: object
) -> None:
    """The refs have moved already: an event that could not be written would be lost."""
    (told,) = journal.append(conn, collab, [contested(collab, value)])
    (stored,) = journal.since(conn, collab, 0)
    assert isinstance(stored, Contested)
    assert ("a.ipynb", 1) == (stored.items[0].path, stored.n)
    assert msgspec.json.encode(told) == msgspec.json.encode(stored)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.text(st.characters()))
def test_any_value_and_text_can_be_encoded(value: object, line: str) -> None:
    saved = Saved(
        collab="caaaaaaaaa", user="ana", session="ana/default", commit=OID, parent=OID,
        files=(FileChange(path=line, kind="changed", summary=line),),
    )  # fmt: skip
    for event in (contested("caaaaaaaaa", value), saved):
        tame, body = journal.encoded(event)
        assert body == msgspec.json.encode(tame)
        journal.DECODER.decode(body)


def test_every_kind_of_event_has_its_own_name() -> None:
    kinds = [kind.__struct_config__.tag for kind in get_args(AnyEvent)]
    assert (len(kinds), set(Event.__subclasses__()) - set(get_args(AnyEvent))) == (
        len(set(kinds)),
        {kind for kind in Event.__subclasses__() if kind.__subclasses__()},
    )


def test_a_field_of_a_newer_program_is_passed_over(conn: Connection, collab: str) -> None:
    journal.append(conn, collab, [joined(collab)])
    conn.execute(text("UPDATE events SET body = :body"), {"body": b'{"kind":"joined","collab":"c","user":"ana",'
                                                          b'"session":"ana/default","n":1,"mood":"good"}'})  # fmt: skip
    assert 1 == journal.since(conn, collab, 0)[0].n


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.integers(0, 5), max_size=12), chunk=st.integers(1, 7))
def test_batches_of_any_size_are_numbered_without_gap(engine: Engine, batches: list[int], chunk: int) -> None:
    with engine.begin() as conn:
        store.people.add_person(conn, "ana") if not store.people.people(conn) else None
        collab = collabs.add_collab(conn, collabs.new_id(), "Rain", "", (), "ana").id
    for size in batches:
        with engine.begin() as conn:
            journal.append(conn, collab, [joined(collab)] * size)
    read: list[int] = []
    with engine.connect() as conn:
        while page := journal.since(conn, collab, read[-1] if read else 0, chunk):
            read += [event.n for event in page]
    assert list(range(1, sum(batches) + 1)) == read


def write(url: str, collab: str, writer: int, count: int) -> None:
    """What each process of the next test does: appends, each time with the head that its event tells of."""
    engine = store.engine(url)
    for number in range(count):
        with engine.begin() as conn:
            version = Published(
                collab=collab, user="ana", notebook=str(writer), version=str(number), tag="", commit=OID
            )
            journal.append(
                conn,
                collab,
                [version, joined(collab)],
                {f"refs/heads/sessions/ana/w{writer}": f"{number:040}"},
            )
    engine.dispose()


@pytest.mark.slow
def test_processes_that_append_at_once_leave_no_gap_and_readers_see_them_in_order(
    url: str, engine: Engine, conn: Connection, collab: str
) -> None:
    conn.commit()
    writers, count = 4, 25
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write, args=(url, collab, one, count)) for one in range(writers)]
    for process in processes:
        process.start()
    seen: list[AnyEvent] = []
    done = threading.Event()
    watcher = threading.Thread(target=follow, args=(engine, collab, seen, done))
    watcher.start()
    for process in processes:
        process.join(300)
    done.set()
    watcher.join(120)
    assert [0] * writers == [process.exitcode for process in processes]
    assert list(range(1, 2 * writers * count + 1)) == [event.n for event in seen]
    for writer in range(writers):
        assert [str(number) for number in range(count)] == [
            event.version for event in seen if isinstance(event, Published) and event.notebook == str(writer)
        ]
    with engine.connect() as after:
        assert {f"{count - 1:040}"} == set(journal.heads(after, collab).values())


def follow(engine: Engine, collab: str, seen: list[AnyEvent], done: threading.Event) -> None:
    """Reads on as a stream does: what is once seen must never be followed by a lower number."""
    while True:
        is_last = done.wait(0.005)
        with store.reading(engine).connect() as conn:
            page: Sequence[AnyEvent] = journal.since(conn, collab, seen[-1].n if seen else 0)
        seen.extend(page)
        if is_last and not page:
            return
