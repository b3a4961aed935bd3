"""Who takes part and the event that tells so are one transaction; and many may ask at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitcollab import acts, store
from gitcollab.collab import Given, Place
from gitcollab.events import AnyEvent, Linked, Membership
from gitcollab.flow.charter import Charter
from gitcollab.model import Actor, Role
from gitcollab.store import collabs, journal, members, people
from gitcollab.store.clock import now
from gitcollab.writer.answers import answer
from gitcollab.writer.house import House
from gitcollab.writer.serving import THREADS

ANA = Actor(user="ana")
ID = "cabcdefghi"


@pytest.fixture
def told() -> list[AnyEvent]:
    return []


@pytest.fixture
def house(tmp_path: Path, told: list[AnyEvent]) -> Iterator[House]:
    """Ana's collab, and Ben who has an account."""
    url = store.file_url(tmp_path / "db.sqlite")
    store.migrate(url)
    engine = store.engine(url)
    (tmp_path / "collabs").mkdir()
    with engine.begin() as conn:
        for name in ("ana", "ben"):
            people.add_person(conn, name)
        collabs.add_collab(conn, ID, "work", "", (), "ana")
    made = House(Given(place=Place(tmp_path), engine=engine, clock=now, tell=told.append))
    made.begin(ID, Charter(title="work"), "ana")
    yield made
    engine.dispose()


def test_a_member_and_the_event_that_tells_of_them_come_together(house: House, told: list[AnyEvent]) -> None:
    answer(acts.SetMember(actor=ANA, collab=ID, user="ben", role=Role.VIEWER), house)
    answer(acts.CreateLink(actor=ANA, collab=ID), house)
    answer(acts.RemoveMember(actor=ANA, collab=ID, user="ben"), house)
    assert [Membership, Linked, Membership] == list(map(type, told))
    with house.engine.connect() as conn:
        assert tuple(told) == journal.since(conn, ID, 0)


def test_what_cannot_be_journalled_is_not_done(
    house: House, told: list[AnyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise OSError("the journal cannot be written")

    with monkeypatch.context() as broken:
        broken.setattr(journal, "append", fails)
        with pytest.raises(OSError, match="journal"):
            answer(acts.SetMember(actor=ANA, collab=ID, user="ben", role=Role.EDITOR), house)
    with house.engine.connect() as conn:
        assert None is members.role_of(conn, ID, "ben")
        assert 0 == journal.last(conn, ID)
    assert [] == told


def test_as_many_as_the_writer_has_threads_read_and_write_at_once(house: House) -> None:
    failed: list[Exception] = []
    ready = threading.Barrier(THREADS)

    def ask(writes: bool) -> None:
        ready.wait(60)
        try:
            for _ in range(4):
                house.check(acts.CreateLink(actor=ANA, collab=ID))
            if writes:
                with house.engine.begin() as conn:
                    conn.exec_driver_sql("UPDATE people SET display = 'Ana' WHERE name = 'ana'")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=ask, args=(number % 8 == 0,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [] == failed
