"""Layer 4: one cell, field by field, each by its own rule."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from gitcollab.model import Json
from gitcollab.notebooks.order import Spot
from gitcollab.notebooks.policy import Policy
from gitcollab.notebooks.reading import Cell
from gitcollab.notebooks.values import Weighed
from gitcollab.notebooks.weighing import ABSENT, RUN, Three, judge, same, uncounted

OWN = ("id", "cell_type", "source", "metadata", "attachments", *RUN)

LOCKED = "both edited a locked cell"
"""Why a source is contested however well its lines would merge."""

Data = dict[str, Json]


class Finding(NamedTuple):
    """What a policy decided or a person has to decide, at a field, before the cell has its name."""

    field: str
    values: Three
    verdict: Weighed


class MergedCell(NamedTuple):
    """The merged cell (None: deleted; its id is not final), and what was found on the way."""

    data: Data | None
    findings: list[Finding]


def merge_cell(spot: Spot, policy: Policy) -> MergedCell:
    """Merges one cell; what cannot be combined stays as the shared side has it, a deleted one as it was edited."""
    base, ours, theirs = spot.cells
    if ours is None or theirs is None:
        found = _one_sided(base, ours, theirs, policy)
        if spot.source is None or found.data is None:
            return found
        return MergedCell(found.data | {"source": spot.source}, found.findings)
    if base is not None and spot.source is None:
        if ours is theirs or theirs is base or ours.data == theirs.data or theirs.data == base.data:
            return MergedCell(ours.data, [])
        if ours is base or ours.data == base.data:
            return MergedCell(theirs.data, [])
    return _Fields(_with_own_attachments(spot), policy).merged()


def _with_own_attachments(spot: Spot) -> Spot:
    """Two images that the sides attached under one name get two names, each with its link."""
    _, ours, theirs = spot.cells
    if any(cell is None or not cell.data.get("attachments") for cell in (ours, theirs)):
        return spot
    trees = [(cell.data.get("attachments") or {}) if cell is not None else {} for cell in spot.cells]
    for name in sorted(trees[1].keys() & trees[2].keys() - trees[0].keys()):
        if not same(trees[1][name], trees[2][name]) and ours is not None and theirs is not None:
            if json.dumps(trees[1][name], sort_keys=True) < json.dumps(trees[2][name], sort_keys=True):
                theirs = _renamed(theirs, name)
            else:
                ours = _renamed(ours, name)
    return spot._replace(ours=ours, theirs=theirs)


def _renamed(cell: Cell, name: str) -> Cell:
    attachments = dict(cell.data["attachments"])
    content = attachments.pop(name)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    stem, dot, suffix = name.rpartition(".")
    new = f"{stem}-{digest}.{suffix}" if dot else f"{name}-{digest}"
    source = cell.source.replace(f"attachment:{name}", f"attachment:{new}")
    return Cell(cell.data | {"source": source, "attachments": attachments | {new: content}})


def _one_sided(base: Cell | None, ours: Cell | None, theirs: Cell | None, policy: Policy) -> MergedCell:
    left = ours or theirs
    if left is None:
        return MergedCell(None, [])
    if base is None:
        return MergedCell(left.data, [])
    if _bare(left.data) == _bare(base.data):
        return MergedCell(None, [])
    values = Three(base.data, ours.data if ours else ABSENT, theirs.data if theirs else ABSENT)
    verdict = judge("cell", values, policy)
    data = None if verdict.value is ABSENT else verdict.value
    return MergedCell(data, [Finding("cell", values, verdict)])


def _bare(data: Data) -> Data:
    return {name: value for name, value in data.items() if name != "id"}


def judged_cell(values: Three, policy: Policy) -> Weighed:
    """Judges two whole cells as merge does: combined where every field can be."""
    base, shared, session = values
    spot = Spot(None if base is ABSENT else Cell(base), Cell(shared), Cell(session))
    data, findings = _Fields(spot, policy).merged()
    if data is None or any(finding.verdict.is_contested for finding in findings):
        return Weighed(is_contested=True, value=shared, reason="both changed it")
    return Weighed(is_contested=False, value=data | {"id": shared["id"]} if "id" in shared else data)


class _Fields:
    def __init__(self, spot: Spot, policy: Policy) -> None:
        base, ours, theirs = spot.cells
        assert ours is not None  # noqa: S101 - one-sided cells have no fields to combine
        assert theirs is not None  # noqa: S101
        self.ours, self.theirs, self.policy, self.known = ours, theirs, policy, spot.source
        self.base = base or Cell({"cell_type": ours.kind, "metadata": {}, "source": ""})
        self.is_insert = base is None
        self.findings: list[Finding] = []

    def merged(self) -> MergedCell:
        kinds = self.base.kind, self.ours.kind, self.theirs.kind
        if len(set(kinds)) == 3 or (self.is_insert and kinds[1] != kinds[2]):
            return self._whole("its type was changed in two ways")
        kind = kinds[2] if kinds[1] == kinds[0] else kinds[1]
        data: Data = {"cell_type": kind, "source": self._source()}
        data["metadata"] = self._tree("metadata")
        attachments = self._tree("attachments")
        if attachments and kind != "code":
            data["attachments"] = attachments
        if kind == "code":
            data |= self._run()
        data |= self._unknown()
        return MergedCell(data, self.findings)

    def _whole(self, reason: str) -> MergedCell:
        verdict = Weighed(is_contested=True, value=self.ours.data, reason=reason)
        base = ABSENT if self.is_insert else self.base.data
        return MergedCell(
            self.ours.data, [Finding("cell", Three(base, self.ours.data, self.theirs.data), verdict)]
        )

    def _spot(self, field: str, values: Three) -> Json:
        verdict = judge(field, values, self.policy)
        self._found(field, values, verdict)
        return verdict.value

    def _found(self, field: str, values: Three, verdict: Weighed) -> None:
        if verdict.is_contested or verdict.taken:
            self.findings.append(Finding(field, values, verdict))

    def _source(self) -> str:
        if self.known is not None:
            return self.known
        texts = Three(self.base.source, self.ours.source, self.theirs.source)
        if self._is_locked() and len(set(texts)) == 3:
            verdict = Weighed(is_contested=True, value=texts.shared, reason=LOCKED)
            self._found("source", texts, verdict)
            return self.ours.source
        source: str = self._spot("source", texts)
        return source

    def _is_locked(self) -> bool:
        grading = self.base.data["metadata"].get("nbgrader")
        return isinstance(grading, dict) and bool(grading.get("locked"))

    def _tree(self, group: str) -> Data:
        trees = [cell.data.get(group) or {} for cell in (self.base, self.ours, self.theirs)]
        if same(trees[1], trees[2]) or same(trees[2], trees[0]):
            return trees[1]
        if same(trees[1], trees[0]):
            return trees[2]
        found = {}
        for name in sorted({**trees[1], **trees[2], **trees[0]}):
            value = self._spot(f"{group}.{name}", Three(*(tree.get(name, ABSENT) for tree in trees)))
            if value is not ABSENT:
                found[name] = value
        return found

    def _run(self) -> Data:
        """Outputs and execution count, one unit: from one side whole, the one whose source it was that changed."""
        runs = [_run_of(cell) for cell in (self.base, self.ours, self.theirs)]
        if self.base.kind != "code":  # it became code: the other side has never run it
            return runs[1] if self.ours.kind == "code" else runs[2]
        if same(runs[1], runs[2]) or same(runs[2], runs[0]) or self.theirs.kind != "code":
            return runs[1]
        if same(runs[1], runs[0]) or self.ours.kind != "code":
            return runs[2]
        edited = [cell.source != self.base.source for cell in (self.ours, self.theirs)]
        if edited[0] != edited[1]:
            return self._follow(runs, "shared" if edited[0] else "session")
        return self._rerun(runs)

    def _follow(self, runs: list[Data], side: str) -> Data:
        taken = runs[1] if side == "shared" else runs[2]
        verdict = Weighed(
            is_contested=False, value=taken["outputs"], taken=side, reason="outputs follow their source"
        )
        self._found(*self._unit(runs), verdict)
        return taken

    def _rerun(self, runs: list[Data]) -> Data:
        field, values = self._unit(runs)
        verdict = judge(field, values, self.policy)
        self._found(field, values, verdict)
        if verdict.taken == "neither":
            left = uncounted(runs[1]["outputs"]) if field == "execution_count" else []
            return {"outputs": left, "execution_count": None}
        return runs[2] if verdict.taken == "session" else runs[1]

    @staticmethod
    def _unit(runs: list[Data]) -> tuple[str, Three]:
        """The field that differs: the outputs, or, where they say the same, the count alone."""
        lasting = [uncounted(run["outputs"]) for run in runs[1:]]
        field = "execution_count" if same(*lasting) else "outputs"
        return field, Three(*(run.get(field) for run in runs))

    def _unknown(self) -> Data:
        """Members that the format does not know; the check decides what becomes of them."""
        found = {}
        for name in sorted({*self.ours.data, *self.theirs.data} - set(OWN)):
            values = Three(*(cell.data.get(name, ABSENT) for cell in (self.base, self.ours, self.theirs)))
            value = self._spot(name, values)
            if value is not ABSENT:
                found[name] = value
        return found


def _run_of(cell: Cell) -> Data:
    outputs = cell.data.get("outputs")
    return {
        "outputs": [] if outputs is None else outputs,
        "execution_count": cell.data.get("execution_count"),
    }
