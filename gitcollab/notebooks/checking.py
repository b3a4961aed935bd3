"""Layer 8: nothing leaves the engine that is no valid notebook with unique cell ids."""

from __future__ import annotations

from collections.abc import Sequence

from gitcollab.notebooks.reading import Cell, Notebook, Unreadable, read
from gitcollab.notebooks.schema import check_of
from gitcollab.notebooks.shapes import is_surely_valid

SHOWN = 20
"""Problems that are listed; one is enough to refuse a notebook."""


def problems(data: bytes) -> tuple[str, ...]:
    """Says why these bytes are no valid notebook with unique cell ids; empty if they are. Bounded on any bytes."""
    try:
        return tuple(faults(read(data))[:SHOWN])
    except Unreadable as error:
        return (str(error),)
    except RecursionError:
        return ("nested too deeply",)


def faults(notebook: Notebook, trusted: Sequence[Notebook] = ()) -> list[str]:
    """Lists what is wrong with a parsed notebook by nbformat's schema, and ids that are not unique.

    Of cells that stand in one of the ``trusted`` notebooks the schema is not asked again.
    """
    found = [
        f"metadata: {wrong}" for wrong in [check_of(notebook.minor, "metadata")(notebook.metadata)] if wrong
    ]
    found += [
        f"{name}: not allowed"
        for name in sorted({*notebook.top} - {"metadata", "nbformat", "nbformat_minor"})
    ]
    known = {id(cell) for side in trusted for cell in side.cells}
    seen: set[str] = set()
    for index, cell in enumerate(notebook.cells):
        wrong = "" if id(cell) in known else _by_schema(cell, notebook.minor)
        if not wrong and "id" in cell.data:
            wrong = _by_id(cell, seen)
        if wrong:
            found.append(f"cell {index}: {wrong}")
    return found


def _by_schema(cell: Cell, minor: int) -> str:
    if (cell.id is not None) == (minor >= 5) and is_surely_valid(cell.data, minor):
        return ""
    if cell.kind not in ("code", "markdown", "raw"):
        return f"unknown cell_type {cell.kind!r:.40}"
    return check_of(minor, f"{cell.kind}_cell")(cell.data)


def _by_id(cell: Cell, seen: set[str]) -> str:
    if cell.id is None:
        return "no valid id"
    if cell.id in seen:
        return f"id {cell.id} is not unique"
    seen.add(cell.id)
    return ""
