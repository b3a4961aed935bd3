"""Leases: which documents are open in an editor, so that nothing is written under it. They survive restarts."""

from __future__ import annotations

import hashlib

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from gitcollab.model import SessionName
from gitcollab.store import clock
from gitcollab.store.schema import LEASES


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A document that one client has open, until ``expires_at`` unless it says so again."""

    collab: str
    user: str
    name: str
    path: str
    client: str
    expires_at: str

    @property
    def session(self) -> SessionName:
        """The session it is open in."""
        return SessionName(user=self.user, name=self.name)


def add_lease(
    conn: Connection, collab: str, session: SessionName, path: str, client: str, expires_at: str
) -> Lease:
    """Notes that a client has the document open, or still has it; the session must exist."""
    lease = Lease(
        collab=collab, user=session.user, name=session.name, path=path, client=client, expires_at=expires_at
    )
    key = _key(collab, session, path, client)
    if not conn.execute(update(LEASES).where(LEASES.c.key == key).values(expires_at=expires_at)).rowcount:
        conn.execute(insert(LEASES).values(key=key, **msgspec.structs.asdict(lease)))
    return lease


def drop_lease(conn: Connection, collab: str, session: SessionName, path: str, client: str) -> None:
    """Notes that a client has closed the document; without a lease nothing changes."""
    conn.execute(delete(LEASES).where(LEASES.c.key == _key(collab, session, path, client)))


def leases(conn: Connection, collab: str, at: str = "") -> tuple[Lease, ...]:
    """Returns a collab's leases that hold ``at`` (default: now)."""
    columns = [column for column in LEASES.c if column.name != "key"]
    ours = select(*columns).where(LEASES.c.collab == collab, LEASES.c.expires_at > (at or clock.now()))
    rows = conn.execute(ours.order_by(LEASES.c.user, LEASES.c.name, LEASES.c.path, LEASES.c.client))
    return tuple(Lease(**row._mapping) for row in rows)


def extend(conn: Connection, until: str) -> None:
    """Lets every lease hold at least ``until``: the grace after a start, when no client could say that it goes on."""
    conn.execute(update(LEASES).where(LEASES.c.expires_at < until).values(expires_at=until))


def expire(conn: Connection, at: str = "") -> int:
    """Forgets the leases that no longer hold ``at`` (default: now); returns how many."""
    return conn.execute(delete(LEASES).where(LEASES.c.expires_at <= (at or clock.now()))).rowcount


def _key(collab: str, session: SessionName, path: str, client: str) -> str:
    return hashlib.sha256(msgspec.json.encode([collab, str(session), path, client])).hexdigest()
