"""One spot of a notebook: read it, set it, or hold what both sides have there."""

from __future__ import annotations

import difflib
from typing import Any

from gitcollab.model import Json
from gitcollab.notebooks.identity import align
from gitcollab.notebooks.reading import Cell as Parsed
from gitcollab.notebooks.reading import Notebook, Unreadable, joined, read
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
        return whole.metadata.get(field.removeprefix("notebook.metadata."))
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
        _set(whole.metadata, field.removeprefix("notebook.metadata."), value)
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


def _find(whole: Notebook, cell: str, like: bytes) -> Cell | None:
    found = next((c for c in whole.cells if c.id == cell), None)
    if found is None and like:
        found = _counterpart(whole.cells, cell, like)
    return None if found is None else found.data


def _counterpart(cells: list[Parsed], cell: str, like: bytes) -> Parsed | None:
    """The cell that corresponds to the one of that id in ``like``."""
    try:
        model = read(like).cells
    except Unreadable:
        return None
    pairs = align(cells, model)
    return next((cells[pairs[k]] for k, c in enumerate(model) if c.id == cell and k in pairs), None)


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


def _place_cell(whole: Notebook, cell: str, value: Json, like: bytes) -> None:
    cells = whole.cells
    found = next((c for c in cells if c.id == cell), None) or (
        _counterpart(cells, cell, like) if like else None
    )
    if found is not None:
        k = cells.index(found)
        cells[k : k + 1] = [] if value is None else [Parsed(value)]
    elif value is not None:
        cells.insert(_seat(cells, cell, like), Parsed(value))


def _seat(cells: list[Parsed], cell: str, like: bytes) -> int:
    """Behind the counterpart of the cell that it follows in ``like``."""
    try:
        model = read(like).cells
    except Unreadable:
        return len(cells)
    at = next((k for k, c in enumerate(model) if c.id == cell), None)
    if at is None:
        return len(cells)
    pairs = align(cells, model)
    return next((pairs[k] + 1 for k in range(at - 1, -1, -1) if k in pairs), 0)
