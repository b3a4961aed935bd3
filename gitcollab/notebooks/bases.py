"""Several merge bases, as criss-crossing histories have, folded into one."""

from __future__ import annotations

from collections.abc import Sequence

from gitcollab.notebooks.identity import align
from gitcollab.notebooks.reading import Cell, Notebook


def folded(bases: Sequence[Notebook], ours: Notebook, theirs: Notebook) -> Notebook:
    """Returns one base for the merge of two notebooks that both descend from every one of ``bases``.

    Where the bases differ in a cell, the one counts that a side still has: that side chose it and has not touched it
    since. Where each side has another one's, the sides are at odds already: the base says nothing, and the cell is
    contested. A cell that only some bases have belongs to the base: a side without it has deleted it.
    """
    found = bases[0]
    for other in bases[1:]:
        found = _fold(found, other, (ours, theirs))
    return found


def _fold(a: Notebook, b: Notebook, sides: tuple[Notebook, Notebook]) -> Notebook:
    pairs = align(a.cells, b.cells)
    counterparts = []
    for side in sides:
        places = {i: j for j, i in align(a.cells, side.cells).items()}
        counterparts.append({i: side.cells[j] for i, j in places.items()})
    cells = list(a.cells)
    for j, i in pairs.items():
        cells[i] = _chosen(a.cells[i], b.cells[j], [found.get(i) for found in counterparts])
    return Notebook(a.top | {"metadata": _metadata(a, b, sides)}, _with_others(cells, b.cells, pairs))


def _chosen(a: Cell, b: Cell, sides: list[Cell | None]) -> Cell:
    if a.data == b.data:
        return a
    there = [cell.source for cell in sides if cell is not None]
    if a.source != b.source and set(there) == {a.source, b.source}:
        return Cell(a.data | {"source": ""})
    return b if b.source in there and a.source not in there else a


def _metadata(a: Notebook, b: Notebook, sides: tuple[Notebook, Notebook]) -> dict[str, object]:
    found = dict(a.metadata)
    for name, value in b.metadata.items():
        if name not in found or any(side.metadata.get(name) == value for side in sides):
            found[name] = value
    return found


def _with_others(cells: list[Cell], others: Sequence[Cell], pairs: dict[int, int]) -> list[Cell]:
    """The cells, and behind its predecessor each one that only the other base has."""
    behind: dict[int, list[Cell]] = {}
    at = -1
    for j, cell in enumerate(others):
        if j in pairs:
            at = pairs[j]
        else:
            behind.setdefault(at, []).append(cell)
    found = list(behind.get(-1, ()))
    for i, cell in enumerate(cells):
        found += [cell, *behind.get(i, ())]
    return found
