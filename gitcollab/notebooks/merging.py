"""The merge: three notebooks in, one valid notebook out, and what a person has to decide."""

from __future__ import annotations

from collections.abc import Sequence

from gitcollab.notebooks.bases import folded
from gitcollab.notebooks.cells import Data, Finding, merge_cell
from gitcollab.notebooks.checking import faults
from gitcollab.notebooks.completing import completed
from gitcollab.notebooks.naming import names
from gitcollab.notebooks.order import Spot, spots
from gitcollab.notebooks.policy import STANDARD, Policy
from gitcollab.notebooks.reading import Cell, Known, Notebook, Unreadable, read_any
from gitcollab.notebooks.splits import regrouped
from gitcollab.notebooks.values import Contested, Merge, Noted, Weighed, item_id
from gitcollab.notebooks.weighing import ABSENT, Three, judge, same
from gitcollab.notebooks.writing import write


def merge(
    base: bytes | Sequence[bytes], ours: bytes, theirs: bytes, *, path: str = "", policy: Policy = STANDARD
) -> Merge:
    """Merges the session's notebook (``theirs``, the newer side) into the shared one (``ours``), cell by cell.

    ``base`` is what both come from; several of them, as criss-crossing histories have, are folded into one.
    Never raises, whatever the bytes. The result is valid if the sides are, holds no marker, and nothing is lost:
    what cannot be combined is contested and the shared version stays (a cell that one side edited and the other
    deleted stays edited).
    """
    bases = [base] if isinstance(base, bytes) else list(dict.fromkeys(base)) or [b""]
    if ours == theirs or theirs in bases:
        return Merge(notebook=ours)
    if ours in bases:
        return Merge(notebook=theirs)
    try:
        return _Merging(path, policy).merged(bases, ours, theirs)
    except Unreadable as error:
        return whole_file(bases[0], ours, theirs, path, str(error))
    except RecursionError:
        return whole_file(bases[0], ours, theirs, path, "nested too deeply")


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


CONVERTED = Finding(
    "notebook.nbformat",
    Three(ABSENT, ABSENT, ABSENT),
    Weighed(
        is_contested=False,
        value=4,
        taken="both",
        reason="read through nbformat's converter, written as version 4",
    ),
)
"""The note on a merge of notebooks of which one was in an older format."""


class _Merging:
    def __init__(self, path: str, policy: Policy) -> None:
        self.path, self.policy = path, policy
        self.contested: list[Contested] = []
        self.noted: list[Noted] = []

    def merged(self, bases: Sequence[bytes], one: bytes, two: bytes) -> Merge:
        known = Known()
        ours, theirs = read_any(one, known), read_any(two, known)
        base = folded([read_any(data, known) for data in bases], ours, theirs)
        kept: list[tuple[Spot, Data, Sequence[Finding]]] = []
        for spot in without_blanks(regrouped(spots(base.cells, ours.cells, theirs.cells))):
            if spot.ours is not None and spot.ours is spot.base is spot.theirs and spot[3:] == (None, None):
                kept.append((spot, spot.ours.data, ()))  # nobody touched it, as mostly
                continue
            merged = merge_cell(spot, self.policy)
            if merged.data is not None:
                kept.append((spot, merged.data, [*merged.findings, *_moved_apart(spot)]))
            else:
                self._report(None if spot.base is None else spot.base.id, merged.findings)
        if ours.is_converted or theirs.is_converted:
            self._report(None, [CONVERTED])
        top = self._top(base, ours, theirs)
        needs_names = any(f.verdict.is_contested for _, _, findings in kept if findings for f in findings)
        if needs_names:
            top["nbformat_minor"] = max(5, top["nbformat_minor"])
        ids = names([spot for spot, _, _ in kept]) if top["nbformat_minor"] >= 5 else [None] * len(kept)
        cells = []
        for (spot, data, findings), name in zip(kept, ids, strict=True):
            cells.append(_named(spot, data, name))
            if findings:
                self._report(name, findings)
        return self._written(Notebook(top, cells), (ours, theirs), (one, two))

    def _written(self, result: Notebook, sides: tuple[Notebook, Notebook], raw: tuple[bytes, bytes]) -> Merge:
        if self._faults(result, sides):
            result = completed(result)
            if wrong := self._faults(result, sides):
                raise Unreadable(wrong[0])
        notebook = next((data for side, data in zip(sides, raw, strict=True) if _equal(side, result)), None)
        return Merge(
            notebook=write(result) if notebook is None else notebook,
            contested=tuple(self.contested),
            noted=tuple(self.noted),
        )

    def _faults(self, result: Notebook, sides: tuple[Notebook, Notebook]) -> list[str]:
        """What would make the result worse than the shared side is: that one's own cells need no check."""
        trusted = [sides[0]] if result.minor == sides[0].minor else []
        wrong = faults(result, trusted)
        if wrong and any(" id" not in fault for fault in faults(sides[0])):
            wrong = faults(result, sides)
        return wrong

    def _report(self, cell: str | None, findings: Sequence[Finding]) -> None:
        for finding in findings:
            if finding.verdict.is_contested:
                self.contested.append(_contested(self.path, cell, finding))
            else:
                self.noted.append(_noted(self.path, cell, finding))

    def _top(self, base: Notebook, ours: Notebook, theirs: Notebook) -> Data:
        found: Data = {}
        for name in sorted({*ours.top, *theirs.top}):
            values = [side.top.get(name, ABSENT) for side in (base, ours, theirs)]
            if name == "metadata":
                found[name] = self._metadata(*values)
            elif name in ("nbformat", "nbformat_minor"):
                found[name] = max(values[1:])
            else:
                value = values[1] if same(values[2], values[0]) or values[1] is not ABSENT else values[2]
                if value is not ABSENT:
                    found[name] = value
        return found

    def _metadata(self, base: Data, ours: Data, theirs: Data) -> Data:
        found = {}
        findings = []
        for name in sorted({**base, **ours, **theirs}):
            values = Three(*(side.get(name, ABSENT) for side in (base, ours, theirs)))
            field = f"notebook.metadata.{name}"
            verdict = judge(field, values, self.policy)
            if verdict.is_contested or verdict.taken:
                findings.append(Finding(field, values, verdict))
            if verdict.value is not ABSENT:
                found[name] = verdict.value
        self._report(None, findings)
        return found


def _moved_apart(spot: Spot) -> list[Finding]:
    """The note on a cell that both sides moved, to different places."""
    if spot.places is None:
        return []
    *values, taken = spot.places
    reason = "both moved it; the place nearer to the beginning"
    verdict = Weighed(is_contested=False, value=None, taken=taken, reason=reason)
    return [Finding("place", Three(*values), verdict)]


def without_blanks(found: list[Spot]) -> list[Spot]:
    """Drops empty cells that one side inserted beside a real one of the other."""
    kept = []
    for k, spot in enumerate(found):
        if spot.base is not None or not (_is_blank(spot) and _has_real_neighbour(found, k)):
            kept.append(spot)
    return kept


def _is_blank(spot: Spot) -> bool:
    return all(cell is None or cell.is_blank for cell in (spot.ours, spot.theirs))


def _has_real_neighbour(found: list[Spot], k: int) -> bool:
    """Whether in the same run of inserted cells one stands that only the other side has."""
    is_ours = found[k].theirs is None
    if not is_ours and found[k].ours is not None:
        return False
    for step in (-1, 1):
        n = k + step
        while 0 <= n < len(found) and found[n].base is None:
            other = found[n].theirs if is_ours else found[n].ours
            if other is not None and not other.is_blank:
                return True
            n += step
    return False


def _named(spot: Spot, data: Data, name: str | None) -> Cell:
    """The merged cell under its final id: a side's own cell if that is what it is."""
    for cell in (spot.ours, spot.theirs):
        if cell is not None and cell.data is data and data.get("id") == name:
            return cell
    bare = {key: value for key, value in data.items() if key != "id"}
    return Cell(bare if name is None else bare | {"id": name})


def _equal(side: Notebook, result: Notebook) -> bool:
    return (
        len(side.cells) == len(result.cells)
        and same(side.top, result.top)
        and all(
            a is b or (a.source == b.source and same(a.data, b.data))
            for a, b in zip(side.cells, result.cells, strict=True)
        )
    )


def _contested(path: str, cell: str | None, finding: Finding) -> Contested:
    base, shared, session = finding.values.as_told()
    return Contested(
        id=item_id(cell, finding.field),
        path=path,
        cell=cell,
        field=finding.field,
        base=base,
        shared=shared,
        session=session,
        reason=finding.verdict.reason,
    )


def _noted(path: str, cell: str | None, finding: Finding) -> Noted:
    base, shared, session = finding.values.as_told()
    return Noted(
        id=item_id(cell, finding.field),
        path=path,
        cell=cell,
        field=finding.field,
        base=base,
        shared=shared,
        session=session,
        taken=finding.verdict.taken,
        reason=finding.verdict.reason,
    )
