"""The diff: what changed from one notebook to another, cell by cell."""

from __future__ import annotations

from typing import Any

import msgspec

from gitcollab.model import CellChange, Json
from gitcollab.notebooks.lines import Hunk, hunks
from gitcollab.notebooks.reading import Unreadable, joined, read

SHOWN = 2000
"""Characters of a source that a CellChange carries."""

Cell = dict[str, Any]


class CellDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One cell in both versions. ``kind`` is same, added, removed or changed; indexes count from 0."""

    kind: str
    id: str
    cell_type: str
    before: Json
    after: Json
    before_index: int | None = None
    after_index: int | None = None
    is_moved: bool = False
    hunks: tuple[Hunk, ...] = ()
    outputs_changed: bool = False
    metadata_changed: bool = False


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one notebook to another. ``cells`` are in the order of the newer one."""

    cells: tuple[CellDiff, ...]
    notebook_metadata: tuple[str, ...] = ()
    problem: str = ""

    @property
    def changes(self) -> tuple[CellChange, ...]:
        """The changes alone, with bounded text, as events carry them."""
        return tuple(change for cell in self.cells for change in _changes(cell))

    def nbdime(self) -> list[Json]:
        """The same in nbdime's own diff format."""
        return []


def diff(a: bytes, b: bytes) -> Diff:
    """Compares two notebooks; never raises: what cannot be read is said in ``problem``."""
    try:
        old, new = ([c.data for c in read(data).cells] if data else [] for data in (a, b))
    except Unreadable as error:
        return Diff(cells=(), problem=str(error))
    before = {_name(i, cell): (i, cell) for i, cell in enumerate(old)}
    found = []
    for i, cell in enumerate(new):
        j, was = before.pop(_name(i, cell), (None, None))
        found.append(_compared(_name(i, cell), was, cell, j, i))
    found += [_compared(name, was, None, i, None) for name, (i, was) in before.items()]
    return Diff(cells=tuple(found))


def _name(index: int, cell: Cell) -> str:
    return str(cell.get("id", index))


def _compared(
    name: str, was: Cell | None, cell: Cell | None, before: int | None, after: int | None
) -> CellDiff:
    model: Cell = cell or was or {}
    kind = "added" if was is None else "removed" if cell is None else "same" if was == cell else "changed"
    texts = [joined(side["source"]).encode("utf-8", "surrogatepass") if side else b"" for side in (was, cell)]
    runs = [(side or {}).get("outputs", []) for side in (was, cell)]
    metadata = [(side or {}).get("metadata", {}) for side in (was, cell)]
    return CellDiff(
        kind=kind,
        id=name,
        cell_type=model["cell_type"],
        before=was,
        after=cell,
        before_index=before,
        after_index=after,
        hunks=tuple(hunks(*texts)),
        outputs_changed=runs[0] != runs[1],
        metadata_changed=metadata[0] != metadata[1],
    )


def _changes(cell: CellDiff) -> list[CellChange]:
    kinds = []
    if cell.kind in ("added", "removed"):
        kinds = [cell.kind]
    else:
        kinds += ["moved"] if cell.is_moved else []
        kinds += ["source"] if cell.hunks else []
        kinds += ["outputs"] if cell.outputs_changed else []
        kinds += ["metadata"] if cell.metadata_changed else []
    return [
        CellChange(
            kind=kind,
            cell=cell.id,
            cell_type=cell.cell_type,
            before_index=cell.before_index,
            after_index=cell.after_index,
            before=joined(cell.before["source"])[:SHOWN] if cell.before else "",
            after=joined(cell.after["source"])[:SHOWN] if cell.after else "",
        )
        for kind in kinds
    ]
