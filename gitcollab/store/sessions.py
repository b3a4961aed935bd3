"""Sessions: which lines of work there are, and from where. Their commits are in git."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, insert, select, update

from gitcollab.errors import NotFound
from gitcollab.model import SessionName, checked_name
from gitcollab.store import clock
from gitcollab.store.schema import COLLABS, LEASES, SESSIONS


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A session as the store knows it. ``workspace`` is the directory that the daemon watches, if it does."""

    collab: str
    user: str
    name: str
    workspace: str | None
    client: str
    is_open: bool
    opened_at: str
    closed_at: str | None

    @property
    def session(self) -> SessionName:
        """Its name as the rest of the program speaks of it."""
        return SessionName(user=self.user, name=self.name)


def open_session(
    conn: Connection,
    collab: str,
    user: str,
    name: str,
    workspace: str | None = None,
    client: str = "",
    at: str = "",
) -> Registered:
    """Opens a session, or takes up again one that was closed or is open, from this workspace and client now."""
    checked_name(name, "session")
    row = {"workspace": workspace, "client": client, "is_open": True, "opened_at": at or clock.now()}
    done = conn.execute(update(SESSIONS).where(*_is(collab, user, name)).values(**row, closed_at=None))
    if not done.rowcount:
        conn.execute(insert(SESSIONS).values(collab=collab, user=user, name=name, **row))
    return session(conn, collab, user, name)


def close_session(conn: Connection, collab: str, user: str, name: str, at: str = "") -> Registered:
    """Closes a session, and with it its leases; NotFound if there is none. Closing twice changes nothing."""
    still = (*_is(collab, user, name), SESSIONS.c.is_open)
    conn.execute(update(SESSIONS).where(*still).values(is_open=False, closed_at=at or clock.now()))
    conn.execute(
        delete(LEASES).where(LEASES.c.collab == collab, LEASES.c.user == user, LEASES.c.name == name)
    )
    return session(conn, collab, user, name)


def session(conn: Connection, collab: str, user: str, name: str) -> Registered:
    """Returns one session; NotFound if there is none."""
    row = conn.execute(ONE, {"in": collab, "of": user, "called": name}).one_or_none()
    if row is None:
        raise NotFound("no such session", "a session is written USER/NAME")
    return _registered(row)


def sessions(conn: Connection, collab: str) -> tuple[Registered, ...]:
    """Returns a collab's sessions, closed ones included, by user and name."""
    return tuple(_registered(row) for row in conn.execute(OURS, {"in": collab}))


def watched(conn: Connection) -> tuple[Registered, ...]:
    """Returns every open session whose workspace the daemon watches, of all collabs that have not ended."""
    rows = conn.execute(
        select(SESSIONS)
        .join(COLLABS, COLLABS.c.id == SESSIONS.c.collab)
        .where(SESSIONS.c.is_open, SESSIONS.c.workspace.is_not(None), COLLABS.c.ended_at.is_(None))
        .order_by(SESSIONS.c.collab, SESSIONS.c.user, SESSIONS.c.name)
    )
    return tuple(_registered(row) for row in rows)


Key = str | BindParameter[str]


def _is(collab: Key, user: Key, name: Key) -> tuple[Any, Any, Any]:
    return SESSIONS.c.collab == collab, SESSIONS.c.user == user, SESSIONS.c.name == name


def _registered(row: Row[Any]) -> Registered:
    return Registered(**row._mapping)


ONE = select(SESSIONS).where(*_is(bindparam("in"), bindparam("of"), bindparam("called")))
OURS = select(SESSIONS).where(SESSIONS.c.collab == bindparam("in")).order_by(SESSIONS.c.user, SESSIONS.c.name)
"""Made once, as ``members.ROLES`` is: they are asked with every save."""
