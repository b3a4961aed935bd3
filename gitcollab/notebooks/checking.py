"""Layer 8: nothing leaves the engine that is no valid notebook with unique cell ids."""

from __future__ import annotations

import re
from typing import Any

from gitcollab.notebooks.reading import Unreadable, read

CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def problems(data: bytes) -> tuple[str, ...]:
    """Says why these bytes are no valid notebook with unique cell ids; empty if they are. Bounded on any bytes."""
    try:
        return tuple(faults(read(data)))
    except Unreadable as error:
        return (str(error),)


def faults(notebook: dict[str, Any]) -> list[str]:
    """Lists what is wrong with a parsed notebook: ids, types, and members that its cells may not have."""
    found: list[str] = []
    seen: set[str] = set()
    wants_ids = notebook["nbformat_minor"] >= 5
    for index, cell in enumerate(notebook["cells"]):
        found += [f"cell {index}: {fault}" for fault in _cell(cell, wants_ids, seen)]
    return found


def _cell(cell: dict[str, Any], wants_ids: bool, seen: set[str]) -> list[str]:
    found = []
    if cell["cell_type"] not in ("code", "markdown", "raw"):
        found.append("unknown cell_type")
    if "id" in cell or wants_ids:
        name = cell.get("id")
        if not isinstance(name, str) or not CELL_ID.fullmatch(name):
            found.append("no valid id")
        elif name in seen:
            found.append(f"id {name} is not unique")
        else:
            seen.add(name)
    return found
