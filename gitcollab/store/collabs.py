"""Collabs: what is shared, what it is called, and who sees it listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, select, update

from gitcollab.errors import BadInput, NotFound
from gitcollab.model import COLLAB_ID, NAME, Role, Summary
from gitcollab.store import aliases, clock, rows, secret
from gitcollab.store.members import (
    AUTHORS,
    lock,
    members,
    owners,
    remove_member,
    role_of,
    roles_of,
    set_member,
)
from gitcollab.store.schema import COLLABS, LEASES, LINKS, MEMBERS, SESSIONS

__all__ = [
    "Collab",
    "add_collab",
    "collab",
    "collabs_of",
    "describe",
    "end_collab",
    "ended",
    "every",
    "find",
    "invitations",
    "members",
    "new_id",
    "owners",
    "public",
    "remove_member",
    "role_of",
    "seen_by",
    "set_member",
    "set_public",
    "summary",
]


class Collab(msgspec.Struct, frozen=True, kw_only=True):
    """A collab as the store knows it, whoever asks."""

    id: str
    alias: str
    title: str
    stem: str
    paths: tuple[str, ...]
    tracker: str
    created_at: str
    is_public: bool = False  # its published versions are for everyone
    needs_approval: bool = False  # that is, those that a second person approved


def new_id() -> str:
    """Returns a random collab id; ``add_collab`` refuses one that was ever given before."""
    return secret.public_id("c")


def add_collab(
    conn: Connection, id: str, title: str, stem: str, paths: tuple[str, ...], owner: str
) -> Summary:
    """Creates a collab and makes ``owner`` its owner.

    ``stem`` empty: that of the first shared notebook, else the title's slug. BadInput if the id was ever used.
    """
    if not COLLAB_ID.fullmatch(id):
        raise BadInput(f"{id!r} cannot be a collab's id", "c and nine of a-z 2-7")
    row = {
        "id": id,
        "title": secret.checked_line(title, "title"),
        "stem": stem or aliases.stem_of(title, paths),
        "paths": msgspec.json.encode(paths).decode(),
        "tracker": "",
        "created_at": clock.now(),
        "last_event": 0,
    }
    if not rows.add(conn, COLLABS, row):
        raise BadInput("that collab id has been used before", "ids are never given twice")
    set_member(conn, id, owner, Role.OWNER)
    return summary(conn, id, owner)


def collab(conn: Connection, id: str) -> Collab:
    """Returns a collab; NotFound if it has ended or never was."""
    row = COLLAB_ID.fullmatch(id) and conn.execute(_living().where(COLLABS.c.id == id)).one_or_none()
    if not row:
        raise NotFound("no such collab", "`gitcollab status` lists yours")
    return _collab(row, _authors(conn, [id])[id])


def every(conn: Connection) -> tuple[Collab, ...]:
    """Returns all collabs that have not ended, oldest first."""
    found = conn.execute(_living()).all()
    authors = _authors(conn, [row.id for row in found])
    return tuple(_collab(row, authors[row.id]) for row in found)


def ended(conn: Connection) -> tuple[str, ...]:
    """Returns the ids of the collabs that have ended."""
    over = select(COLLABS.c.id).where(COLLABS.c.ended_at.is_not(None)).order_by(COLLABS.c.id)
    return tuple(conn.execute(over).scalars())


def collabs_of(conn: Connection, user: str) -> tuple[Summary, ...]:
    """Returns the collabs that a person is in, each with their role, oldest first."""
    if not NAME.fullmatch(user):
        return ()
    found: dict[str, tuple[Row[Any], Role]] = {}
    for row in conn.execute(MINE, {"user": user}):
        role = Role(row.role)
        if row.id not in found or role.rank > found[row.id][1].rank:
            found[row.id] = row, role
    authors = _authors(conn, list(found))
    return tuple(_summary(_collab(row, authors[row.id]), role) for row, role in found.values())


def summary(conn: Connection, id: str, user: str) -> Summary:
    """Returns a collab as one of its members sees it; NotFound for everybody else."""
    role = role_of(conn, id, user)
    if role is None:
        raise NotFound("no such collab", "`gitcollab status` lists yours")
    return seen_by(conn, id, role)


def seen_by(conn: Connection, id: str, role: Role) -> Summary:
    """Returns a collab as somebody sees it who has that role; NotFound if it has ended or never was."""
    return _summary(collab(conn, id), role)


def invitations(conn: Connection, user: str) -> tuple[tuple[Summary, str, str], ...]:
    """Returns the collabs that a person was let into and has not answered: each, who did so, and when."""
    asked = (MEMBERS.c.user == user, MEMBERS.c.invited_by.is_not(None), COLLABS.c.ended_at.is_(None))
    found = conn.execute(
        select(MEMBERS)
        .join(COLLABS, COLLABS.c.id == MEMBERS.c.collab)
        .where(*asked)
        .order_by(MEMBERS.c.since, MEMBERS.c.collab)
    ).all()
    return tuple((seen_by(conn, row.collab, Role(row.role)), row.invited_by, row.since) for row in found)


def find(conn: Connection, text: str, user: str) -> str:
    """Returns the id of the collab that a person means, among those they are in.

    ``text`` is an id, an alias with its authors in any order, or a plain name. Where nothing is exactly that,
    some of the authors suffice, and upper and lower case are one. NotFound if there is none; BadInput, with
    ``data["candidates"]``, if there are several.
    """
    asked, mine = aliases.parse(text), collabs_of(conn, user)
    if asked.id:
        found = [one for one in mine if one.id == asked.id]
    else:
        found = _meant(mine, asked) or _meant(mine, aliases.Reference(stem=aliases.bare(text)))
    if not found:
        raise NotFound("no such collab", "`gitcollab status` lists yours; an id or alias of those is needed")
    if len(found) > 1:
        candidates = [f"{one.id} {one.alias}" for one in found]
        raise BadInput(
            f"{text.strip()!r} may be: {', '.join(candidates)}", "give the id", candidates=candidates
        )
    return found[0].id


def describe(conn: Connection, id: str, *, title: str, tracker: str) -> None:
    """Notes what a collab says of itself: its title, and the address of its task.

    It was written by hand: no title, or what cannot be one line, leaves what was known. Nothing for an unknown collab.
    """
    new = {}
    for name, text, limit in (("title", title, 200), ("tracker", tracker, 2000)):
        with suppress(BadInput):
            new[name] = secret.checked_line(text, name, limit)
    if not new.get("title"):
        new.pop("title", None)
    if new:
        conn.execute(update(COLLABS).where(COLLABS.c.id == id).values(new))


def set_public(conn: Connection, id: str, is_public: bool, *, needs_approval: bool | None = None) -> Collab:
    """Opens a collab's published versions to everyone, or closes them again; nothing else of it is ever public.

    ``needs_approval``: only those that a second person approved; None leaves that as it is.
    """
    lock(conn, id)
    changed = {"is_public": is_public} | (
        {} if needs_approval is None else {"needs_approval": needs_approval}
    )
    conn.execute(update(COLLABS).where(COLLABS.c.id == id).values(changed))
    return collab(conn, id)


def public(conn: Connection, id: str = "") -> tuple[Collab, ...]:
    """Returns the collabs whose published versions are for everyone, oldest first; or that one, if it is of them."""
    wanted = _living().where(COLLABS.c.is_public)
    found = conn.execute(wanted.where(COLLABS.c.id == id) if id else wanted).all()
    authors = _authors(conn, [row.id for row in found])
    return tuple(_collab(row, authors[row.id]) for row in found)


def end_collab(conn: Connection, id: str, at: str = "") -> None:
    """Ends a collab with its links, sessions and leases. Its row, members and events stay, its id is used up."""
    lock(conn, id)
    at = at or clock.now()
    conn.execute(delete(LEASES).where(LEASES.c.collab == id))
    conn.execute(
        update(LINKS).where(LINKS.c.collab == id, LINKS.c.revoked_at.is_(None)).values(revoked_at=at)
    )
    ours = (SESSIONS.c.collab == id, SESSIONS.c.is_open)
    conn.execute(update(SESSIONS).where(*ours).values(is_open=False, closed_at=at))
    conn.execute(update(COLLABS).where(COLLABS.c.id == id).values(ended_at=at))


def _living(*more: Any) -> Any:
    return (
        select(COLLABS, *more)
        .where(COLLABS.c.ended_at.is_(None))
        .order_by(COLLABS.c.created_at, COLLABS.c.id)
    )


def _mine() -> Any:
    theirs = roles_of(bindparam("user"))
    return _living(theirs.c.role).join(theirs, theirs.c.collab == COLLABS.c.id)


MINE = _mine()
"""The query for the collabs of a person, made once: that takes longer than to ask it."""


def _authors(conn: Connection, ids: list[str]) -> dict[str, set[str]]:
    found = defaultdict(set)
    writing = MEMBERS.c.role.in_([role.value for role in AUTHORS])
    for start in range(0, len(ids), 500):  # databases limit the number of values in one statement
        these = MEMBERS.c.collab.in_(ids[start : start + 500])
        for row in conn.execute(select(MEMBERS.c.collab, MEMBERS.c.user).where(these, writing)):
            found[row.collab].add(row.user)
    return found


def _collab(row: Row[Any], authors: set[str]) -> Collab:
    return Collab(
        id=row.id,
        alias=aliases.alias(authors, row.stem),
        title=row.title,
        stem=row.stem,
        paths=msgspec.json.decode(row.paths, type=tuple[str, ...]),
        tracker=row.tracker,
        created_at=row.created_at,
        is_public=row.is_public,
        needs_approval=row.needs_approval,
    )


def _summary(one: Collab, role: Role) -> Summary:
    return Summary(
        id=one.id,
        alias=one.alias,
        title=one.title,
        role=role,
        created_at=one.created_at,
        paths=one.paths,
        tracker=one.tracker,
    )


def _meant(mine: Iterable[Summary], asked: aliases.Reference) -> list[Summary]:
    """Returns the collabs that fit best: the same authors before some of them, the same case before any."""
    fits: list[list[Summary]] = [[], [], [], []]
    for one in mine:
        authors, _, stem = one.alias.partition(":")
        if aliases.folded(stem) != aliases.folded(asked.stem) or not asked.authors <= set(authors.split(",")):
            continue
        is_partial = bool(asked.authors) and asked.authors != set(authors.split(","))
        fits[2 * is_partial + (aliases.bare(stem) != asked.stem)].append(one)
    return next(filter(None, fits), [])
