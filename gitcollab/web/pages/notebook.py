"""A file's page: as it stands at some point, with who changed each cell last, and its history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import GitcollabError
from gitcollab.model import BlameCell, LogEntry, Version
from gitcollab.web.pages.frame import Page, View
from gitcollab.web.pages.talk import by_cell, threads_of, unplaced

HISTORY = 60
"""Entries of history beside the file."""
OWN = frozenset({"snapshot", "settlement", "publish", "push", "other"})
"""Acts that change a file by somebody's hand; merges and deliveries only carry such changes on."""


async def file(view: View) -> Response:
    """Shows a file."""
    about = await view.about("files")
    path, at = view.path, view.request.query_params.get("at", "main")
    rendered, log, blame, versions, threads = await asyncio.gather(
        view.read_act(acts.RenderNotebook, about.id, path=path, at=at),
        view.read_act(acts.ReadLog, about.id, path=path, limit=HISTORY),
        blamed(view, about.id, path, at),
        view.read_act(acts.ReadVersions, about.id, notebook=path),
        threads_of(view, about.id, path),
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
        "can_say": at == "main" and about.may("editor"),
        "say": view.request.query_params.get("say", ""),
        "contested": [item for item in about.items if item.path == path],
    }
    return await view.show_large("file.html", values)


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
