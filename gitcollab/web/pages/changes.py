"""The page of changes: all files that changed between two points, those of the first ones at once and the others when
somebody opens them. Its address with a file's path behind it is the page of that file alone."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.model import FileChange, Thread
from gitcollab.web.activity import Change, counted
from gitcollab.web.blames import Spot
from gitcollab.web.pages.changed import Changed
from gitcollab.web.pages.difference import LOOKED_BACK, before, difference, named, rendered_of, some
from gitcollab.web.pages.frame import About, Page, View
from gitcollab.web.pages.shape import Shape, Span, span
from gitcollab.web.pages.talk import threads_of
from gitcollab.web.pages.who import NEEDED, PATIENCE, blamed

FILES, CELLS, LINES = 12, 80, 3_000
"""Files, changed cells and lines that stand on the page from the beginning; what is beyond waits folded."""
PREFIX = re.compile(r"f[0-9a-f]{8}-")


@dataclass
class Listed:
    """A changed file on the page; ``shown`` is None if its changes are fetched from ``part`` when it is opened.

    ``here`` is the page's address, ``lasting`` the one that always shows these two states.
    """

    change: FileChange
    lasting: str
    here: str
    shape: Shape
    shown: Changed | None = None

    @property
    def id(self) -> str:
        """By what the page knows it."""
        return prefix_of(self.change.path)[:-1]

    @property
    def own(self) -> str:
        """The address of the page that shows it alone."""
        return f"{self.here}/{quote(self.change.path)}"

    @property
    def part(self) -> str:
        """Where what changed in it is fetched."""
        query = self.shape.query
        under = f"under={prefix_of(self.change.path)}"
        return f"{self.lasting}/{quote(self.change.path)}{query}{'&' if query else '?'}{under}"

    @property
    def marks(self) -> list[Change]:
        """What kinds of changes there are, and how many."""
        return counted(self.change.cells)


def prefix_of(path: str) -> str:
    """What stands before the ids of a file's cells."""
    return f"f{hashlib.sha256(path.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}-"


async def diff(view: View) -> Response:
    """Shows what changed between two points: in one file, or in all."""
    asked = span(view.part("span"))
    about = await view.about("files")
    under, has_cells = view.request.query_params.get("under", ""), "cells" in view.request.query_params
    if under and not PREFIX.fullmatch(under):
        raise BadInput("What is that for?", "leave it out of the address")
    if not asked.path:
        return await changes(view, about, asked)
    if has_cells:
        return await some(view, about, asked, under)
    return await (part(view, about, asked) if under else difference(view, about, asked))


@dataclass
class Scene:
    """What the files of a page have in common; ``here`` is its address."""

    view: View
    about: About
    here: str
    threads: Sequence[Thread] = ()

    @property
    def shape(self) -> Shape:
        """How they are shown; whose changes is asked of one file only."""
        return replace(Shape.of(self.view.request.query_params), by="")

    async def shown(self, asked: Span, seconds: float = PATIENCE) -> Changed:
        """What changed in one file; who did it is waited for so long."""
        view, about = self.view, self.about
        rendered = await rendered_of(view, about, asked, self.shape)
        return Changed(
            about=about,
            asked=asked,
            shape=self.shape,
            rendered=rendered,
            threads=self.threads,
            blame=await blamed(view, Spot(about.id, rendered.end, asked.path), seconds),
            was=await before(view, Spot(about.id, rendered.start, rendered.title), rendered.cells),
            prefix=prefix_of(asked.path),
            here=self.here,
        )

    async def tried(self, asked: Span) -> Changed | None:
        """The same; None where that file alone is too much: the others are shown all the same."""
        try:
            return await self.shown(asked)
        except GitcollabError:
            return None


async def changes(view: View, about: About, asked: Span) -> Response:
    """Shows what changed in all files."""
    found, log, threads = await asyncio.gather(
        view.read_act(acts.ReadDiff, about.id, start=asked.start, end=asked.end),
        view.read_act(acts.ReadLog, about.id, limit=LOOKED_BACK),
        threads_of(view, about.id, ""),
    )
    scene = Scene(view, about, f"{about.home}/diff/{quote(asked.start)}..{quote(asked.end)}", threads)
    lasting = f"{about.home}/diff/{found.start}..{found.end}"
    files = [Listed(each, lasting, scene.here, scene.shape) for each in found.files]
    await fill(scene, Span(found.start, found.end, ""), list(chosen(files)))
    values = {
        "about": about,
        "files": files,
        "shape": scene.shape,
        "here": scene.here,
        "lasting": lasting,
        "end": found.end,
        "points": [named(asked.start, found.start, log), named(asked.end, found.end, log)],
    }
    return await view.show_large("changes.html", values)


async def part(view: View, about: About, asked: Span) -> Response:
    """Answers with the changes in one file, for the page of all."""
    scene = Scene(view, about, f"{about.home}/diff/{quote(asked.start)}..{quote(asked.end)}")
    scene.threads = await threads_of(view, about.id, asked.path)
    return await view.show_large("part.html", {"file": await scene.shown(asked, NEEDED)})


def chosen(files: Iterable[Listed]) -> Iterator[Listed]:
    """The files that are looked into at once: the first ones that are not too large for that."""
    left, room = FILES, CELLS
    for each in files:
        size = max(1, len(each.change.cells))
        if left and size <= room:
            left, room = left - 1, room - size
            yield each


async def fill(scene: Scene, ends: Span, files: Sequence[Listed]) -> None:
    """Finds what changed in ``files``; it stands on the page as far as it is not too long."""
    found = await asyncio.gather(*(scene.tried(replace(ends, path=each.change.path)) for each in files))
    room = LINES
    for each, changed in zip(files, found, strict=True):
        room -= length(changed) if changed else 0
        each.shown = changed if room >= 0 else None


def length(changed: Changed) -> int:
    """How many lines of source are shown of it."""
    return sum(len(block["rows"]) for cell in changed.rendered.cells for block in cell["blocks"])


PAGES = (Page("/c/{id}/diff/{span:path}", diff),)
