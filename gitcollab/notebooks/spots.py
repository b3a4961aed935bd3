"""One spot of a notebook: read it, set it, or hold what both sides have there."""

from __future__ import annotations

from typing import Any

from gitcollab.errors import BadInput
from gitcollab.model import Json
from gitcollab.notebooks.identity import align
from gitcollab.notebooks.lines import Clean, weave
from gitcollab.notebooks.policy import group_of
from gitcollab.notebooks.reading import Cell, Notebook, Unreadable, is_cell, joined, read_any
from gitcollab.notebooks.writing import write

EMPTY: dict[str, Json] = {"source": "", "outputs": [], "execution_count": None}
"""What is at a place that cannot be missing when nothing is there."""


def pick(notebook: bytes, cell: str | None, field: str, *, like: bytes = b"") -> Json:
    """Returns what a notebook holds at a spot, None if nothing (or if it cannot be read).

    ``field`` is as in Contested. Where ``notebook`` does not have the cell's id, the cell is found that corresponds
    to the one in ``like``.
    """
    if field == "file":
        return notebook
    try:
        whole = read_any(notebook)
    except Unreadable:
        return None
    if cell is None:
        return whole.metadata.get(field.removeprefix("notebook.metadata."))
    found = _find(whole.cells, cell, like)
    return None if found is None else _field(found.data, field)


def place(notebook: bytes, cell: str | None, field: str, value: Json, *, like: bytes = b"") -> bytes:
    """Returns the notebook with a spot set, or with nothing there if ``value`` is None.

    A whole cell that is missing goes behind the cell that it follows in ``like``. A cell keeps the id that it has in
    ``notebook``. What cannot be read, or has no such cell, comes back as it is. Raises BadInput for a value that
    cannot stand at that spot.
    """
    if field == "file":
        return value if isinstance(value, bytes) else b""
    _check(field, value)
    try:
        whole = read_any(notebook)
    except Unreadable:
        return notebook
    if cell is None:
        _set(whole.metadata, field.removeprefix("notebook.metadata."), value)
    elif field == "cell":
        _place_cell(whole, cell, value, like)
    else:
        found = _find(whole.cells, cell, like)
        if found is None or _field(found.data, field) == value:
            return notebook
        _set_field(found.data, field, value)
    return write(whole)


def both(field: str, base: Json, shared: Json, session: Json) -> Json:
    """Returns a value that holds both sides' work: of a source, at each place that both changed, the shared lines and
    then the session's; of a cell the same of its source; the shared value of what cannot be joined."""
    if shared is None or session is None:
        return session if shared is None else shared
    if field == "cell" and is_cell(shared) and is_cell(session):
        old = joined(base["source"]) if is_cell(base) else None
        return shared | {"source": both("source", old, joined(shared["source"]), joined(session["source"]))}
    if field == "file" and isinstance(shared, bytes) and isinstance(session, bytes):
        return _both_texts(base if isinstance(base, bytes) else b"", shared, session)
    if isinstance(shared, str) and isinstance(session, str):
        return _both_sources(base if isinstance(base, str) else "", shared, session)
    if isinstance(shared, list) and isinstance(session, list):
        return shared + [value for value in session if value not in shared]
    if isinstance(shared, dict) and isinstance(session, dict):
        return session | shared
    return shared


def _both_sources(base: str, shared: str, session: str) -> str:
    # A last line without an end would stick to the next one.
    texts = [(text if text.endswith("\n") or not text else text + "\n") for text in (base, shared, session)]
    found = _both_texts(*(text.encode("utf-8", "surrogatepass") for text in texts)).decode(
        "utf-8", "surrogatepass"
    )
    return found if shared.endswith("\n") and session.endswith("\n") else found.removesuffix("\n")


def _both_texts(base: bytes, shared: bytes, session: bytes) -> bytes:
    parts = []
    for segment in weave(base, shared, session).segments:
        parts += [segment.lines] if isinstance(segment, Clean) else [segment.ours, segment.theirs]
    return b"".join(parts)


def _check(field: str, value: Json) -> None:
    is_fit = {
        "source": value is None or isinstance(value, str) or (isinstance(value, list) and _are_lines(value)),
        "cell": value is None or is_cell(value),
        "outputs": value is None or isinstance(value, list),
        "attachments": value is None or isinstance(value, dict),
        "execution_count": value is None or type(value) is int,
    }
    if not is_fit.get(group_of(field), True):
        raise BadInput(f"{value!r:.80} cannot be a notebook's {field}", "take the value of one of the sides")


def _are_lines(value: list[Any]) -> bool:
    return all(isinstance(line, str) for line in value)


def _find(cells: list[Cell], name: str, like: bytes) -> Cell | None:
    found = next((cell for cell in cells if cell.id == name), None)
    return _counterpart(cells, name, like) if found is None and like else found


def _counterpart(cells: list[Cell], name: str, like: bytes) -> Cell | None:
    """The cell that corresponds to the one of that id in ``like``."""
    try:
        model = read_any(like).cells
    except Unreadable:
        return None
    at = next((k for k, cell in enumerate(model) if cell.id == name), None)
    pairs = {} if at is None else align(cells, model)
    return cells[pairs[at]] if at in pairs else None


def _field(cell: dict[str, Json], field: str) -> Json:
    if field == "cell":
        return cell
    if field == "source":
        return joined(cell["source"])
    group = group_of(field)
    if group == field:
        return cell.get(field)
    members = cell.get(group)
    return members.get(field[len(group) + 1 :]) if isinstance(members, dict) else None


def _set_field(cell: dict[str, Json], field: str, value: Json) -> None:
    group = group_of(field)
    if group != field:
        _set(cell.setdefault(group, {}), field[len(group) + 1 :], value)
        if group == "attachments" and not cell[group]:
            del cell[group]
    elif (field in EMPTY and cell.get("cell_type") == "code") or field == "source":
        cell[field] = EMPTY[field] if value is None else value
    else:
        _set(cell, field, value)


def _set(into: dict[str, Json], name: str, value: Json) -> None:
    if value is None:
        into.pop(name, None)
    else:
        into[name] = value


def _place_cell(whole: Notebook, name: str, value: Json, like: bytes) -> None:
    cells = whole.cells
    found = _find(cells, name, like)
    if found is not None:
        k = cells.index(found)
        cells[k : k + 1] = [] if value is None else [_as_cell(value, found.id, whole)]
    elif value is not None:
        cells.insert(_seat(cells, name, like), _as_cell(value, name, whole))


def _as_cell(value: dict[str, Json], name: str | None, whole: Notebook) -> Cell:
    bare = {key: part for key, part in value.items() if key != "id"}
    return Cell(bare | {"id": name} if name is not None and whole.minor >= 5 else bare)


def _seat(cells: list[Cell], name: str, like: bytes) -> int:
    """Behind the counterpart of the cell that it follows in ``like``."""
    try:
        model = read_any(like).cells
    except Unreadable:
        return len(cells)
    at = next((k for k, cell in enumerate(model) if cell.id == name), None)
    if at is None:
        return len(cells)
    pairs = align(cells, model)
    return next((pairs[k] + 1 for k in range(at - 1, -1, -1) if k in pairs), 0)
