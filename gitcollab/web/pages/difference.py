"""The difference page: what changed in one file from one point to another, cell by cell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import BadInput
from gitcollab.model import LogEntry, checked_path
from gitcollab.web.blames import Blame, Spot
from gitcollab.web.pages.changed import Changed
from gitcollab.web.pages.frame import About, Page, View
from gitcollab.web.pages.shape import Shape, Span
from gitcollab.web.pages.talk import threads_of
from gitcollab.web.pages.who import NEEDED, begin, blamed

LOOKED_BACK = 100
"""Entries of history in which the ends of a difference are looked for."""


@dataclass
class Point:
    """One end of a difference in words, and the save that it is, if it is one of the newest."""

    words: str
    entry: LogEntry | None


async def difference(view: View, about: About, asked: Span) -> Response:
    """Shows what changed in a file between two points."""
    shape, query = Shape.of(view.request.query_params), view.request.query_params
    ends = [Spot(about.id, point, asked.path) for point in (asked.start, asked.end)]
    begin(view, ends[1]._replace(commit=about.now) if asked.end == "main" else ends[1])
    rendered, log, threads = await asyncio.gather(
        rendered_of(view, about, asked, shape),
        view.read_act(acts.ReadLog, about.id, path=asked.path, limit=LOOKED_BACK),
        threads_of(view, about.id, asked.path),
    )
    file = Changed(
        about=about,
        asked=asked,
        shape=shape,
        rendered=rendered,
        threads=threads,
        blame=await blamed(view, Spot(about.id, rendered.end, asked.path), NEEDED),
        was=await before(view, Spot(about.id, rendered.start, rendered.title), rendered.cells),
        say=query.get("say"),
        say_output=query.get("output", ""),
    )
    values = {
        "about": about,
        "path": asked.path,
        "file": file,
        "points": [named(asked.start, rendered.start, log), named(asked.end, rendered.end, log)],
        "everything": f"{about.home}/diff/{quote(asked.start)}..{quote(asked.end)}",
    }
    return await view.show_large("difference.html", values)


async def some(view: View, about: About, asked: Span, prefix: str) -> Response:
    """Answers with the cells that a page asks for besides those it has."""
    rendered = await rendered_of(view, about, asked, Shape.of(view.request.query_params))
    values = {"about": about, "cells": rendered.cells, "prefix": prefix}
    return await view.show_large("cells.html", values)


async def rendered_of(view: View, about: About, asked: Span, shape: Shape) -> acts.Rendered:
    """The file's changes as HTML."""
    found: acts.Rendered = await view.read_act(
        acts.RenderDiff, about.id, start=asked.start, end=asked.end, path=asked.path, cells=shape.cells
    )
    return found


async def before(view: View, spot: Spot, cells: Iterable[dict[str, Any]]) -> Blame:
    """Who wrote what has been removed since, as far as anything has."""
    has_removed = any(cell["kind"] == "removed" for cell in cells)
    return (await blamed(view, spot) or {}) if has_removed else {}


async def compare(view: View) -> Response:
    """Goes on to the difference between the two points that were chosen."""
    collab, said = await view.collab(), view.request.query_params
    await view.admit_reader(collab)
    start, end, path = (said.get(name, "") for name in ("from", "to", "path"))
    if not start or not end or ".." in start + end:
        raise BadInput("Which two?", "choose a point to begin with and one to end with")
    return view.go(f"/c/{collab}/diff/{quote(start)}..{quote(end)}/{quote(checked_path(path))}")


def named(asked: str, commit: str, log: Iterable[LogEntry]) -> Point:
    """A point as people call it: now, a version, or whose save it was."""
    if asked in {"main", "blessed"}:
        return Point("now" if asked == "main" else "the newest version", None)
    if asked != commit:
        return Point(f"version {asked}" if asked[:1].isdigit() else asked, None)
    return Point(
        "a save" if len(asked) == 40 else asked, next((each for each in log if each.commit == commit), None)
    )


PAGES = (Page("/c/{id}/compare", compare),)
