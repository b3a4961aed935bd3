"""The merge: three notebooks in, one valid notebook out, and what a person has to decide."""

from __future__ import annotations

from typing import Any

from gitcollab.model import Json
from gitcollab.notebooks.checking import faults
from gitcollab.notebooks.policy import Policy
from gitcollab.notebooks.reading import Unreadable, joined, read
from gitcollab.notebooks.values import Contested, Merge, Noted, item_id
from gitcollab.notebooks.weighing import ABSENT, judge
from gitcollab.notebooks.writing import write

STANDARD = Policy()
Cell = dict[str, Any]


def merge(base: bytes, ours: bytes, theirs: bytes, *, path: str = "", policy: Policy = STANDARD) -> Merge:
    """Merges the session's notebook (``theirs``, the newer side) into the shared one (``ours``), cell by cell.

    Never raises, whatever the bytes. The result is valid if the sides are, holds no marker, and nothing is lost:
    what cannot be combined is contested and the shared version stays (a cell that one side edited and the other
    deleted stays edited).
    """
    if ours == theirs or theirs == base:
        return Merge(notebook=ours)
    if ours == base:
        return Merge(notebook=theirs)
    try:
        return _Merging(path, policy).merged(read(base), read(ours), read(theirs))
    except Unreadable as error:
        return whole_file(base, ours, theirs, path, str(error))


def whole_file(base: bytes | None, ours: bytes | None, theirs: bytes | None, path: str, reason: str) -> Merge:
    """The shared side as it is, and one item that holds the rest."""
    item = Contested(
        id=item_id(None, "file"),
        path=path,
        cell=None,
        field="file",
        base=base,
        shared=ours,
        session=theirs,
        reason=reason,
    )
    return Merge(notebook=ours or b"", contested=(item,))


class _Merging:
    def __init__(self, path: str, policy: Policy) -> None:
        self.path, self.policy = path, policy
        self.contested: list[Contested] = []
        self.noted: list[Noted] = []

    def merged(self, base: Cell, ours: Cell, theirs: Cell) -> Merge:
        for side in (base, ours, theirs):
            if faults(side) or side["nbformat_minor"] < 5:
                raise Unreadable("cells without unique ids")
        sides = [{cell["id"]: cell for cell in side["cells"]} for side in (base, ours, theirs)]
        kept = {
            name: self._cell(name, *(side.get(name, ABSENT) for side in sides))
            for name in {**sides[1], **sides[2]}
        }
        order = _order(
            [list(side) for side in sides], {name for name, cell in kept.items() if cell is not ABSENT}
        )
        whole = {
            key: value
            for key in {**ours, **theirs}
            if (value := self._plain(key, *(side.get(key, ABSENT) for side in (base, ours, theirs))))
            is not ABSENT
        }
        whole["metadata"] = self._tree(
            None, "notebook.metadata", *(side["metadata"] for side in (base, ours, theirs))
        )
        whole["cells"] = [kept[name] for name in order]
        return Merge(notebook=write(whole), contested=tuple(self.contested), noted=tuple(self.noted))

    def _plain(self, key: str, base: Json, ours: Json, theirs: Json) -> Json:
        if key.startswith("nbformat"):
            return max(ours, theirs)
        return ours if key in ("cells", "metadata") or theirs == base else theirs

    def _spot(self, cell: str | None, field: str, base: Json, ours: Json, theirs: Json) -> Json:
        verdict = judge(field, base, ours, theirs, self.policy)
        if verdict.is_contested or verdict.taken:
            values = dict(
                zip(("base", "shared", "session"), (_none(v) for v in (base, ours, theirs)), strict=True)
            )
            spot = dict(
                id=item_id(cell, field), path=self.path, cell=cell, field=field, reason=verdict.reason
            )
            if verdict.is_contested:
                self.contested.append(Contested(**spot, **values))
            else:
                self.noted.append(Noted(**spot, **values, taken=verdict.taken))
        return verdict.value

    def _tree(self, cell: str | None, prefix: str, base: Cell, ours: Cell, theirs: Cell) -> Cell:
        names = sorted({**base, **ours, **theirs})
        found = {
            name: self._spot(
                cell, f"{prefix}.{name}", *(side.get(name, ABSENT) for side in (base, ours, theirs))
            )
            for name in names
        }
        return {name: value for name, value in found.items() if value is not ABSENT}

    def _cell(self, name: str, base: Json, ours: Json, theirs: Json) -> Json:
        if ours == theirs or theirs == base:
            return ours
        if ours == base:
            return theirs
        if base is ABSENT and ours is not ABSENT and theirs is not ABSENT:
            base = {"cell_type": ours["cell_type"], "metadata": {}, "source": ""}
        if (
            ABSENT in (ours, theirs)
            or ours["cell_type"] != theirs["cell_type"]
            or base["cell_type"] != ours["cell_type"]
        ):
            return self._spot(name, "cell", base, ours, theirs)
        result = {key: value for key, value in {**theirs, **ours}.items()}
        sources = [joined(side["source"]) for side in (base, ours, theirs)]
        result["source"] = self._spot(name, "source", *sources)
        for key in ("metadata", "attachments"):
            trees = [side.get(key, {}) for side in (base, ours, theirs)]
            tree = self._tree(name, key, *trees)
            if tree or key == "metadata":
                result[key] = tree
        if ours["cell_type"] == "code":
            result |= self._run(name, sources, base, ours, theirs)
        return result

    def _run(self, name: str, sources: list[str], base: Cell, ours: Cell, theirs: Cell) -> Cell:
        runs = [
            {key: side.get(key) for key in ("outputs", "execution_count")} for side in (base, ours, theirs)
        ]
        if runs[1] in (runs[2], runs[0]) or runs[2] == runs[0]:
            return runs[2] if runs[1] == runs[0] else runs[1]
        if sources[1] != sources[0] and sources[2] == sources[0]:
            return runs[1]
        outputs = self._spot(name, "outputs", *(run["outputs"] for run in runs))
        return next(run for run in (runs[2], runs[1], runs[0]) if run["outputs"] == outputs)


def _none(value: Json) -> Json:
    return None if value is ABSENT else value


def _order(sides: list[list[str]], kept: set[str]) -> list[str]:
    """The first side's order with the second's own cells put behind the cell they follow."""
    _, ours, theirs = sides
    order = list(ours)
    placed = set(order)
    for i, name in enumerate(theirs):
        if name not in placed:
            order.insert(order.index(theirs[i - 1]) + 1 if i else 0, name)
            placed.add(name)
    return [name for name in order if name in kept]
