"""Threads of one process take turns to write, and whatever ends a transaction ends the turn."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text

from gitcollab import store
from gitcollab.errors import Unavailable
from gitcollab.store import engines, people

pytestmark = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


def leave_by_commit(engine: Engine) -> None:
    with engine.connect() as conn:
        people.add_person(conn, "ana")
        conn.commit()


def leave_by_rollback(engine: Engine) -> None:
    with engine.connect() as conn:
        people.add_person(conn, "ana")
        conn.rollback()


def leave_by_closing(engine: Engine) -> None:
    conn = engine.connect()
    people.add_person(conn, "ana")
    conn.close()


def leave_by_an_error(engine: Engine) -> None:
    with pytest.raises(RuntimeError), engine.begin():
        raise RuntimeError


def leave_by_a_wrong_statement(engine: Engine) -> None:
    with engine.connect() as conn, pytest.raises(Exception, match="syntax"):
        conn.execute(text("SELEKT"))


def leave_by_breaking_the_connection(engine: Engine) -> None:
    with engine.connect() as conn:
        people.add_person(conn, "ana")
        conn.invalidate()


def leave_by_disposing(engine: Engine) -> None:
    with engine.connect() as conn:
        people.add_person(conn, "ana")
        conn.commit()
    engine.dispose()


@pytest.mark.parametrize(
    "leave",
    [
        leave_by_commit,
        leave_by_rollback,
        leave_by_closing,
        leave_by_an_error,
        leave_by_a_wrong_statement,
        leave_by_breaking_the_connection,
        leave_by_disposing,
    ],
)
def test_the_turn_ends_with_the_transaction(
    engine: Engine, leave: Callable[[Engine], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(engine)
    monkeypatch.setattr(engines, "WAIT", 0.5)
    with engine.begin() as conn:
        people.add_person(conn, "ben")


def test_a_turn_that_could_not_be_used_is_given_back(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds SQLite's own lock: here an engine whose connections do not stand in line."""
    monkeypatch.setattr(engines, "WAIT", 0.05)
    impatient, stranger = store.engine(url), engines.create_engine(url)
    with stranger.connect() as holding:
        holding.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable), impatient.begin():
            pass
        holding.exec_driver_sql("ROLLBACK")
    stranger.dispose()
    with engine.begin() as conn:
        people.add_person(conn, "ana")
    impatient.dispose()


def test_a_turn_that_does_not_come_is_unavailable(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "WAIT", 0.05)
    with engine.begin(), pytest.raises(Unavailable), engine.begin():
        pass


def test_who_only_reads_takes_no_turn(
    engine: Engine, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "WAIT", 0.05)
    with store.reading(engine).connect() as reading:
        assert () == people.people(reading)


def test_many_threads_get_their_turn_while_others_write_without_pause(engine: Engine) -> None:
    stop, waited = threading.Event(), threading.Semaphore(0)

    def write_on(name: str) -> None:
        with engine.begin() as conn:
            people.add_person(conn, name)
        while not stop.is_set():
            with engine.begin() as conn:
                people.set_display(conn, name, name)
            waited.release()

    threads = [threading.Thread(target=write_on, args=(f"busy{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for number in range(5):
        with engine.begin() as conn:
            people.add_person(conn, f"guest{number}")
    assert waited.acquire(timeout=120)
    stop.set()
    for thread in threads:
        thread.join(120)
    with engine.connect() as conn:
        assert 13 == len(people.people(conn))
