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

Shape = tuple[int, int, int]
"""A file's inode, size in bytes, and time of change in nanoseconds."""

REMEMBERED = 1000
"""Files of which it is remembered how Jupyter left them."""

LARGEST = 100_000_000
"""Bytes that are kept at most, of all files together, until gitcollab has them."""


class Overwritten:
    """What was replaced and is not brought yet, by file, oldest first. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Shape] = {}
        self._kept: dict[str, deque[bytes]] = {}
        self._size = 0

    def know(self, file: str) -> None:
        """Notes that a file is as Jupyter has just written it. Never raises."""
        name = os.path.realpath(file)
        with suppress(OSError, ValueError), self._lock:
            self._known.pop(name, None)
            self._known[name] = _shape(name)
            while len(self._known) > REMEMBERED:
                del self._known[next(iter(self._known))]

    def keep(self, file: str) -> bool:
        """Keeps what a file holds if that is not what Jupyter left there; called before Jupyter writes. Never raises.

        False if it would have to be kept but is too much.
        """
        name = os.path.realpath(file)
        with suppress(OSError, ValueError), self._lock:
            shape = _shape(name)
            if self._known.get(name) == shape:
                return True
            if self._size + shape[1] > LARGEST:
                return False
            data = Path(name).read_bytes()
            self._kept.setdefault(name, deque()).append(data)
            self._size += len(data)
        return True

    def oldest(self, file: Path) -> bytes | None:
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
                self._size -= len(kept.popleft())
            if not kept:
                self._kept.pop(name, None)

    def forget(self, file: str) -> None:
        """Forgets all that was kept of a file: it is in no collab."""
        name = os.path.realpath(file)
        with self._lock:
            self._size -= sum(map(len, self._kept.pop(name, ())))


def _shape(name: str) -> Shape:
    found = os.stat(name)
    return found.st_ino, found.st_size, found.st_mtime_ns
