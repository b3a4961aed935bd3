"""A request that is sent again with its key gets the first one's answer and is done once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, Engine

from gitcollab.errors import BadInput, Moved, Unusable
from gitcollab.store import answers, clock, people


def test_the_same_request_gets_the_same_answer(conn: Connection) -> None:
    assert None is answers.answered(conn, "ana", "k", b"save")
    answers.keep(conn, "ana", "k", b"save", b"\x00saved\xff")
    assert b"\x00saved\xff" == answers.answered(conn, "ana", "k", b"save")


def test_a_key_belongs_to_one_person(conn: Connection) -> None:
    answers.keep(conn, "ana", "k", b"save", b"saved")
    assert None is answers.answered(conn, "ben", "k", b"save")


def test_a_key_stands_for_one_request(conn: Connection) -> None:
    answers.keep(conn, "ana", "k", b"save", b"saved")
    with pytest.raises(Unusable):
        answers.answered(conn, "ana", "k", b"another")


@pytest.mark.parametrize("key", ["", "x" * 201, "\0", "\ud800"])
def test_a_key_has_a_form(conn: Connection, key: str) -> None:
    with pytest.raises(BadInput):
        answers.answered(conn, "ana", key, b"save")
    with pytest.raises(BadInput):
        answers.keep(conn, "ana", key, b"save", b"saved")


def test_answers_are_forgotten_after_their_time(conn: Connection) -> None:
    answers.keep(conn, "ana", "k", b"save", b"saved")
    assert 0 == answers.forget(conn, clock.now())
    assert 1 == answers.forget(conn, clock.later(clock.now(), 1))
    assert None is answers.answered(conn, "ana", "k", b"save")


def test_of_many_that_are_sent_at_once_one_is_done(engine: Engine, conn: Connection) -> None:
    conn.commit()
    start = threading.Barrier(20, timeout=60)
    outcomes: list[str] = []

    def send(number: int) -> None:
        start.wait()
        try:
            with engine.begin() as own:
                if answers.answered(own, "ana", "k", b"save") is None:
                    people.add_person(own, f"made{number}")  # the act itself
                    answers.keep(own, "ana", "k", b"save", str(number).encode())
                    outcomes.append("done")
        except Moved:
            outcomes.append("moved")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with engine.connect() as after:
        made = [one.name for one in people.people(after) if one.name.startswith("made")]
        assert [f"made{answers.answered(after, 'ana', 'k', b'save').decode()}"] == made
