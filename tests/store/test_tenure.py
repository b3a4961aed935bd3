"""Tenure: one node at a time writes, and nothing is journalled under an old fence."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, Engine, text

from gitcollab import store
from gitcollab.errors import GitcollabError
from gitcollab.events import Removed
from gitcollab.store import collabs, journal, people, tenure
from gitcollab.store.tenure import Lost, Tenure

PATIENT = text("SET LOCAL lock_timeout = '200s'")


def test_who_asks_first_has_it_until_it_runs_out(conn: Connection) -> None:
    first = tenure.take(conn, "a", "http://a", 60)
    assert Tenure(node="a", address="http://a", fence=1) == first
    assert first == tenure.take(conn, "b", "http://b", 60)
    assert tenure.renew(conn, 1, -1)
    assert Tenure(node="b", address="http://b", fence=2) == tenure.take(conn, "b", "http://b", 60)
    assert not tenure.renew(conn, 1, 60)
    assert [(1, "a"), (2, "b")] == [(one.fence, one.node) for one in tenure.record(conn)]


def test_what_is_given_back_waits_for_nobody(conn: Connection) -> None:
    tenure.give_back(conn, tenure.take(conn, "a", "", 60).fence)
    assert 2 == tenure.take(conn, "b", "", 60).fence
    tenure.give_back(conn, 1)
    assert "b" == tenure.take(conn, "c", "", 60).node


def test_a_node_that_begins_again_has_a_new_fence(conn: Connection) -> None:
    assert [1, 2] == [tenure.take(conn, "a", "", 60).fence for _ in range(2)]
    assert not tenure.renew(conn, 1, 60)


@pytest.fixture
def ready(engine: Engine) -> str:
    """The id of a collab that is committed."""
    with engine.begin() as conn:
        people.add_person(conn, "ana")
        return collabs.add_collab(conn, collabs.new_id(), "", "", (), "ana").id


@pytest.fixture
def late(url: str) -> Engine:
    """The engine of a node whose tenure has run out."""
    opened = store.engine(url)
    with opened.begin() as conn:
        fence = tenure.take(conn, "a", "", -1).fence
    return tenure.fenced(opened, fence)


def told(collab: str) -> list[Removed]:
    return [Removed(collab=collab, user="ana")]


def test_nothing_is_journalled_under_an_old_fence(engine: Engine, ready: str, late: Engine) -> None:
    with late.begin() as conn:
        journal.append(conn, ready, told(ready))  # nobody else has taken it
    with engine.begin() as conn:
        new = tenure.take(conn, "b", "", 60).fence
    with pytest.raises(Lost), late.begin() as conn:
        journal.append(conn, ready, told(ready), {"refs/heads/main": "1" * 40})
    with tenure.fenced(late, new).begin() as conn:
        journal.append(conn, ready, told(ready))
        assert [1, 2] == [event.n for event in journal.since(conn, ready, 0)]
        assert [1, 2] == list(conn.execute(text("SELECT fence FROM events ORDER BY n")).scalars())
        assert {} == journal.heads(conn, ready)
    late.dispose()


def test_a_service_alone_has_no_fence(engine: Engine, ready: str) -> None:
    with engine.begin() as conn:
        journal.append(conn, ready, told(ready))
        assert [0] == list(conn.execute(text("SELECT fence FROM events")).scalars())


def test_who_takes_over_waits_for_what_is_just_being_written(
    engine: Engine, ready: str, late: Engine, kind: str
) -> None:
    if kind == "sqlite":
        return  # a database of one service
    taken: list[int] = []

    def take() -> None:
        with engine.begin() as conn:
            conn.execute(PATIENT)
            taken.append(tenure.take(conn, "b", "", 60).fence)
            taken.append(journal.last(conn, ready))

    taking = threading.Thread(target=take)
    with late.begin() as conn:
        journal.append(conn, ready, told(ready))
        with engine.begin() as other:
            assert tenure.renew(other, 1, -1)  # which waits for nobody
        taking.start()
        with engine.connect() as other:
            while not other.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted")).first():
                other.rollback()
        assert [] == taken
    taking.join(60)
    assert [2, 1] == taken
    late.dispose()


def test_who_sleeps_within_a_transaction_holds_nobody_up(
    engine: Engine, ready: str, late: Engine, kind: str
) -> None:
    if kind == "sqlite":
        return  # a database of one service
    asleep = late.connect()
    journal.append(asleep, ready, told(ready))
    with engine.begin() as conn:
        conn.execute(PATIENT)
        assert 2 == tenure.take(conn, "b", "", 60).fence
        assert 0 == journal.last(conn, ready)
    with pytest.raises(GitcollabError):
        asleep.execute(text("SELECT 1"))
    asleep.invalidate()
    asleep.close()
    late.dispose()
