"""What is written together is durable for each who returns, and one's failure is nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from gitcollab import store
from gitcollab.errors import BadInput, Unavailable
from gitcollab.events import Joined
from gitcollab.store import journal, people
from gitcollab.store.together import Together


def all_at_once(shared: Together, tasks: Sequence[Callable[[Connection], Any]]) -> list[object]:
    """Lets every task wait before the first transaction begins; returns what each had, error or answer."""
    gate, begun = threading.Event(), threading.Event()
    outcomes: list[object] = [None] * len(tasks)

    def first(conn: Connection) -> None:
        begun.set()
        assert gate.wait(120)

    def do(number: int) -> None:
        try:
            outcomes[number] = shared.do(tasks[number])
        except Exception as error:
            outcomes[number] = type(error)

    leader = threading.Thread(target=shared.do, args=(first,))
    leader.start()
    assert begun.wait(120)
    threads = [threading.Thread(target=do, args=(number,)) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    while len(shared._waiting) < len(tasks):
        threading.Event().wait(0.001)
    gate.set()
    for thread in (leader, *threads):
        thread.join(120)
    return outcomes


@pytest.fixture
def commits(engine: Engine) -> list[int]:
    """Grows by one with each commit."""
    found: list[int] = []
    event.listen(engine, "commit", lambda _: found.append(1))
    return found


def add(name: str) -> Callable[[Connection], str]:
    return lambda conn: people.add_person(conn, name).name


def names(engine: Engine) -> list[str]:
    with store.reading(engine).connect() as conn:
        return [one.name for one in people.people(conn)]


def test_one_alone_is_done_at_once(engine: Engine) -> None:
    assert "ana" == store.together(engine).do(add("ana"))
    assert ["ana"] == names(engine)


def test_all_who_wait_share_one_commit(engine: Engine, commits: list[int]) -> None:
    wanted = [f"p{number:02}" for number in range(20)]
    assert wanted == all_at_once(store.together(engine), [add(name) for name in wanted])
    assert (wanted, 2) == (names(engine), len(commits))


def test_no_more_than_so_many_share_one(engine: Engine, commits: list[int]) -> None:
    all_at_once(Together(engine, most=5), [add(f"p{number:02}") for number in range(12)])
    assert (12, 1 + 3) == (len(names(engine)), len(commits))


def test_one_that_fails_fails_alone(engine: Engine) -> None:
    tasks = [add("ana"), add("Not A Name"), add("ben"), lambda conn: 1 / 0]
    assert ["ana", BadInput, "ben", ZeroDivisionError] == all_at_once(store.together(engine), tasks)
    assert ["ana", "ben"] == names(engine)


def test_what_a_failing_task_had_done_is_undone(engine: Engine) -> None:
    def half(conn: Connection) -> None:
        people.add_person(conn, "half")
        raise BadInput("no")

    assert [BadInput, "ana"] == all_at_once(store.together(engine), [half, add("ana")])
    assert ["ana"] == names(engine)


def test_a_commit_that_fails_is_told_to_all_and_tried_by_none_again(engine: Engine) -> None:
    done: list[int] = []

    def refuse(_: Connection) -> None:
        if done:
            raise Unavailable("the disk is gone")

    def task(conn: Connection) -> None:
        done.append(1)

    event.listen(engine, "commit", refuse)
    assert [Unavailable] * 3 == all_at_once(store.together(engine), [task] * 3)
    assert 3 == len(done)
    event.remove(engine, "commit", refuse)
    assert "ana" == store.together(engine).do(add("ana"))


def test_an_engine_has_one(engine: Engine, url: str) -> None:
    other = store.engine(url)
    assert store.together(engine) is store.together(engine)
    assert store.together(engine) is not store.together(other)
    other.dispose()


def test_events_of_many_threads_are_numbered_without_gap(
    engine: Engine, conn: Connection, collab: str
) -> None:
    conn.commit()
    told = Joined(collab=collab, user="ana", session="ana/default")

    def write() -> None:
        for _ in range(10):
            store.together(engine).do(lambda own: journal.append(own, collab, [told]))

    threads = [threading.Thread(target=write) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    with engine.connect() as after:
        assert list(range(1, 161)) == [event.n for event in journal.since(after, collab, 0)]
