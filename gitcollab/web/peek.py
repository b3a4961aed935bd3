"""A peek: the few lines of a cell that a save changed, to be read where the save is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from gitcollab.model import CellChange
from gitcollab.web.render.lines import Row, rows
from gitcollab.web.rows import COME, GONE, unified

CELLS = 2
"""Cells of one file that are peeked into."""
LINES = 4
"""Lines of one cell that are shown."""


@dataclass(frozen=True)
class Peek:
    """Changed lines of one cell as sign and html, how many more there are, and where the cell stands on a page."""

    lines: list[tuple[str, str]]
    more: int
    anchor: str


def peeks(cells: Iterable[CellChange]) -> list[Peek]:
    """The first changed sources of a file, in a few lines each."""
    found = [peek(cell) for cell in cells if cell.kind == "source"][: CELLS + 1]
    return [each for each in found if each.lines][:CELLS]


def peek(cell: CellChange) -> Peek:
    """The lines that changed in one cell."""
    changed: list[Row] = [row for row in rows(cell.before, cell.after) if row.kind != "same"]
    told = [(sign, html) for sign, _, _, html in unified(map(list, changed)) if sign in {GONE, COME}]
    return Peek(told[:LINES], max(0, len(told) - LINES), f"#cell-{quote(cell.cell)}")
