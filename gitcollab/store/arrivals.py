"""Arrivals: people whom a hub or a sign-in provider vouches for, and the accounts that are theirs here."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection

from gitcollab.errors import BadInput, Forbidden, NotFound
from gitcollab.model import NAME, Person
from gitcollab.store import groups, identities, people
from gitcollab.store.secret import checked_line


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as a provider tells of them.

    ``kind`` and ``name`` are the identity that is believed, ``wanted`` is what they would like to be called here,
    ``groups`` is None if the provider says nothing of groups; they then belong to ``source``.
    """

    kind: str
    name: str
    wanted: str
    display: str = ""
    source: str = ""
    groups: tuple[str, ...] | None = None


def arrive(conn: Connection, who: Arrival) -> Person:
    """Returns the account of somebody who arrives, made at the first time; their groups become what the source says.

    Forbidden if the account is suspended, or the name they want is somebody's already: whoever runs the server then
    says whether that is the same person (``gitcollab user alias``).
    """
    person = identities.person_of(conn, who.kind, who.name) or _new(conn, who)
    if who.groups is not None:
        groups.follow(conn, person.name, _usable(who.groups), who.source)
    return person


def _new(conn: Connection, who: Arrival) -> Person:
    name = account_name(who.wanted)
    try:
        person = people.add_person(conn, name, _line(who.display))
        identities.add_identity(conn, who.kind, who.name, name)
    except (BadInput, NotFound) as error:
        raise Forbidden(
            f"{name!r} is somebody's account here, or was",
            f"if it is yours, have an administrator say so: gitcollab user alias {name} {who.kind} {who.name!r}",
        ) from error
    return person


def account_name(wanted: str) -> str:
    """Returns the account's name that is nearest to the wanted one: of an address what is before ``@``."""
    folded = re.sub(r"[^a-z0-9._-]+", "-", wanted.partition("@")[0].casefold())
    name = re.sub(r"\.{2,}", ".", folded)[:64].strip("._-").removesuffix(".lock").rstrip(".")
    if not NAME.fullmatch(name):
        raise Forbidden("your name cannot be an account's here", "have an administrator make you an account")
    return name


def _usable(names: Iterable[str]) -> list[str]:
    """The groups that can be groups here; others are left out, since one odd name must keep nobody from signing in."""
    return [name for name in names if NAME.fullmatch(name) and _is_plain(name)][:1000]


def _is_plain(name: str) -> bool:
    return ".." not in name and not name.endswith((".lock", "."))


def _line(text: str) -> str:
    try:
        return checked_line(text, "display name")
    except BadInput:
        return ""
