"""A collab's page: who takes part, what happens, which files, what waits for a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.responses import Response

from gitcollab import acts
from gitcollab.events import AnyEvent
from gitcollab.model import FileEntry, Item, Session, Version
from gitcollab.store import journal
from gitcollab.web.activity import Line, lines, page
from gitcollab.web.api.sessions import standing
from gitcollab.web.pages.charter import said_of
from gitcollab.web.pages.frame import About, Page, View
from gitcollab.web.pages.held import mine
from gitcollab.web.pages.looked import Looked

LOOKED_BACK = 400
"""Events looked at for the page."""
SHOWN = 40
"""Lines of activity on it."""


@dataclass
class File:
    """A file as it is listed: who changed it last, which version is out, how much is contested in it."""

    path: str
    href: str
    last: Line | None
    version: Version | None
    contested: int


@dataclass
class Somebody:
    """A participant as they are listed."""

    user: str
    name: str
    role: str
    session: Session | None
    last: Line | None


async def overview(view: View) -> Response:
    """Shows a collab."""
    about = await view.about("overview")
    happened, sessions = await view.site.look(recent, about.id)
    files, versions, said = await asyncio.gather(
        view.read_act(acts.ListFiles, about.id),
        view.read_act(acts.ReadVersions, about.id),
        said_of(view, about),
    )
    told = lines(happened, view.actor.user)
    looked = Looked.of(view.request)
    seen = looked.look(about.id, about.last)
    values = {
        "about": about,
        "lines": told[:SHOWN],
        "seen": first_seen(told[:SHOWN], seen, view.actor.user),
        "has_more": len(told) > SHOWN,
        "files": listed(about, files, told, versions),
        "people": everybody(about, sessions, told),
        "versions": versions,
        "said": said,
        "clone": f"{view.site.base_url}/git/{about.id}.git",
        "held": await mine(view, about.id),
    }
    answer = await view.show_large("overview.html", values)
    return looked.keep(answer, is_secure=view.site.is_secure)


def first_seen(told: Sequence[Line], seen: int | None, reader: str) -> int:
    """The number of the first line that the reader has seen before, if others have done something since; else 0."""
    if seen is None or not any(line.n > seen and line.user != reader for line in told):
        return 0
    return next((line.n for line in told if line.n <= seen), 0)


def recent(connection: Connection, collab: str) -> tuple[tuple[AnyEvent, ...], tuple[Session, ...]]:
    """The newest events and the sessions."""
    return journal.latest(connection, collab, LOOKED_BACK), standing(connection, collab)


def listed(
    about: About, files: Sequence[FileEntry], told: Sequence[Line], versions: Iterable[Version]
) -> list[File]:
    """The files, notebooks first."""
    newest: dict[str, Line] = {}
    for line in reversed(told):
        newest.update({touched.path: line for touched in line.files})
    latest: dict[str, Version] = {}
    for version in versions:
        latest.setdefault(version.notebook, version)
    found = [
        File(
            path=each.path,
            href=page(about.id, each.path),
            last=newest.get(each.path),
            version=latest.get(each.path),
            contested=contested_in(about.items, each.path),
        )
        for each in files
        if each.path != "collab.toml"
    ]
    return sorted(found, key=lambda file: (not file.path.endswith(".ipynb"), file.path))


def contested_in(items: Iterable[Item], path: str) -> int:
    """How many open items there are in one file."""
    return sum(item.path == path for item in items)


def everybody(about: About, sessions: Iterable[Session], told: Sequence[Line]) -> list[Somebody]:
    """The members, each with the session they have open and what they did last."""
    opened = {session.user: session for session in sessions if session.is_open}
    last: dict[str, Line] = {}
    for line in told:
        last.setdefault(line.user, line)
    return [
        Somebody(
            member.user,
            about.name(member.user),
            str(member.role),
            opened.get(member.user),
            last.get(member.user),
        )
        for member in about.members
    ]


PAGES = (Page("/c/{id}", overview),)
