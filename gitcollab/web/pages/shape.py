"""The shape of a difference: how it is shown and what of it, as its address says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from gitcollab.errors import BadInput
from gitcollab.model import BlameCell, checked_path

Cell = dict[str, Any]
VIEWS = {"split": "Side by side", "unified": "One below the other", "after": "Only the new"}
RANGE = re.compile(r"([0-9]{1,6})-([0-9]{1,6})")
EVERYTHING = (0, 1_000_000)


@dataclass(frozen=True)
class Span:
    """From which point to which, and in which file (empty: all)."""

    start: str
    end: str
    path: str


def span(text: str) -> Span:
    """Reads ``FROM..TO/PATH``; a session's branch has slashes of its own. BadInput if it is none."""
    start, dots, rest = text.partition("..")
    parts = rest.split("/")
    words = 3 if parts[0] == "sessions" else 1
    end, path = "/".join(parts[:words]), "/".join(parts[words:])
    if not (dots and start and end):
        raise BadInput("Which difference?", "the address is …/diff/FROM..TO/PATH")
    return Span(start, end, path and checked_path(path))


@dataclass(frozen=True)
class Shape:
    """``view`` is one of ``VIEWS``; ``by``: only what this person changed last; ``cells``: only these, whole."""

    view: str = "split"
    has_outputs: bool = True
    has_settings: bool = True
    is_code_only: bool = False
    by: str = ""
    cells: tuple[int, int] | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Shape:
        """Reads the address's parameters; what it does not know is left aside."""
        view = query.get("view", "")
        return cls(
            view if view in VIEWS else "split",
            query.get("outputs") != "hidden",
            query.get("settings") != "hidden",
            query.get("only") == "code",
            query.get("by", "")[:64],
            EVERYTHING if query.get("same") == "shown" else span_of(query.get("cells", "")),
        )

    @property
    def query(self) -> str:
        """The address's parameters."""
        said = {
            "view": "" if self.view == "split" else self.view,
            "outputs": "" if self.has_outputs else "hidden",
            "settings": "" if self.has_settings else "hidden",
            "only": "code" if self.is_code_only else "",
            "by": self.by,
            "same": "shown" if self.cells == EVERYTHING else "",
        }
        kept = {name: value for name, value in said.items() if value}
        return "?" + urlencode(kept) if kept else ""

    @property
    def is_unified(self) -> bool:
        """Whether what went stands above what came."""
        return self.view == "unified"

    @property
    def views(self) -> list[tuple[str, str]]:
        """The ways to show it, and what they are called."""
        return list(VIEWS.items())

    @property
    def next_view(self) -> str:
        """The next way to show it, which a key turns to."""
        return "unified" if self.view == "split" else "split"

    def but(self, **changed: Any) -> str:
        """The parameters of this shape with something else about it."""
        return replace(self, **changed).query

    def fits(self, cell: Cell, blame: Mapping[str, BlameCell]) -> bool:
        """Whether a changed cell is shown."""
        has_text = bool(cell["plus"] or cell["minus"] or cell["is_moved"]) or cell["kind"] != "changed"
        if self.is_code_only and not (has_text and cell["type"] != "markdown"):
            return False
        return not self.by or (cell["id"] in blame and blame[cell["id"]].user == self.by)


def span_of(text: str) -> tuple[int, int] | None:
    """Reads ``3-40``: cells 3 to before 40; None for no text. BadInput for another one."""
    if not text:
        return None
    found = RANGE.fullmatch(text)
    if found is None:
        raise BadInput("Which cells?", "the address is …?cells=FROM-TO")
    return int(found[1]), int(found[2])


@dataclass
class Run:
    """Cells in a row that are all unchanged, or one that is not; ``first`` is the place of the first among all."""

    is_same: bool
    first: int
    cells: list[Cell]

    @property
    def is_drawn(self) -> bool:
        """Whether the cells are here; otherwise they are only counted."""
        return all(cell["is_drawn"] for cell in self.cells)

    @property
    def range(self) -> str:
        """Which cells these are, as an address says it."""
        return f"{self.first}-{self.first + len(self.cells)}"


def runs(cells: Iterable[Cell]) -> Iterator[Run]:
    """The cells, unchanged neighbours together."""
    same: list[Cell] = []
    for place, cell in enumerate(cells):
        if cell["kind"] == "same" and not cell["is_moved"]:
            same.append(cell)
            continue
        if same:
            yield Run(True, place - len(same), same)
            same = []
        yield Run(False, place, [cell])
    if same:
        yield Run(True, place + 1 - len(same), same)


def fitting(found: Iterable[Run], shape: Shape, blame: Mapping[str, BlameCell]) -> tuple[list[Run], int]:
    """The runs that are shown, and how many changed cells are not."""
    every = list(found)
    shown = [run for run in every if run.is_same or shape.fits(run.cells[0], blame)]
    return shown, len(every) - len(shown)


def counts(cells: Iterable[Cell]) -> dict[str, int]:
    """How many cells were added, removed, changed and moved."""
    found = {"added": 0, "removed": 0, "changed": 0, "moved": 0}
    for cell in cells:
        if cell["kind"] in found:
            found[cell["kind"]] += 1
        found["moved"] += cell["is_moved"]
    return found
