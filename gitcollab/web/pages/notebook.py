"""A file's page: as it stands at some point, with who changed each cell last, and its history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from sqlalchemy import Connection
from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import NotFound
from gitcollab.events import Drafted, Left, Saved
from gitcollab.model import LogEntry, Version
from gitcollab.store import journal
from gitcollab.web.blames import Spot
from gitcollab.web.pages.frame import Page, View
from gitcollab.web.pages.talk import beside, threads_of
from gitcollab.web.pages.who import address, begin, blamed

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
    begin(view, Spot(about.id, about.now if at == "main" else at, path))
    rendered, log, versions, threads, unsaved = await asyncio.gather(
        rendered_at(view, about.id, path, at),
        view.read_act(acts.ReadLog, about.id, path=path, limit=HISTORY),
        view.read_act(acts.ReadVersions, about.id, notebook=path),
        threads_of(view, about.id, path),
        view.site.look(drafts, about.id, path, view.actor.user),
    )
    talk, unplaced = beside(threads, {cell["id"]: cell["outputs"] for cell in rendered.cells})
    spot = Spot(about.id, rendered.end, path)
    blame = await blamed(view, spot)
    values = {
        "about": about,
        "path": path,
        "at": at,
        "is_now": at == "main",
        "commit": rendered.end,
        "cells": rendered.cells,
        "blame": blame or {},
        "who_later": "" if blame is not None else address(spot),
        "history": history(log),
        "published": {version.commit: version for version in versions},
        "versions": versions,
        "talk": talk,
        "unplaced": unplaced,
        "drafts": unsaved if at == "main" else [],
        "can_restore": at != "main" and path.endswith(".ipynb") and about.may("editor"),
        "can_say": at == "main" and about.may("editor"),
        "say": view.request.query_params.get("say", ""),
        "say_output": view.request.query_params.get("output", ""),
        "contested": [item for item in about.items if item.path == path],
    }
    return await view.show_large("file.html", values)


async def rendered_at(view: View, collab: str, path: str, at: str) -> acts.Rendered:
    """The file at a point; NotFound in words for those who followed a link that leads nowhere (any more)."""
    try:
        found: acts.Rendered = await view.read_act(acts.RenderNotebook, collab, path=path, at=at)
    except NotFound as error:
        if at != "main":
            raise NotFound(
                f"There is no {path} at that point", "See its history, or the files there are now"
            ) from error
        raise NotFound(f"There is no {path} here", "It may have been renamed or deleted since") from error
    return found


def drafts(connection: Connection, collab: str, path: str, reader: str) -> list[Drafted]:
    """The newest unsaved work of others on a file, as far as they have saved nothing since."""
    found: dict[str, Drafted] = {}
    for event in journal.latest(connection, collab, LOOKED_BACK, reader):
        if isinstance(event, Saved | Left):
            found.pop(event.session, None)
        elif isinstance(event, Drafted) and any(each.path == path for each in event.files):
            found[event.session] = event
    return [event for event in found.values() if event.user != reader]


def history(log: Iterable[LogEntry]) -> list[LogEntry]:
    """The entries that a person made."""
    return [entry for entry in log if entry.act in OWN]


def newest(versions: Iterable[Version]) -> Version | None:
    """The newest version."""
    return next(iter(versions), None)


PAGES = (Page("/c/{id}/n/{path:path}", file),)
