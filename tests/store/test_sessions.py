"""Sessions are remembered with where they come from, over closing and opening again."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from gitcollab.errors import BadInput, NotFound
from gitcollab.model import SessionName
from gitcollab.store import collabs, leases, sessions

EARLY, LATER, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"


def test_a_session_is_open_until_it_is_closed(conn: Connection, collab: str) -> None:
    opened = sessions.open_session(conn, collab, "ana", "default", "/w", "laptop", EARLY)
    assert (True, EARLY, None, "/w", "laptop", "sessions/ana/default") == (
        opened.is_open,
        opened.opened_at,
        opened.closed_at,
        opened.workspace,
        opened.client,
        opened.session.branch,
    )
    closed = sessions.close_session(conn, collab, "ana", "default", LATER)
    assert (False, LATER) == (closed.is_open, closed.closed_at)
    assert closed == sessions.close_session(conn, collab, "ana", "default", LATE)


def test_a_closed_session_is_taken_up_again_from_elsewhere(conn: Connection, collab: str) -> None:
    sessions.open_session(conn, collab, "ana", "default", "/w", "laptop", EARLY)
    sessions.close_session(conn, collab, "ana", "default", LATER)
    again = sessions.open_session(conn, collab, "ana", "default", None, "office", LATE)
    assert (True, LATE, None, None, "office") == (
        again.is_open,
        again.opened_at,
        again.closed_at,
        again.workspace,
        again.client,
    )
    assert (again,) == sessions.sessions(conn, collab)


def test_sessions_are_listed_by_user_and_name_with_the_closed_ones(conn: Connection, collab: str) -> None:
    for user, name in (("ben", "default"), ("ana", "lab"), ("ana", "default")):
        sessions.open_session(conn, collab, user, name)
    sessions.close_session(conn, collab, "ana", "default")
    assert [("ana/default", False), ("ana/lab", True), ("ben/default", True)] == [
        (str(one.session), one.is_open) for one in sessions.sessions(conn, collab)
    ]


def test_the_daemon_watches_open_sessions_that_have_a_workspace(conn: Connection, collab: str) -> None:
    other = collabs.add_collab(conn, collabs.new_id(), "Other", "", (), "ben").id
    sessions.open_session(conn, collab, "ana", "default", "/w/ana")
    sessions.open_session(conn, collab, "ana", "closed", "/w/closed")
    sessions.open_session(conn, collab, "ben", "remote")
    sessions.open_session(conn, other, "ben", "default", "/w/ben")
    sessions.close_session(conn, collab, "ana", "closed")
    assert {"/w/ana", "/w/ben"} == {one.workspace for one in sessions.watched(conn)}
    collabs.end_collab(conn, other)
    assert ["/w/ana"] == [one.workspace for one in sessions.watched(conn)]


@pytest.mark.parametrize("name", ["", "a/b", "A", "..", "x.lock"])
def test_a_name_that_no_branch_could_hold_is_bad_input(conn: Connection, collab: str, name: str) -> None:
    with pytest.raises(BadInput):
        sessions.open_session(conn, collab, "ana", name)


def test_what_is_not_there_is_not_found(conn: Connection, collab: str) -> None:
    for ask in (sessions.session, sessions.close_session):
        with pytest.raises(NotFound):
            ask(conn, collab, "ana", "default")


def test_closing_a_session_ends_its_leases_alone(conn: Connection, collab: str) -> None:
    for name in ("default", "lab"):
        sessions.open_session(conn, collab, "ana", name)
        leases.add_lease(
            conn, collab, SessionName(user="ana", name=name), "a.ipynb", "tab", "2999-01-01T00:00:00Z"
        )
    sessions.close_session(conn, collab, "ana", "default")
    assert ["lab"] == [one.name for one in leases.leases(conn, collab)]
