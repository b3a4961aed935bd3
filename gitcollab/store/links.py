"""Links: invitations that expire, are counted, and can be taken back."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, or_, select, update

from gitcollab import access
from gitcollab.errors import BadInput, NotFound
from gitcollab.model import Link, Role
from gitcollab.store import clock, people, secret
from gitcollab.store.members import lock, role_of, set_member
from gitcollab.store.schema import LINKS, MEMBERS, REMOVALS

LASTS = 7 * 86400  # seconds
LONGEST = 366 * 86400  # seconds


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """What redeeming did: the collab, the person's role now, and whether that is new."""

    collab: str
    role: Role
    link: str
    is_new: bool


def add_link(
    conn: Connection,
    collab: str,
    by: str,
    role: Role = Role.EDITOR,
    lasts: int = LASTS,
    uses: int | None = None,
    is_guest: bool = False,
) -> Link:
    """Creates a link; ``code`` is set in this answer and never again.

    ``lasts`` in seconds; ``uses`` None: any number. ``is_guest``: it opens without an account, to read.
    BadInput for an owner's role, no use or more than a year, and for guests who may more than read.
    """
    lock(conn, collab)
    if is_guest and (role is not Role.VIEWER or uses is not None):
        raise BadInput("guests may read, and are not counted", "make a link for a viewer, for any number")
    if role is Role.OWNER or (uses is not None and not 0 < uses < 2**31) or not 0 < lasts <= LONGEST:
        raise BadInput(
            "such a link cannot be made", "no owner's role; at least one use; one second to a year"
        )
    at = clock.now()
    link = Link(
        id=secret.public_id("l"),
        role=role,
        expires_at=clock.later(at, lasts),
        uses_left=uses,
        created_by=by,
        created_at=at,
        is_guest=is_guest,
        code=secret.new(secret.LINK),
    )
    row = {
        "id": link.id,
        "collab": collab,
        "hash": secret.hashed(link.code),
        "role": role.value,
        "uses_left": uses,
    }
    dates = {"created_by": by, "created_at": at, "expires_at": link.expires_at, "is_guest": is_guest}
    conn.execute(insert(LINKS).values(row | dates))
    return link


def links(conn: Connection, collab: str, at: str = "") -> tuple[Link, ...]:
    """Returns the links that work ``at`` (default: now), oldest first, without their codes."""
    ours = select(LINKS).where(LINKS.c.collab == collab, *_working(at or clock.now()))
    return tuple(_link(row) for row in conn.execute(ours.order_by(LINKS.c.created_at, LINKS.c.id)))


def preview(conn: Connection, code: str, at: str = "") -> tuple[str, Link]:
    """Returns the collab and the link that a code opens, using nothing up; NotFound as in ``redeem``."""
    row = conn.execute(
        select(LINKS).where(LINKS.c.hash == secret.hashed(code), *_working(at or clock.now()))
    ).one_or_none()
    if row is None or not _may_still_invite(conn, row):
        raise _no_such_link()
    return row.collab, _link(row)


def guest_of(conn: Connection, link: str, at: str = "") -> str | None:
    """Returns the collab that a guest may read who came by the link of that id; None if it works no more."""
    wanted = select(LINKS).where(LINKS.c.id == link, LINKS.c.is_guest, *_working(at or clock.now()))
    row = conn.execute(wanted).one_or_none()
    return row.collab if row is not None and _may_still_invite(conn, row) else None


def redeem(conn: Connection, code: str, user: str, at: str = "") -> Redeemed:
    """Makes the person a member, using the link once; exactly as many succeed as it has uses, whoever races.

    A member whose role is as high keeps it and uses nothing up. A link changes nothing for a person about whom an
    owner has decided since it was made. NotFound alike for links that are unknown, expired, used up, revoked, of
    an ended collab, made by somebody who may no longer invite, or older than the person's removal.
    """
    at = at or clock.now()
    people.person(conn, user)
    collab, _ = preview(conn, code, at)
    lock(conn, collab)  # from here on nobody else changes this collab's access; look again
    collab, link = preview(conn, code, at)
    old = role_of(conn, collab, user)
    if old is not None and (old.rank >= link.role.rank or not _is_newer(conn, link, collab, user)):
        return Redeemed(collab=collab, role=old, link=link.id, is_new=False)
    if not _is_newer(conn, link, collab, user):
        raise _no_such_link()
    conn.execute(
        update(LINKS)
        .where(LINKS.c.id == link.id, LINKS.c.uses_left.is_not(None))
        .values(uses_left=LINKS.c.uses_left - 1)
    )
    set_member(conn, collab, user, link.role, at)
    return Redeemed(collab=collab, role=link.role, link=link.id, is_new=True)


def revoke_link(conn: Connection, collab: str, link: str, at: str = "") -> Link:
    """Ends a link at once and returns it; NotFound if the collab has no such link that works."""
    at = at or clock.now()
    ours = (LINKS.c.id == link, LINKS.c.collab == collab, *_working(at))
    row = conn.execute(select(LINKS).where(*ours).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("no such link", "it may have expired, been used up or been revoked")
    conn.execute(update(LINKS).where(LINKS.c.id == link).values(revoked_at=at))
    return _link(row)


def _working(at: str) -> tuple[Any, ...]:
    return (
        LINKS.c.revoked_at.is_(None),
        LINKS.c.expires_at > at,
        or_(LINKS.c.uses_left.is_(None), LINKS.c.uses_left > 0),
    )


def _may_still_invite(conn: Connection, row: Row[Any]) -> bool:
    role = role_of(conn, row.collab, row.created_by)
    return role is not None and access.may_invite(role)


def _is_newer(conn: Connection, link: Link, collab: str, user: str) -> bool:
    """Whether the link was made after the last decision on this person. In the same second: no."""
    removed = select(REMOVALS.c.at).where(REMOVALS.c.collab == collab, REMOVALS.c.user == user)
    decided = select(MEMBERS.c.decided_at).where(MEMBERS.c.collab == collab, MEMBERS.c.user == user)
    times = conn.execute(removed.union_all(decided)).scalars()
    return all(link.created_at > time for time in times)


def _no_such_link() -> NotFound:
    return NotFound("no such link", "it may have expired, been used up or been revoked; ask for a new one")


def _link(row: Row[Any]) -> Link:
    return Link(
        id=row.id,
        role=Role(row.role),
        expires_at=row.expires_at,
        uses_left=row.uses_left,
        created_by=row.created_by,
        created_at=row.created_at,
        is_guest=row.is_guest,
    )
