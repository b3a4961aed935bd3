"""Members: who takes part in a collab, and as what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from gitcollab.errors import NotFound, Unusable
from gitcollab.model import COLLAB_ID, NAME, Member, Role
from gitcollab.store import clock, people
from gitcollab.store.schema import COLLABS, GRANTS, IN_GROUP, LINKS, MEMBERS, PEOPLE, REMOVALS

AUTHORS = (Role.OWNER, Role.MAINTAINER, Role.EDITOR)


def role_of(conn: Connection, collab: str, user: str) -> Role | None:
    """Returns a person's role: their own, or a group's where that is higher.

    None if they have none or are suspended, or the collab has ended or never was.
    """
    if not (COLLAB_ID.fullmatch(collab) and NAME.fullmatch(user)):
        return None
    found = conn.execute(ROLES, {"user": user, "collab": collab}).scalars()
    return max(map(Role, found), key=lambda role: role.rank, default=None)


def roles_of(user: str | BindParameter[str]) -> Subquery:
    """Returns the query for a person's roles, as ``collab`` and ``role``: one row for each way they have one."""
    own = select(MEMBERS.c.collab, MEMBERS.c.role, MEMBERS.c.user)
    by_group = select(GRANTS.c.collab, GRANTS.c.role, IN_GROUP.c.user).join(
        IN_GROUP, IN_GROUP.c.group == GRANTS.c.group
    )
    every = own.where(MEMBERS.c.user == user).union_all(by_group.where(IN_GROUP.c.user == user)).subquery()
    is_active = (PEOPLE.c.name == every.c.user) & PEOPLE.c.suspended_at.is_(None)
    return select(every.c.collab, every.c.role).join(PEOPLE, is_active).subquery()


def _roles_in() -> Select[Any]:
    """The query for the roles of a person in a collab that has not ended."""
    theirs = roles_of(bindparam("user"))
    living = (theirs.c.collab == bindparam("collab"), COLLABS.c.ended_at.is_(None))
    return select(theirs.c.role).join(COLLABS, COLLABS.c.id == theirs.c.collab).where(*living)


ROLES = _roles_in()
"""Made once: it is asked with every request, and making it takes six times as long as asking."""


def members(conn: Connection, collab: str) -> tuple[Member, ...]:
    """Returns who is in a collab by name (see ``groups.grants`` for groups), the highest role first."""
    rows = conn.execute(
        select(MEMBERS, PEOPLE.c.display)
        .join(PEOPLE, PEOPLE.c.name == MEMBERS.c.user)
        .where(MEMBERS.c.collab == collab)
        .order_by(MEMBERS.c.user)
    )
    found = (
        Member(
            user=row.user,
            display=row.display,
            role=Role(row.role),
            since=row.since,
            invited_by=row.invited_by or "",
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda member: -member.role.rank))


def owners(conn: Connection, collab: str) -> int:
    """Returns how many owners a collab has."""
    return conn.execute(
        select(func.count()).where(MEMBERS.c.collab == collab, MEMBERS.c.role == Role.OWNER.value)
    ).scalar_one()


def set_member(conn: Connection, collab: str, user: str, role: Role, at: str = "", by: str = "") -> Member:
    """Gives a person a role, new or changed. NotFound for an unknown person or collab.

    ``by`` is who decides so; a new member whom somebody else has let in is asked whether they want to be.
    Unusable if the collab would be left without an owner.
    """
    lock(conn, collab)
    shown, at = people.person(conn, user), at or clock.now()
    old = _own_role(conn, collab, user)
    if old is None:
        row = {"collab": collab, "user": user, "role": role.value, "since": at, "decided_at": at}
        conn.execute(insert(MEMBERS).values(row | {"invited_by": None if by in {"", user} else by}))
    elif old is not role:
        _keep_an_owner(conn, collab, old, role)
        conn.execute(update(MEMBERS).where(*_is(collab, user)).values(role=role.value, decided_at=at))
    found = conn.execute(select(MEMBERS).where(*_is(collab, user))).one()
    return Member(
        user=user, display=shown.display, role=role, since=found.since, invited_by=found.invited_by or ""
    )


def accept(conn: Connection, collab: str, user: str) -> bool:
    """Says that a person wants to take part; tells whether they had been asked. Declining is ``remove_member``."""
    asked = (*_is(collab, user), MEMBERS.c.invited_by.is_not(None))
    return bool(conn.execute(update(MEMBERS).where(*asked).values(invited_by=None)).rowcount)


def hand_over(conn: Connection, collab: str, owner: str, user: str) -> Member:
    """Makes ``user`` an owner in the place of ``owner``, who becomes a maintainer. NotFound for an unknown person."""
    new = set_member(conn, collab, user, Role.OWNER, by=owner)
    if owner != user:
        set_member(conn, collab, owner, Role.MAINTAINER, by=owner)
    return new


def remove_member(conn: Connection, collab: str, user: str, by: str = "", at: str = "") -> None:
    """Ends a person's membership; links they made end too. ``by`` is who removes them, empty: they leave.

    Who is removed by somebody else does not come back by a link that is older than that.
    NotFound if they are no member, Unusable if they are the last owner.
    """
    lock(conn, collab)
    old, at = _own_role(conn, collab, user), at or clock.now()
    if old is None:
        raise NotFound("no such member", "`gitcollab members` lists them")
    _keep_an_owner(conn, collab, old, None)
    conn.execute(delete(MEMBERS).where(*_is(collab, user)))
    made = (LINKS.c.collab == collab, LINKS.c.created_by == user, LINKS.c.revoked_at.is_(None))
    conn.execute(update(LINKS).where(*made).values(revoked_at=at))
    if by not in {"", user}:
        conn.execute(delete(REMOVALS).where(REMOVALS.c.collab == collab, REMOVALS.c.user == user))
        conn.execute(insert(REMOVALS).values(collab=collab, user=user, at=at, by=by))


def lock(conn: Connection, collab: str) -> None:
    """Makes transactions on one collab's access take turns, until this one ends; NotFound if it has ended."""
    living = (COLLABS.c.id == collab, COLLABS.c.ended_at.is_(None))
    found = (
        COLLAB_ID.fullmatch(collab)
        and conn.execute(select(COLLABS.c.id).where(*living).with_for_update()).first()
    )
    if not found:
        raise NotFound("no such collab", "`gitcollab status` lists yours")


def _keep_an_owner(conn: Connection, collab: str, old: Role, new: Role | None) -> None:
    if old is Role.OWNER and new is not Role.OWNER and owners(conn, collab) == 1:
        raise Unusable(
            "a collab needs an owner, and this is the last one",
            "make somebody else owner first, or end the collab",
        )


def _own_role(conn: Connection, collab: str, user: str) -> Role | None:
    found = conn.execute(select(MEMBERS.c.role).where(*_is(collab, user))).scalar_one_or_none()
    return None if found is None else Role(found)


def _is(collab: str, user: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return MEMBERS.c.collab == collab, MEMBERS.c.user == user
