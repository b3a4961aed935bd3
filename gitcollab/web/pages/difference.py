"""The difference page: what changed from one point to another, file by file and cell by cell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import BadInput
from gitcollab.model import BlameCell, LogEntry, checked_path
from gitcollab.web.activity import counted
from gitcollab.web.blames import Blame, Spot
from gitcollab.web.pages.frame import About, Page, View
from gitcollab.web.pages.shape import Run, Shape, counts, fitting, runs
from gitcollab.web.pages.talk import beside, threads_of
from gitcollab.web.pages.who import NEEDED, address, begin, blamed

LOOKED_BACK = 100
"""Entries of history in which the ends of a difference are looked for."""


@dataclass
class Span:
    """From which point to which, and in which file (empty: all)."""

    start: str
    end: str
    path: str


@dataclass
class Point:
    """One end of a difference in words, and the save that it is, if it is one of the newest."""

    words: str
    entry: LogEntry | None


def span(text: str) -> Span:
    """Reads ``FROM..TO/PATH``; a session's branch has slashes of its own. BadInput if it is none."""
    start, dots, rest = text.partition("..")
    parts = rest.split("/")
    words = 3 if parts[0] == "sessions" else 1
    end, path = "/".join(parts[:words]), "/".join(parts[words:])
    if not (dots and start and end):
        raise BadInput("Which difference?", "the address is …/diff/FROM..TO/PATH")
    return Span(start, end, path and checked_path(path))


async def difference(view: View) -> Response:
    """Shows what changed between two points."""
    asked = span(view.part("span"))
    about = await view.about("files")
    if not asked.path:
        return await changes(view, about, asked)
    shape = Shape.of(view.request.query_params)
    ends = [Spot(about.id, point, asked.path) for point in (asked.start, asked.end)]
    begin(view, ends[1]._replace(commit=about.now) if asked.end == "main" else ends[1])
    rendered, log, threads = await asyncio.gather(
        view.read_act(
            acts.RenderDiff, about.id, start=asked.start, end=asked.end, path=asked.path, cells=shape.cells
        ),
        view.read_act(acts.ReadLog, about.id, path=asked.path, limit=LOOKED_BACK),
        threads_of(view, about.id, asked.path),
    )
    values = addresses(about, asked, rendered) | {"about": about, "shape": shape}
    if is_part(view):
        return await view.show_large("cells.html", values | {"cells": rendered.cells})
    spot = Spot(about.id, rendered.end, asked.path)
    blame = await blamed(view, spot, NEEDED)
    shown, hidden = fitting(runs(rendered.cells), shape, blame or {})
    talk, elsewhere = beside(threads, dict(drawn(shown)))
    values |= {
        "points": [named(asked.start, rendered.start, log), named(asked.end, rendered.end, log)],
        "runs": shown,
        "hidden": hidden,
        "counts": counts(rendered.cells),
        "blame": blame or {},
        "who_later": "" if blame is not None else address(spot, is_change=True),
        "was": await before(view, Spot(about.id, rendered.start, rendered.title), rendered.cells),
        "authors": authors(rendered.cells, blame or {}),
        "talk": talk,
        "elsewhere": elsewhere,
        "can_say": about.may("editor"),
        "say": view.request.query_params.get("say"),
        "say_output": view.request.query_params.get("output", ""),
    }
    return await view.show_large("difference.html", values)


def addresses(about: About, asked: Span, rendered: acts.Rendered) -> dict[str, Any]:
    """Which two states of which file a page shows, and where they and it are found."""
    ends = f"{rendered.start}..{rendered.end}"
    return {
        "path": asked.path,
        "old_path": rendered.title,
        "span": asked,
        "start": rendered.start,
        "end": rendered.end,
        "here": f"{about.home}/diff/{quote(asked.start)}..{quote(asked.end)}/{quote(asked.path)}",
        "lasting": f"{about.home}/diff/{ends}/{quote(asked.path)}",
        "places": (f"/c/{about.id}/o/{rendered.start}", f"/c/{about.id}/o/{rendered.end}"),
    }


async def before(view: View, spot: Spot, cells: Iterable[dict[str, Any]]) -> Blame:
    """Who wrote what has been removed since, as far as anything has."""
    has_removed = any(cell["kind"] == "removed" for cell in cells)
    return (await blamed(view, spot) or {}) if has_removed else {}


def drawn(shown: Iterable[Run]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The changed cells that are shown, each with the outputs of its newer side."""
    for run in shown:
        if not run.is_same:
            (cell,) = run.cells
            yield cell["id"], (cell["outputs"] or [[], []])[1]


def is_part(view: View) -> bool:
    """Whether a page asks for some more cells."""
    return "cells" in view.request.query_params


def authors(cells: Iterable[dict[str, Any]], blame: Mapping[str, BlameCell]) -> list[str]:
    """Who changed any of the changed cells last."""
    changed = [cell["id"] for cell in cells if cell["kind"] in {"added", "changed"}]
    return sorted({blame[name].user for name in changed if name in blame and blame[name].user})


async def changes(view: View, about: About, asked: Span) -> Response:
    """Shows which files changed between two points."""
    found, log = await asyncio.gather(
        view.read_act(acts.ReadDiff, about.id, start=asked.start, end=asked.end),
        view.read_act(acts.ReadLog, about.id, limit=LOOKED_BACK),
    )
    values = {
        "about": about,
        "span": asked,
        "files": [(each, counted(each.cells)) for each in found.files],
        "points": [named(asked.start, found.start, log), named(asked.end, found.end, log)],
    }
    return view.show("changes.html", values)


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


PAGES = (Page("/c/{id}/diff/{span:path}", difference), Page("/c/{id}/compare", compare))
