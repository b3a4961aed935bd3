"""Approvals: which published versions a second person has let out to everyone."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from gitcollab.store import clock, rows
from gitcollab.store.members import lock
from gitcollab.store.schema import APPROVALS


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Who let a version out, and when."""

    tag: str
    by: str
    at: str


def approve(conn: Connection, collab: str, tag: str, by: str) -> Approval:
    """Lets a version out; the first approval stands. That ``by`` did not publish it is for the caller to know."""
    lock(conn, collab)
    rows.add(conn, APPROVALS, {"collab": collab, "tag": tag, "by": by, "at": clock.now()})
    return next(one for one in approvals(conn, collab) if one.tag == tag)


def approvals(conn: Connection, collab: str) -> tuple[Approval, ...]:
    """Returns a collab's approved versions by tag."""
    found = conn.execute(select(APPROVALS).where(APPROVALS.c.collab == collab).order_by(APPROVALS.c.tag))
    return tuple(Approval(tag=row.tag, by=row.by, at=row.at) for row in found)
