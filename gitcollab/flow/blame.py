"""Blame: which commit last changed each cell of a notebook, or each line of a text."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from gitcollab import notebooks
from gitcollab.notebooks.lines import hunks
from gitcollab.repository import Change, Commit, Repository

STEPS_LIMIT = 3000
"""Versions of the file that are looked at; what is older than they are is not told apart."""

SIZE_LIMIT = 32 * 1024 * 1024
"""Bytes of a version from which on it is not looked into."""

PREVIEW = 80

ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""A cell's id, as the notebook format (4.5) wants it."""

Unit = tuple[str, str]
"""A cell as (type, source), or a line as ('', text)."""


class Line(msgspec.Struct, frozen=True):
    """One cell (``key`` is its id) or line (its number from 1). ``is_exact``: false if history ended too early."""

    key: str
    index: int
    preview: str
    commit: Commit
    is_exact: bool = True


class _Point(msgspec.Struct, frozen=True):
    """Units still to be explained at a commit: {index in the answer: key there}."""

    commit: Commit
    path: str
    wanted: dict[int, str]


def blame(repo: Repository, tip: str, path: str) -> tuple[Line, ...]:
    """Returns, for each cell or line of the file at ``tip``, the commit that gave it its present source.

    Follows renames. A cell that came by a merge unchanged belongs to the commit on the side it came from.
    """
    run = _Blame(repo)
    units = run.units(tip, path)
    names = list(units)
    found = run.explain(_Point(repo.read(tip), path, dict(enumerate(names))))
    return tuple(Line(key, index, _preview(units[key]), *found[index]) for index, key in enumerate(names))


class _Blame:
    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._parsed = lru_cache(256)(self._parse)
        self._queue: list[tuple[int, int, str, str]] = []
        self._points: dict[tuple[str, str], _Point] = {}

    def units(self, point: str, path: str) -> dict[str, Unit]:
        """Returns the cells or lines of a file, by key, in order; none where it is absent or too large."""
        entry = self._repo.entry(point, path)
        if entry is None or not entry.is_file:
            return {}
        return self._parsed(entry.oid, path.endswith(".ipynb"))

    def explain(self, start: _Point) -> dict[int, tuple[Commit, bool]]:
        found: dict[int, tuple[Commit, bool]] = {}
        self._push(start)
        for _ in range(STEPS_LIMIT):
            if not self._queue:
                break
            *_, oid, path = heapq.heappop(self._queue)
            point = self._points.pop((oid, path))
            found |= dict.fromkeys(self._pass_on(point), (point.commit, True))
        for point in self._points.values():
            found |= dict.fromkeys(point.wanted, (point.commit, False))
        return found

    def _push(self, point: _Point) -> None:
        key = (point.commit.oid, point.path)
        known = self._points.get(key)
        if known is None:
            heapq.heappush(self._queue, (-point.commit.seconds, len(self._points), *key))
            self._points[key] = point
        else:
            known.wanted.update(point.wanted)

    def _pass_on(self, point: _Point) -> dict[int, str]:
        """Hands each unit to the first parent that has it too; returns those that none has."""
        left = dict(point.wanted)
        for parent, path in self._before(point):
            if not left:
                break
            same = self._same(point, parent.oid, path)
            passed = {index: same[key] for index, key in left.items() if key in same}
            if passed:
                self._push(_Point(parent, path, passed))
                left = {index: key for index, key in left.items() if index not in passed}
        return left

    def _before(self, point: _Point) -> Iterator[tuple[Commit, str]]:
        for oid in point.commit.parents:
            path = self._path_in(oid, point)
            if path:
                yield self._repo.read(oid), path

    def _path_in(self, parent: str, point: _Point) -> str:
        """The file's path in a parent: its own, or the one that it was renamed from."""
        if self._repo.entry(parent, point.path) is not None:
            return point.path
        changes = self._repo.changes(parent, point.commit.oid)
        near = tuple(each for each in changes if each.path == point.path or _is_gone(each))
        renamed = self._repo.renames(near, notebooks.kinship, SIZE_LIMIT)
        return next((before for before, after in renamed.items() if after == point.path), "")

    def _same(self, point: _Point, parent: str, path: str) -> dict[str, str]:
        """Returns {key here: key there} of the units that are the same in the parent."""
        here, there = self._repo.entry(point.commit.oid, point.path), self._repo.entry(parent, path)
        if here is not None and there is not None and here.oid == there.oid:
            return dict(zip(point.wanted.values(), point.wanted.values(), strict=True))
        mine, theirs = self.units(point.commit.oid, point.path), self.units(parent, path)
        if path.endswith(".ipynb"):
            return {key: key for key in point.wanted.values() if theirs.get(key) == mine[key]}
        return _kept_lines(theirs, mine)

    def _parse(self, oid: str, is_notebook: bool) -> dict[str, Unit]:
        if self._repo.size(oid) > SIZE_LIMIT:
            return {}
        data = self._repo.blob(oid)
        if is_notebook:
            return _plain_cells(data) or _cells(data)
        if not notebooks.is_text(data):
            return {}
        lines = data.decode("utf-8", "replace").split("\n")
        return {str(number): ("", line) for number, line in enumerate(lines if lines[-1] else lines[:-1], 1)}


def _plain_cells(data: bytes) -> dict[str, Unit]:
    """Returns the cells of a notebook that is as it should be, which most are; none of one that must be looked into."""
    try:
        cells = json.loads(data)["cells"]
        found = {cell["id"]: (cell["cell_type"], _joined(cell["source"])) for cell in cells}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
    is_plain = len(found) == len(cells) and all(
        isinstance(name, str) and ID.fullmatch(name) for name in found
    )
    return found if is_plain else {}


def _cells(data: bytes) -> dict[str, Unit]:
    """The same of any notebook, with the ids that its cells are given where they have none of their own."""
    cells = [(cell.id, cell.after) for cell in notebooks.diff(b"", data).cells]
    return {name: (cell["cell_type"], _joined(cell.get("source", ""))) for name, cell in cells}


def _kept_lines(old: dict[str, Unit], new: dict[str, Unit]) -> dict[str, str]:
    """Returns {number in new: number in old} of the lines that did not change."""
    texts = ["".join(f"{text}\n" for _, text in side.values()).encode() for side in (old, new)]
    kept, before, after = {}, 0, 0
    for hunk in (*hunks(*texts), None):
        end = hunk.new_start if hunk else len(new)
        while after < end:
            before, after = before + 1, after + 1
            kept[str(after)] = str(before)
        if hunk:
            before, after = hunk.end, hunk.new_end
    return kept


def _is_gone(change: Change) -> bool:
    return change.new is None


def _joined(source: object) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _preview(unit: Unit) -> str:
    return next((line.strip() for line in unit[1].split("\n") if line.strip()), "")[:PREVIEW]
