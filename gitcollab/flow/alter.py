"""What changed between two commits, by file and by cell, bounded so that an event can carry it."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from gitcollab import notebooks
from gitcollab.model import CellChange, FileChange
from gitcollab.notebooks.lines import hunks
from gitcollab.repository import Change, Entry, Repository

OWN = ".gitcollab"
"""The service's own directory in every tree; no reader is shown it."""

TEXT_LIMIT = 2000
"""Characters of a source in a change."""

CELLS_LIMIT = 300
"""Cell changes in all files of one comparison together."""

FILES_LIMIT = 1000
"""Files in one comparison; more are counted only."""

_SURROGATE = re.compile("[\ud800-\udfff]")

SIZE_LIMIT = 4 * 1024 * 1024
"""Bytes of a file from which on it is not looked into, unless the caller has the time: events wait for this."""


KEPT = 32
"""Comparisons of two blobs that are kept: one save is told as saved, landed and once for each session it reached."""


def changes_between(
    repo: Repository, old: str | None, new: str, path: str = "", size_limit: int = SIZE_LIMIT
) -> tuple[FileChange, ...]:
    """Returns what changed from ``old`` (None: nothing) to ``new``, of one file (as ``new`` calls it) if given.

    A removed and an added notebook of one kinship are one that was renamed. What is cut is said in ``summary``: cells
    of files that are too large, too many or no notebooks, and on the last file, how many more files there are.
    """
    found = tuple(change for change in repo.changes(old, new) if not is_ours(change.path))
    renamed = repo.renames(found, notebooks.kinship, size_limit)
    if path:
        found = tuple(each for each in found if path in {each.path, renamed.get(each.path)})
    by_path = {change.path: change for change in found}
    pairs = [(by_path[before], by_path[after]) for before, after in renamed.items() if before in by_path]
    single = [each for each in found if each.path not in {name for pair in renamed.items() for name in pair}]
    altered = sorted([_Pair(each.path, each.path, each.old, each.new) for each in single] + _joined(pairs))
    return _bounded([_file_change(repo, each, size_limit) for each in altered[:FILES_LIMIT]], len(altered))


def is_ours(path: str) -> bool:
    """Whether the path belongs to the service's own directory."""
    return path == OWN or path.startswith(f"{OWN}/")


def printable(text: str) -> str:
    """Returns the text so that every reader can print it: what is no character becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


class _Pair(msgspec.Struct, frozen=True, order=True):
    path: str
    old_path: str
    old: Entry | None
    new: Entry | None


def _joined(pairs: Sequence[tuple[Change, Change]]) -> list[_Pair]:
    return [_Pair(after.path, before.path, before.old, after.new) for before, after in pairs]


def _file_change(repo: Repository, pair: _Pair, size_limit: int) -> FileChange:
    cells, summary = _contents(repo, pair, size_limit)
    kind = "added" if pair.old is None else "removed" if pair.new is None else "changed"
    is_renamed = pair.path != pair.old_path
    return FileChange(
        path=printable(pair.path),
        kind="renamed" if is_renamed else kind,
        old_path=printable(pair.old_path) if is_renamed else "",
        cells=cells,
        summary=summary,
    )


def _contents(repo: Repository, pair: _Pair, size_limit: int) -> tuple[tuple[CellChange, ...], str]:
    sides = [side for side in (pair.old, pair.new) if side is not None]
    if not all(side.is_file for side in sides):
        return (), "a link or submodule"
    if len(sides) == 2 and sides[0].oid == sides[1].oid:
        return (), "" if sides[0].mode == sides[1].mode else "may be run now, or no longer"
    if pair.new is None:
        return (), ""
    if any(repo.size(side.oid) > size_limit for side in sides):
        return (), "too large to look into"
    return _KEPT.compared(repo, pair)


class _Kept:
    """The last comparisons, by what was compared. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[str, str, bool], tuple[tuple[CellChange, ...], str]] = OrderedDict()

    def compared(self, repo: Repository, pair: _Pair) -> tuple[tuple[CellChange, ...], str]:
        oids = [side.oid if side else "" for side in (pair.old, pair.new)]
        key = (oids[0], oids[1], pair.path.endswith(".ipynb"))
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        old, new = (repo.blob(side.oid) if side else b"" for side in (pair.old, pair.new))
        compared = _cells(old, new) if key[2] else ((), _lines(old, new))
        with self._lock:
            self._found[key] = compared
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return compared


_KEPT = _Kept()


def _cells(old: bytes, new: bytes) -> tuple[tuple[CellChange, ...], str]:
    diff = notebooks.diff(old, new)
    if diff.problem:
        return (), f"cannot be compared by cell: {printable(diff.problem)}"
    return tuple(map(_cut, diff.changes)), ""


def _cut(change: CellChange) -> CellChange:
    return msgspec.structs.replace(
        change,
        cell=printable(change.cell)[:TEXT_LIMIT],
        before=printable(change.before)[:TEXT_LIMIT],
        after=printable(change.after)[:TEXT_LIMIT],
    )


def _lines(old: bytes, new: bytes) -> str:
    if not (notebooks.is_text(old) and notebooks.is_text(new)):
        return f"binary, {len(old)} to {len(new)} bytes"
    segments = hunks(old, new)
    added = sum(each.new_end - each.new_start for each in segments)
    removed = sum(each.end - each.start for each in segments)
    return f"+{added} \N{MINUS SIGN}{removed} lines"


def _bounded(files: list[FileChange], count: int) -> tuple[FileChange, ...]:
    left = CELLS_LIMIT
    for index, each in enumerate(files):
        if len(each.cells) > left:
            more = f"and {len(each.cells) - left} more changes"
            files[index] = msgspec.structs.replace(each, cells=each.cells[:left], summary=more)
        left -= len(files[index].cells)
    if count > len(files):
        last = f"{files[-1].summary} (and {count - len(files)} more files)".strip()
        files[-1] = msgspec.structs.replace(files[-1], summary=last)
    return tuple(files)
