"""The difference page: what changed from one point to another, file by file and cell by cell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import BadInput
from gitcollab.model import LogEntry, checked_path
from gitcollab.web.activity import counted
from gitcollab.web.pages.frame import About, Page, View

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


@dataclass(frozen=True)
class Shape:
    """How a difference is shown, as its address says it."""

    is_unified: bool
    has_outputs: bool

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Shape:
        """Reads the address's parameters."""
        return cls(query.get("view") == "unified", query.get("outputs") != "hidden")

    @property
    def turned(self) -> Shape:
        """The other one of side by side and one below the other."""
        return Shape(not self.is_unified, self.has_outputs)

    @property
    def toggled(self) -> Shape:
        """With outputs if they are hidden, and the other way round."""
        return Shape(self.is_unified, not self.has_outputs)

    @property
    def query(self) -> str:
        """The address's parameters."""
        said = {"view": "unified" if self.is_unified else "", "outputs": "" if self.has_outputs else "hidden"}
        return (
            "?" + urlencode({name: value for name, value in said.items() if value})
            if any(said.values())
            else ""
        )


@dataclass
class Run:
    """Cells in a row that are all unchanged, or one that is not."""

    is_same: bool
    cells: list[dict[str, Any]]


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
    rendered, log = await asyncio.gather(
        view.read_act(acts.RenderDiff, about.id, start=asked.start, end=asked.end, path=asked.path),
        view.read_act(acts.ReadLog, about.id, path=asked.path, limit=LOOKED_BACK),
    )
    here = f"{about.home}/diff/{quote(asked.start)}..{quote(asked.end)}/{quote(asked.path)}"
    shape = Shape.of(view.request.query_params)
    values = {
        "about": about,
        "span": asked,
        "path": asked.path,
        "old_path": rendered.title if rendered.title != asked.path else "",
        "start": rendered.start,
        "end": rendered.end,
        "points": [named(asked.start, rendered.start, log), named(asked.end, rendered.end, log)],
        "runs": list(runs(rendered.cells)),
        "counts": counts(rendered.cells),
        "is_unified": shape.is_unified,
        "has_outputs": shape.has_outputs,
        "turned": here + shape.turned.query,
        "toggled": here + shape.toggled.query,
    }
    return await view.show_large("difference.html", values)


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


def runs(cells: Iterable[dict[str, Any]]) -> Iterator[Run]:
    """The cells, unchanged neighbours together."""
    same: list[dict[str, Any]] = []
    for cell in cells:
        if cell["kind"] == "same" and not cell["is_moved"]:
            same.append(cell)
            continue
        if same:
            yield Run(True, same)
            same = []
        yield Run(False, [cell])
    if same:
        yield Run(True, same)


def counts(cells: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many cells were added, removed, changed and moved."""
    found = {"added": 0, "removed": 0, "changed": 0, "moved": 0}
    for cell in cells:
        if cell["kind"] in found:
            found[cell["kind"]] += 1
        found["moved"] += cell["is_moved"]
    return found


PAGES = (Page("/c/{id}/diff/{span:path}", difference), Page("/c/{id}/compare", compare))
