"""A request that is sent again with its key gets the first one's answer and is done once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, Engine

from gitcollab.errors import BadInput, Moved, Unusable
from gitcollab.store import answers, clock


def test_the_same_request_gets_the_same_answer(conn: Connection) -> None:
    assert None is answers.begin(conn, "ana", "k", b"save")
    answers.keep(conn, "ana", "k", b"\x00saved\xff")
    assert b"\x00saved\xff" == answers.begin(conn, "ana", "k", b"save")


def test_a_key_belongs_to_one_person(conn: Connection) -> None:
    answers.begin(conn, "ana", "k", b"save")
    assert None is answers.begin(conn, "ben", "k", b"save")


def test_a_key_stands_for_one_request(conn: Connection) -> None:
    answers.begin(conn, "ana", "k", b"save")
    for _ in range(2):
        with pytest.raises(Unusable):
            answers.begin(conn, "ana", "k", b"another")
        answers.keep(conn, "ana", "k", b"saved")


def test_what_was_begun_and_not_answered_is_not_begun_again_until_it_is_released(conn: Connection) -> None:
    answers.begin(conn, "ana", "k", b"save")
    with pytest.raises(Moved):
        answers.begin(conn, "ana", "k", b"save")
    answers.release(conn, "ana", "k")
    assert None is answers.begin(conn, "ana", "k", b"save")


def test_an_answer_is_not_released(conn: Connection) -> None:
    answers.begin(conn, "ana", "k", b"save")
    answers.keep(conn, "ana", "k", b"saved")
    answers.release(conn, "ana", "k")
    assert b"saved" == answers.begin(conn, "ana", "k", b"save")


@pytest.mark.parametrize("key", ["", "x" * 201, "\0", "\ud800"])
def test_a_key_has_a_form(conn: Connection, key: str) -> None:
    with pytest.raises(BadInput):
        answers.begin(conn, "ana", key, b"save")


def test_answers_are_forgotten_after_their_time(conn: Connection) -> None:
    answers.begin(conn, "ana", "k", b"save")
    answers.keep(conn, "ana", "k", b"saved")
    assert 0 == answers.forget(conn, answers.oldest())
    assert clock.later(answers.oldest(), answers.LASTS) <= clock.now()
    assert 1 == answers.forget(conn, clock.later(clock.now(), 1))
    assert None is answers.begin(conn, "ana", "k", b"save")


def test_of_many_that_are_sent_at_once_one_begins(engine: Engine, conn: Connection) -> None:
    conn.commit()
    start = threading.Barrier(20, timeout=120)
    outcomes: list[str] = []

    def send() -> None:
        start.wait()
        try:
            with engine.begin() as own:
                outcomes.append("begun" if answers.begin(own, "ana", "k", b"save") is None else "answered")
        except Moved:
            outcomes.append("moved")

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    assert ["begun", *["moved"] * 19] == sorted(outcomes)
