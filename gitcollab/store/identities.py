"""Identities: the other names by which one person is known, each to one account."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, select

from gitcollab.errors import BadInput, NotFound
from gitcollab.model import Person
from gitcollab.store import clock, people, rows
from gitcollab.store.schema import IDENTITIES
from gitcollab.store.secret import checked_line

KINDS = ("os", "jupyter", "hub", "oidc", "git")
"""A user of the system, of a Jupyter server, of a hub, of a provider (``issuer subject``); a git author's email."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A name of one kind."""

    kind: str
    name: str


def add_identity(conn: Connection, kind: str, name: str, user: str) -> Identity:
    """Says that ``name`` is this person, once or again. BadInput if it is somebody else already."""
    identity = Identity(kind=_checked(kind), name=_folded(kind, checked_line(name, "name")))
    people.person(conn, user)
    if not identity.name:
        raise BadInput("that cannot be a name", "it is empty")
    row = {"kind": kind, "name": identity.name, "user": user, "at": clock.now()}
    if not rows.add(conn, IDENTITIES, row) and _user_of(conn, kind, identity.name) != user:
        raise BadInput(f"{name!r} is somebody else", "an administrator can see who")
    return identity


def person_of(conn: Connection, kind: str, name: str) -> Person | None:
    """Returns whose name that is; None if nobody's, or the account is suspended."""
    user = _user_of(conn, _checked(kind), _folded(kind, name.strip()))
    try:
        return people.person(conn, user) if user else None
    except NotFound:
        return None


def identities(conn: Connection, user: str) -> tuple[Identity, ...]:
    """Returns a person's other names, by kind."""
    wanted = select(IDENTITIES.c.kind, IDENTITIES.c.name).where(IDENTITIES.c.user == user)
    found = conn.execute(wanted.order_by(IDENTITIES.c.kind, IDENTITIES.c.name))
    return tuple(Identity(kind=row.kind, name=row.name) for row in found)


def remove_identity(conn: Connection, kind: str, name: str, user: str) -> None:
    """Says that ``name`` is not this person any more; NotFound if it was not."""
    ours = (
        IDENTITIES.c.kind == kind,
        IDENTITIES.c.name == _folded(kind, name.strip()),
        IDENTITIES.c.user == user,
    )
    if not conn.execute(delete(IDENTITIES).where(*ours)).rowcount:
        raise NotFound("no such name of this person", "look at the list of their names")


def _user_of(conn: Connection, kind: str, name: str) -> str | None:
    ours = (IDENTITIES.c.kind == kind, IDENTITIES.c.name == name)
    return conn.execute(select(IDENTITIES.c.user).where(*ours)).scalar_one_or_none()


def _checked(kind: str) -> str:
    if kind not in KINDS:
        raise BadInput(f"{kind!r} is no kind of name", f"use {', '.join(KINDS)}")
    return kind


def _folded(kind: str, name: str) -> str:
    return name.casefold() if kind == "git" else name
