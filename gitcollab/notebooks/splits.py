"""Text that went from one cell to another: cells that were split or joined. The other side's edit follows its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gitcollab.notebooks.order import Spot
from gitcollab.notebooks.reading import Cell
from gitcollab.notebooks.sources import merged_source

ENOUGH = 0.5
"""Share of a cell's lines that come from another cell, from which on it is a piece of that cell."""


class _Group(NamedTuple):
    """Spots (by their numbers) that are one text on one side, and the one of them that has it whole."""

    spots: list[int]
    whole: int


def regrouped(spots: list[Spot]) -> list[Spot]:
    """Returns the spots with known sources where one side split or joined what the other one edited."""
    found = list(spots)
    gone: set[int] = set()
    beside = _in_base(spots)
    has_inserts = any(spot.base is None for spot in spots)
    for k, spot in enumerate(spots):
        if spot.base is None and _is_said_beside(spots, k, beside[k]):
            gone.add(k)
        if spot.base is None or spot.base is spot.ours or spot.base is spot.theirs:
            continue
        for side in (1, 2):
            if has_inserts and _is_split_candidate(spot, side):
                _split(found, k, side)
            elif _is_join_candidate(spot, side):
                _join(found, k, side, gone)
    return [spot for k, spot in enumerate(found) if k not in gone]


def _is_split_candidate(spot: Spot, side: int) -> bool:
    """Whether this side took text out of a cell that the other one edited."""
    base, mine, other = spot.base, spot.cells[side], spot.cells[3 - side]
    if base is None or mine is None or other is None or spot.source is not None:
        return False
    return base.source not in (mine.source, other.source) and bool(base.lines - mine.lines)


def _is_join_candidate(spot: Spot, side: int) -> bool:
    """Whether this side no longer has a cell that the other one edited."""
    other = spot.cells[3 - side]
    return bool(spot.base and other and spot.cells[side] is None and spot.base.source != other.source)


def _in_base(spots: Sequence[Spot]) -> list[list[int]]:
    """For each spot the nearest one of the base before it, and the nearest behind it, where there are any."""
    places = [k for k, spot in enumerate(spots) if spot.base is not None]
    found = []
    n = 0  # how many of them stand before the spot
    for spot in spots:
        later = n + (spot.base is not None)
        found.append(places[max(0, n - 1) : n] + places[later : later + 1])
        n = later
    return found


def _is_said_beside(spots: Sequence[Spot], k: int, beside: Sequence[int]) -> bool:
    """Whether the other side wrote the very lines of a cell that one side inserted into the cell beside it."""
    side = 1 if spots[k].theirs is None else 2
    cell = _inserted_alone(spots[k], side)
    if cell is None or not cell.is_telling or cell.data.get("outputs"):
        return False
    near = [n for n in beside if spots[n].cells[3 - side] is not spots[n].base]
    return bool(near) and cell.lines.total() >= 2 and any(_wrote(spots[n], 3 - side, cell) for n in near)


def _wrote(spot: Spot, side: int, text: Cell) -> bool:
    """Whether a side added all lines of a text to a cell of the base."""
    base, cell = spot.base, spot.cells[side]
    if base is None or cell is None or cell is base or cell.kind != text.kind:
        return False
    return not text.lines - (cell.lines - base.lines)


# --- split ---------------------------------------------------------------------------------------------------------


def _split(spots: list[Spot], k: int, side: int) -> None:
    pieces = _pieces(spots, k, side)
    if len(pieces) < 2:
        return
    base, other = spots[k].base, spots[k].cells[3 - side]
    assert base is not None  # noqa: S101 - a candidate has both
    assert other is not None  # noqa: S101
    texts = [cell.source for cell in (spots[n].cells[side] for n in pieces) if cell is not None]
    parts = _merged_parts(base.source, _with_borders(texts), other.source, len(pieces))
    if parts is not None:
        for n, part in zip(pieces, parts, strict=True):
            spots[n] = spots[n]._replace(source=part)


def _pieces(spots: list[Spot], k: int, side: int) -> list[int]:
    """The spot and its neighbours that this side inserted and filled with lines of the cell, in order."""
    base, mine = spots[k].base, spots[k].cells[side]
    if base is None or mine is None:
        return []
    missing = base.lines - mine.lines
    found = [k]
    for step in (-1, 1):
        n = k + step
        while 0 <= n < len(spots):
            cell = _inserted_alone(spots[n], side)
            if cell is not None and cell.kind == base.kind and _is_from(cell, missing):
                found.append(n)
            elif cell is not None or spots[n].base is not None:
                break
            n += step
    return sorted(found)


def _inserted_alone(spot: Spot, side: int) -> Cell | None:
    return spot.cells[side] if spot.base is None and spot.cells[3 - side] is None else None


def _is_from(cell: Cell, lines: object) -> bool:
    total = cell.lines.total()
    return total > 0 and (cell.lines & lines).total() >= ENOUGH * total  # type: ignore[operator]


# --- join ----------------------------------------------------------------------------------------------------------


def _join(spots: list[Spot], k: int, side: int, gone: set[int]) -> None:
    """Looks for the neighbour into which this side put the text of a cell, and lets the other side's edit follow."""
    for n in _neighbours(spots, k, gone):
        whole = spots[n].cells[side]
        first, second = sorted((n, k))
        texts = [[spots[m].cells[part] for m in (first, second)] for part in (0, 3 - side)]
        if (
            whole is None
            or not _holds_text(spots[k], spots[n], whole)
            or not all(all(cells) for cells in texts)
        ):
            continue
        base, other = (_with_borders([cell.source for cell in cells if cell is not None]) for cells in texts)
        parts = _merged_parts(base, whole.source, other, 1)
        if parts is not None and spots[n].source is None:
            spots[n] = spots[n]._replace(source=parts[0])
            gone.add(k)
            return


def _neighbours(spots: Sequence[Spot], k: int, gone: set[int]) -> list[int]:
    """The nearest spot of the base on either side that is still there."""
    found = []
    for step in (-1, 1):
        n = k + step
        while 0 <= n < len(spots) and (spots[n].base is None or n in gone):
            n += step
        if 0 <= n < len(spots):
            found.append(n)
    return found


def _holds_text(lost: Spot, kept: Spot, whole: Cell) -> bool:
    if lost.base is None or kept.base is None or lost.base.kind != whole.kind:
        return False
    return _is_from(lost.base, whole.lines - kept.base.lines)


# --- borders -------------------------------------------------------------------------------------------------------


def _border(n: int) -> str:
    return f"\0 cell border {n} \0"


def _with_borders(texts: Sequence[str]) -> str:
    parts = [texts[0]]
    for n, text in enumerate(texts[1:], 1):
        parts += [_border(n), text]
    return "\n".join(parts)


def _merged_parts(base: str, ours: str, theirs: str, count: int) -> list[str] | None:
    """The merged text cut at its borders; None where it cannot be merged, or not into that many parts."""
    if "\0" in base.replace(_border(1), "") + theirs.replace(_border(1), ""):
        return None
    merged = merged_source(base, ours, theirs)
    if merged is None:
        return None
    parts = [merged]
    for n in range(1, count):
        head, border, tail = parts.pop().partition(f"{_border(n)}\n")
        if not border:
            return None
        parts += [head.removesuffix("\n"), tail]
    return parts if not any("\0 cell border " in part for part in parts) else None
