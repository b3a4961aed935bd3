"""Layer 8: nothing leaves the engine that is no valid notebook with unique cell ids."""

from __future__ import annotations

from gitcollab.notebooks.reading import Cell, Notebook, Unreadable, read


def problems(data: bytes) -> tuple[str, ...]:
    """Says why these bytes are no valid notebook with unique cell ids; empty if they are. Bounded on any bytes."""
    try:
        return tuple(faults(read(data)))
    except Unreadable as error:
        return (str(error),)


def faults(notebook: Notebook) -> list[str]:
    """Lists what is wrong with a parsed notebook: ids, types, and members that its cells may not have."""
    found: list[str] = []
    seen: set[str] = set()
    wants_ids = notebook.minor >= 5
    for index, cell in enumerate(notebook.cells):
        found += [f"cell {index}: {fault}" for fault in _cell(cell, wants_ids, seen)]
    return found


def _cell(cell: Cell, wants_ids: bool, seen: set[str]) -> list[str]:
    found = []
    if cell.kind not in ("code", "markdown", "raw"):
        found.append("unknown cell_type")
    if "id" in cell.data or wants_ids:
        if cell.id is None:
            found.append("no valid id")
        elif cell.id in seen:
            found.append(f"id {cell.id} is not unique")
        else:
            seen.add(cell.id)
    return found
