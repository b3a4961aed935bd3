"""A file's page: as it stands at some point, with who changed each cell last, and its history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from sqlalchemy import Connection
from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import GitcollabError
from gitcollab.events import Drafted, Left, Saved
from gitcollab.model import BlameCell, LogEntry, Version
from gitcollab.store import journal
from gitcollab.web.pages.frame import Page, View
from gitcollab.web.pages.talk import by_cell, threads_of, unplaced

LOOKED_BACK = 100
"""Events in which unsaved work is looked for."""
HISTORY = 60
"""Entries of history beside the file."""
OWN = frozenset({"snapshot", "settlement", "publish", "push", "other"})
"""Acts that change a file by somebody's hand; merges and deliveries only carry such changes on."""


async def file(view: View) -> Response:
    """Shows a file."""
    about = await view.about("files")
    path, at = view.path, view.request.query_params.get("at", "main")
    rendered, log, blame, versions, threads, unsaved = await asyncio.gather(
        view.read_act(acts.RenderNotebook, about.id, path=path, at=at),
        view.read_act(acts.ReadLog, about.id, path=path, limit=HISTORY),
        blamed(view, about.id, path, at),
        view.read_act(acts.ReadVersions, about.id, notebook=path),
        threads_of(view, about.id, path),
        view.site.look(drafts, about.id, path, view.actor.user),
    )
    talk = by_cell(threads)
    values = {
        "about": about,
        "path": path,
        "at": at,
        "is_now": at == "main",
        "commit": rendered.end,
        "cells": rendered.cells,
        "blame": {each.cell: each for each in blame},
        "history": history(log),
        "published": {version.commit: version for version in versions},
        "versions": versions,
        "talk": talk,
        "unplaced": unplaced(talk, (cell["id"] for cell in rendered.cells)),
        "drafts": unsaved if at == "main" else [],
        "can_restore": at != "main" and path.endswith(".ipynb") and about.may("editor"),
        "can_say": at == "main" and about.may("editor"),
        "say": view.request.query_params.get("say", ""),
        "contested": [item for item in about.items if item.path == path],
    }
    return await view.show_large("file.html", values)


def drafts(connection: Connection, collab: str, path: str, reader: str) -> list[Drafted]:
    """The newest unsaved work of others on a file, as far as they have saved nothing since."""
    found: dict[str, Drafted] = {}
    for event in journal.latest(connection, collab, LOOKED_BACK, reader):
        if isinstance(event, Saved | Left):
            found.pop(event.session, None)
        elif isinstance(event, Drafted) and any(each.path == path for each in event.files):
            found[event.session] = event
    return [event for event in found.values() if event.user != reader]


async def blamed(view: View, collab: str, path: str, at: str) -> tuple[BlameCell, ...]:
    """Who changed each cell last; nothing where that takes too long: the file is shown all the same."""
    if not path.endswith(".ipynb"):
        return ()
    try:
        found: tuple[BlameCell, ...] = await view.read_act(acts.ReadBlame, collab, path=path, at=at)
    except GitcollabError:
        return ()
    return found


def history(log: Iterable[LogEntry]) -> list[LogEntry]:
    """The entries that a person made."""
    return [entry for entry in log if entry.act in OWN]


def newest(versions: Iterable[Version]) -> Version | None:
    """The newest version."""
    return next(iter(versions), None)


PAGES = (Page("/c/{id}/n/{path:path}", file),)
