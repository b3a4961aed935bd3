"""Overwritten: what another program has written into a file, kept when a save of Jupyter is about to replace it.

The server's watcher looks at a file a moment after it has changed; whoever presses Overwrite sooner would be the only
one who ever had what was there.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

Shape = tuple[int, int, int]
"""A file's inode, size in bytes, and time of change in nanoseconds."""

REMEMBERED = 1000
"""Files of which it is remembered how they were last."""

LARGEST = 100_000_000
"""Bytes that are kept at most, of all files together, until gitcollab has them."""


class Replaced(NamedTuple):
    """What was in a file before Jupyter wrote over it, and the version that the file had been of before that."""

    data: bytes
    version: str


class Overwritten:
    """What was replaced and is not brought yet, by file, oldest first. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Shape, str]] = {}
        self._kept: dict[str, deque[Replaced]] = {}
        self._size = 0

    def took(self, file: Path, shape: Shape, version: str) -> None:
        """Notes that gitcollab has a file as it was in that shape, as ``version``."""
        name = os.path.realpath(file)
        with self._lock:
            self._known.pop(name, None)
            self._known[name] = shape, version
            while len(self._known) > REMEMBERED:
                del self._known[next(iter(self._known))]

    def wrote(self, file: str) -> None:
        """Notes that a file is as Jupyter has just written it. Never raises."""
        name = os.path.realpath(file)
        with suppress(OSError, ValueError), self._lock:
            if name in self._known:
                self._known[name] = shape_of(name), self._known[name][1]

    def keep(self, file: str) -> bool:
        """Keeps what a file holds if that is neither Jupyter's nor known; called before Jupyter writes. Never raises.

        A file that gitcollab has never had from here is left to the watcher. False if it should be kept but is too
        much.
        """
        name = os.path.realpath(file)
        with suppress(OSError, ValueError), self._lock:
            known = self._known.get(name)
            if known is None or known[0] == (shape := shape_of(name)):
                return True
            if self._size + shape[1] > LARGEST:
                return False
            data = Path(name).read_bytes()
            self._kept.setdefault(name, deque()).append(Replaced(data, known[1]))
            self._size += len(data)
        return True

    def oldest(self, file: Path) -> Replaced | None:
        """Returns what was replaced first, None if nothing waits."""
        with self._lock:
            kept = self._kept.get(os.path.realpath(file))
            return kept[0] if kept else None

    def forget_oldest(self, file: Path) -> None:
        """Forgets that: gitcollab has it."""
        name = os.path.realpath(file)
        with self._lock:
            kept = self._kept.get(name)
            if kept:
                self._size -= len(kept.popleft().data)
            if not kept:
                self._kept.pop(name, None)

    def forget(self, file: str) -> None:
        """Forgets a file: it is in no collab."""
        name = os.path.realpath(file)
        with self._lock:
            self._known.pop(name, None)
            self._size -= sum(len(each.data) for each in self._kept.pop(name, ()))


def shape_of(file: str | Path) -> Shape:
    """How a file is just now, for less than its bytes; another one is told from it. OSError if it is not there."""
    found = os.stat(file)
    return found.st_ino, found.st_size, found.st_mtime_ns
