"""Beyond a quota it is said clearly, before anything is written, and what helps is always possible."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from anyio.from_thread import start_blocking_portal

from gitcollab import acts, store
from gitcollab.collab import Given, Place
from gitcollab.errors import NoSpace, TooMany
from gitcollab.events import AnyEvent, Saved, Skipped
from gitcollab.flow.charter import Charter
from gitcollab.flow.watch import Pace
from gitcollab.model import Actor, Role, SessionName
from gitcollab.store import collabs, members, people
from gitcollab.store.clock import now
from gitcollab.store.refused import refused
from gitcollab.writer.house import House
from gitcollab.writer.quotas import MIB, Allowance, Quotas, size_of
from gitcollab.writer.watching import Watching

ANA, BEN = Actor(user="ana"), Actor(user="ben")
ID = "cabcdefghi"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Ana's collab in which Ben is an editor, with an open session of each."""
    url = store.file_url(tmp_path / "db.sqlite")
    store.migrate(url)
    engine = store.engine(url)
    (tmp_path / "collabs").mkdir()
    with engine.begin() as conn:
        for name in ("ana", "ben"):
            people.add_person(conn, name)
        collabs.add_collab(conn, ID, "work", "", (), "ana")
        members.set_member(conn, ID, "ben", Role.EDITOR)
    made = House(Given(place=Place(tmp_path), engine=engine, clock=now, tell=lambda _: None))
    collab = made.begin(ID, Charter(title="work"), "ana")
    for actor in (ANA, BEN):
        collab.open_session(acts.OpenSession(actor=actor, collab=ID, name="default"))
    yield made
    engine.dispose()


def save(
    actor: Actor, path: str = "a.txt", data: bytes | None = b"1", *, is_draft: bool = False
) -> acts.Save:
    """A save in a person's own session."""
    session = SessionName(user=actor.user, name="default")
    return acts.Save(actor=actor, collab=ID, session=session, path=path, data=data, is_draft=is_draft)


def test_saves_of_one_person_are_counted_for_a_minute_and_drafts_are_not(house: House) -> None:
    clock = [0.0]
    allowance = Allowance(Quotas(saves_per_minute=3), house.place, house.engine, lambda: clock[0])
    for _ in range(3):
        allowance.check(save(ANA))
    with pytest.raises(TooMany, match="3 saves") as refused:
        allowance.check(save(ANA))
    assert "save again in 60 s" in refused.value.hint
    allowance.check(save(ANA, is_draft=True))
    allowance.check(save(BEN))
    clock[0] = 60.0
    allowance.check(save(ANA))


def test_a_collabs_bytes_count_what_is_saved_meanwhile_and_deleting_goes_on(house: House) -> None:
    allowance = Allowance(Quotas(collab_megabytes=1), house.place, house.engine)
    allowance.check(save(ANA, data=b"x" * (MIB // 2)))
    with pytest.raises(NoSpace, match="1 MiB") as refused:
        allowance.check(save(BEN, data=b"x" * (MIB // 2)))
    assert "purge" in refused.value.hint
    allowance.check(save(BEN, data=None))


def test_a_person_is_counted_by_what_they_own(house: House) -> None:
    allowance = Allowance(Quotas(user_megabytes=1), house.place, house.engine)
    with pytest.raises(NoSpace, match="ana, who owns this collab"):
        allowance.check(save(BEN, data=b"x" * MIB))


def test_no_new_file_beyond_the_number_and_changes_of_the_others_go_on(house: House) -> None:
    allowance = Allowance(Quotas(collab_files=2), house.place, house.engine)  # collab.toml is one
    house.collab(ID).save(save(ANA))
    allowance.check(save(ANA, data=b"2"))
    with pytest.raises(NoSpace, match="2 files"):
        allowance.check(save(ANA, path="b.txt"))


def test_no_new_session_beyond_the_number_and_an_old_one_is_taken_up(house: House) -> None:
    allowance = Allowance(Quotas(collab_sessions=2), house.place, house.engine)
    allowance.check(acts.OpenSession(actor=ANA, collab=ID, name="default"))
    with pytest.raises(NoSpace, match="2 open sessions"):
        allowance.check(acts.OpenSession(actor=ANA, collab=ID, name="other"))


def test_nothing_is_refused_where_nothing_is_said(house: House) -> None:
    allowance = Allowance(Quotas(), house.place, house.engine)
    for _ in range(1000):
        allowance.check(save(ANA, data=b"x" * 1000))


def test_no_new_branch_nor_version_beyond_the_number_and_an_old_session_is_taken_up(house: House) -> None:
    allowance = Allowance(Quotas(collab_refs=3), house.place, house.engine)  # main and two sessions
    with pytest.raises(NoSpace, match="3 branches and versions"):
        allowance.check(acts.Publish(actor=ANA, collab=ID, notebook="a.ipynb"))
    push = acts.Push(actor=ANA, collab=ID, ref="refs/heads/sessions/ana/new", old=None, new="1" * 40)
    with pytest.raises(NoSpace, match="3 branches and versions"):
        allowance.check(push)
    bounded = House(msgspec.structs.replace(house.given, room=allowance)).collab(ID)
    with pytest.raises(NoSpace, match="3 branches and versions"):
        bounded.open_session(acts.OpenSession(actor=ANA, collab=ID, name="new"))
    assert "ana/default" == bounded.open_session(acts.OpenSession(actor=ANA, collab=ID)).session


def test_a_watched_file_beyond_a_quota_is_told_and_taken_in_once_there_is_room(
    house: House, tmp_path: Path
) -> None:
    heard: queue.Queue[AnyEvent] = queue.Queue()
    room = Allowance(Quotas(collab_files=2), house.place, house.engine)  # collab.toml is one
    bounded = House(msgspec.structs.replace(house.given, room=room, tell=heard.put))
    collab, directory = bounded.collab(ID), tmp_path / "ana's"
    directory.mkdir()
    for name in ("a.txt", "b.txt"):
        (directory / name).write_text(name)
    asked = acts.OpenSession(actor=ANA, collab=ID, name="desk", workspace=str(directory), client="test")
    assert "ana/desk" == collab.open_session(asked).session
    beyond = "over quota: This collab has its 2 files"
    assert ("b.txt", beyond) == skipped(heard)
    assert {"b.txt": beyond} == waiting(house)
    assert [("b.txt", beyond)] == [*collab.evening.swept()[0].skipped]
    assert "b.txt" == (directory / "b.txt").read_text()
    with start_blocking_portal() as portal:
        watch = portal.start_task_soon(Watching(bounded, Pace(quiet=0.05, grace=0.05, period=1.0)).run)
        assert ("b.txt", beyond) == skipped(heard)
        (directory / "a.txt").unlink()  # now there is room
        saved(heard, "b.txt")
        watch.cancel()
    assert {} == waiting(house)


def skipped(heard: queue.Queue[AnyEvent]) -> tuple[str, str]:
    """Waits until a file is told to be skipped; which, and why."""
    while not isinstance(event := heard.get(timeout=60), Skipped):
        pass
    return event.path, event.reason


def saved(heard: queue.Queue[AnyEvent], path: str) -> None:
    """Waits until a file is told to be saved."""
    while not (isinstance(event := heard.get(timeout=60), Saved) and path in {f.path for f in event.files}):
        pass


def waiting(house: House) -> dict[str, str]:
    """Ana's files that wait for room, as her session is shown."""
    with house.engine.connect() as conn:
        return refused(conn, ID).get("ana/desk", {})


def test_a_size_is_that_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    (tmp_path / "c").symlink_to("nowhere")
    assert 5 + len("nowhere") == size_of(tmp_path)
