"""A lease says that a document is open somewhere, for a while, over restarts."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from gitcollab import store
from gitcollab.model import SessionName
from gitcollab.store import leases, sessions

ANA = SessionName(user="ana", name="default")
NOON, LATER, EVENING = "2026-01-01T12:00:00Z", "2026-01-01T12:05:00Z", "2026-01-01T18:00:00Z"


@pytest.fixture(autouse=True)
def session(conn: Connection, collab: str) -> None:
    sessions.open_session(conn, collab, "ana", "default")


def held(conn: Connection, collab: str, at: str) -> list[tuple[str, str, str]]:
    return [(str(one.session), one.path, one.client) for one in leases.leases(conn, collab, at)]


def test_a_lease_holds_until_it_expires(conn: Connection, collab: str) -> None:
    leases.add_lease(conn, collab, ANA, "a.ipynb", "tab1", LATER)
    assert [("ana/default", "a.ipynb", "tab1")] == held(conn, collab, NOON)
    assert [] == held(conn, collab, LATER)


def test_saying_so_again_lets_it_hold_longer(conn: Connection, collab: str) -> None:
    for until in (LATER, EVENING):
        leases.add_lease(conn, collab, ANA, "a.ipynb", "tab1", until)
    assert [("ana/default", "a.ipynb", "tab1")] == held(conn, collab, LATER)


def test_two_tabs_hold_one_document_each_for_itself(conn: Connection, collab: str) -> None:
    for tab in ("tab1", "tab2"):
        leases.add_lease(conn, collab, ANA, "a.ipynb", tab, LATER)
    leases.drop_lease(conn, collab, ANA, "a.ipynb", "tab1")
    leases.drop_lease(conn, collab, ANA, "a.ipynb", "tab1")
    assert [("ana/default", "a.ipynb", "tab2")] == held(conn, collab, NOON)


def test_a_path_may_be_as_long_as_a_path_can_be(conn: Connection, collab: str) -> None:
    path = "/".join(f"{number:0255}" for number in range(16))
    leases.add_lease(conn, collab, ANA, path, "tab1", LATER)
    assert [("ana/default", path, "tab1")] == held(conn, collab, NOON)


def test_leases_survive_a_restart_with_a_grace_in_which_clients_come_back(
    conn: Connection, collab: str, url: str
) -> None:
    leases.add_lease(conn, collab, ANA, "a.ipynb", "tab1", NOON)
    leases.add_lease(conn, collab, ANA, "b.ipynb", "tab1", EVENING)
    conn.commit()
    restarted = store.engine(url)
    with restarted.begin() as after:
        leases.extend(after, LATER)
        assert [LATER, EVENING] == [one.expires_at for one in leases.leases(after, collab, NOON)]
    restarted.dispose()


def test_what_has_expired_is_forgotten(conn: Connection, collab: str) -> None:
    leases.add_lease(conn, collab, ANA, "a.ipynb", "tab1", NOON)
    leases.add_lease(conn, collab, ANA, "b.ipynb", "tab1", EVENING)
    assert (1, 0) == (leases.expire(conn, LATER), leases.expire(conn, LATER))
    assert [("ana/default", "b.ipynb", "tab1")] == held(conn, collab, NOON)
