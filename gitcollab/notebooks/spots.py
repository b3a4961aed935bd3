"""One spot of a notebook: read it, set it, or hold what both sides have there."""

from __future__ import annotations

import difflib
from typing import Any

from gitcollab.model import Json
from gitcollab.notebooks.reading import Unreadable, joined, read
from gitcollab.notebooks.writing import write

Cell = dict[str, Any]


def pick(notebook: bytes, cell: str | None, field: str, *, like: bytes = b"") -> Json:
    """Returns what a notebook holds at a spot, None if nothing.

    Where ``notebook`` does not have the cell's id, the cell is found that corresponds to the one in ``like``.
    """
    if field == "file":
        return notebook
    try:
        whole = read(notebook)
    except Unreadable:
        return None
    if cell is None:
        return whole["metadata"].get(field.removeprefix("notebook.metadata."))
    found = _find(whole, cell, like)
    return None if found is None else _field(found, field)


def place(notebook: bytes, cell: str | None, field: str, value: Json, *, like: bytes = b"") -> bytes:
    """Returns the notebook with a spot set, or with nothing there if ``value`` is None.

    A whole cell that is missing goes behind the cell that it follows in ``like``.
    """
    if field == "file":
        return value if isinstance(value, bytes) else b""
    try:
        whole = read(notebook)
    except Unreadable:
        return notebook
    if cell is None:
        _set(whole["metadata"], field.removeprefix("notebook.metadata."), value)
    elif field == "cell":
        _place_cell(whole, cell, value, like)
    else:
        found = _find(whole, cell, like)
        if found is None:
            return notebook
        _set_field(found, field, value)
    return write(whole)


def both(field: str, base: Json, shared: Json, session: Json) -> Json:
    """Returns a value that holds both sides' work: of a source, the shared lines and then the session's."""
    if shared is None or session is None:
        return session if shared is None else shared
    if field == "cell":
        return shared | {"source": both("source", None, joined(shared["source"]), joined(session["source"]))}
    if isinstance(shared, list) and isinstance(session, list):
        return shared + [value for value in session if value not in shared]
    if isinstance(shared, dict) and isinstance(session, dict):
        return session | shared
    if isinstance(shared, str) and isinstance(session, str) and field == "source":
        return _both_sources(shared, session)
    return shared


def _both_sources(shared: str, session: str) -> str:
    one, two = (text.split("\n") for text in (shared, session))
    found: list[str] = []
    for _, a, b, c, d in difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        found += one[a:b] if one[a:b] == two[c:d] else one[a:b] + two[c:d]
    return "\n".join(found)


def _find(whole: Cell, cell: str, like: bytes) -> Cell | None:
    found: Cell | None = next((c for c in whole["cells"] if c.get("id") == cell), None)
    if found is not None or not like:
        return found
    try:
        other = read(like)
    except Unreadable:
        return None
    model = next((c for c in other["cells"] if c.get("id") == cell), None)
    return next((c for c in whole["cells"] if model and c["source"] == model["source"]), None)


def _field(cell: Cell, field: str) -> Json:
    if field == "cell":
        return cell
    if field == "source":
        return joined(cell["source"])
    group, _, name = field.partition(".")
    return cell.get(group, {}).get(name) if name else cell.get(group)


def _set_field(cell: Cell, field: str, value: Json) -> None:
    group, _, name = field.partition(".")
    if name:
        _set(cell.setdefault(group, {}), name, value)
    else:
        _set(cell, group, value)


def _set(into: Cell, name: str, value: Json) -> None:
    if value is None:
        into.pop(name, None)
    else:
        into[name] = value


def _place_cell(whole: Cell, cell: str, value: Json, like: bytes) -> None:
    cells: list[Cell] = whole["cells"]
    index = next((i for i, c in enumerate(cells) if c.get("id") == cell), None)
    if index is not None:
        cells[index : index + 1] = [] if value is None else [value]
    elif value is not None:
        cells.insert(_seat(cells, cell, like), value)


def _seat(cells: list[Cell], cell: str, like: bytes) -> int:
    try:
        order = [c.get("id") for c in read(like)["cells"]]
        before = order[: order.index(cell)]
    except (Unreadable, ValueError):
        return len(cells)
    here = {c.get("id"): i for i, c in enumerate(cells)}
    return next((here[name] + 1 for name in reversed(before) if name in here), 0)
