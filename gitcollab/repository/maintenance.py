"""Maintenance: history is packed early and often, so that it stays small; nothing is ever thrown away here.

Packing every 300 saves keeps 3,000 saves of a 50 kB notebook at 7.6 MB instead of 115 (facts-git 12); one late packing
is the worst of all.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from gitcollab.repository.running import run

_ALONE: dict[Path, threading.Lock] = {}
_MAKING = threading.Lock()

COUNT_DUE = 1000
"""Loose objects from which on packing is due: some 300 saves."""

SIZE_DUE = 256 * 1024 * 1024
"""Bytes of loose objects from which on packing is due: they lie uncompressed."""


PACKS_DUE = 12
"""Packs from which on the small ones are joined."""


class Loose(msgspec.Struct, frozen=True):
    """How many objects lie loose, and how many bytes they take."""

    count: int
    size: int

    @property
    def is_due(self) -> bool:
        """Whether it is time to pack them."""
        return self.count >= COUNT_DUE or self.size >= SIZE_DUE


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keeps packing and whatever takes a repository's place apart, in this process, which is the only one to do so."""
    with _MAKING:
        lock = _ALONE.setdefault(path, threading.Lock())
    with lock:
        yield


def loose(path: Path) -> Loose:
    """Counts the loose objects of the repository at ``path``; some milliseconds."""
    with os.scandir(path / "objects") as directories:
        sizes = [size for one in directories if len(one.name) == 2 for size in _sizes(one.path)]
    return Loose(len(sizes), sum(sizes))


def maintain(path: Path, *, is_thorough: bool = False, deadline: float = 1800) -> Loose:
    """Packs objects and refs and writes the commit graph; returns what was loose before.

    Saves and reads go on meanwhile. What refs reach is packed by walking it: told the paths, git packs the versions of
    a notebook into a sixth of what it makes of the same objects without. ``is_thorough`` packs everything into one pack
    (for the night). Each of the steps has ``deadline`` seconds; what is not done is done next time.
    """
    with alone(path):
        return _maintained(path, is_thorough, deadline)


def _maintained(path: Path, is_thorough: bool, deadline: float) -> Loose:
    before = loose(path)
    if is_thorough:
        run(path, "repack", "-d", "-q", "-a", "--keep-unreachable", deadline=deadline)
    else:
        run(path, "repack", "-d", "-q", deadline=deadline)
        if loose(path).is_due or _packs(path) > PACKS_DUE:
            run(path, "repack", "-d", "-q", "--geometric=2", "--write-midx", deadline=deadline)
    run(path, "pack-refs", "--all", deadline=deadline)
    run(path, "commit-graph", "write", "--reachable", "--changed-paths", "--no-progress", deadline=deadline)
    return before


def _packs(path: Path) -> int:
    return sum(1 for _ in (path / "objects" / "pack").glob("*.pack"))


def _sizes(directory: str) -> list[int]:
    found: list[int] = []
    with suppress(FileNotFoundError), os.scandir(directory) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # a packing that is under way removes what it has packed
                found += [entry.stat().st_size] if len(entry.name) == 38 else []
    return found
