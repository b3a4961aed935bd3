"""Flushing: threads that want writes to be durable at the same time share one flush of the disk.

Who comes while a flush is under way waits for the next one, with all others who come meanwhile. Who comes alone waits
for nobody; who had company the last time gives it a moment to come (facts-security F2: one flush for 20 saves makes 24
times the saves durable that a flush for each object does).
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gitcollab.repository.durable import Pending, sync_files, sync_filesystem

AT_ONCE = 64
"""Files and directories that are flushed singly in one go: each needs a descriptor."""

FEW = 16
"""Up to so many are always flushed singly."""

FORGETTING = 0.9
"""What is left, after each flush of the other kind, of what a flush of the whole file system is thought to cost."""

WINDOW = 0.02
"""Seconds that a flush waits for as many as shared the one before it."""

Clock = Callable[[], float]


class _Flush:
    """One flush that is to come, and whom it will serve."""

    def __init__(self) -> None:
        self.wanted: list[Pending] = []
        self.may_begin, self.is_complete, self.over = (threading.Event() for _ in range(3))
        self.trouble = OSError(errno.EIO, "the flush was broken off")
        self.is_durable = False


class Flushing:
    """The flushes of one file system. May be used from any thread."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._next = _Flush()
        self._next.may_begin.set()
        self._company = 1
        self._each = 0.001  # seconds that one file takes, as last seen
        self._whole = 0.0  # seconds that the whole file system takes

    def flush(self, pending: Pending) -> None:
        """Returns when everything that was noted is durable, and forgotten; raises OSError if the disk refuses."""
        with self._guard:
            mine = self._next
            mine.wanted.append(pending)
            is_first = len(mine.wanted) == 1
            if len(mine.wanted) >= self._company:
                mine.is_complete.set()
        if is_first:
            self._lead(mine)
        else:
            mine.over.wait()
        if not mine.is_durable:
            raise OSError(mine.trouble.errno, mine.trouble.strerror)

    def _lead(self, mine: _Flush) -> None:
        mine.may_begin.wait()
        mine.is_complete.wait(WINDOW)
        with self._guard:
            self._next = _Flush()
            self._company = len(mine.wanted)
        try:
            self._flush(mine.wanted)
            for each in mine.wanted:
                each.forget()
            mine.is_durable = True
        except OSError as error:
            mine.trouble = error
        finally:
            with self._guard:
                self._next.may_begin.set()
            mine.over.set()

    def _flush(self, wanted: Sequence[Pending]) -> None:
        """Flushes in the way that has been the faster one of late.

        The whole file system at once is by far, where it is ours alone; where others write, too, all of theirs is
        waited for. Which of the two it is shows in what it takes.
        """
        found = list(dict.fromkeys(path for each in wanted for path in (*each.files, *each.directories)))
        began = self._clock()
        if len(found) <= FEW or self._whole > len(found) * self._each:
            for at in range(0, len(found), AT_ONCE):
                sync_files(found[at : at + AT_ONCE])
            self._whole *= FORGETTING
            if len(found) > FEW:
                self._each = (self._clock() - began) / len(found)
        else:
            sync_filesystem(wanted[0].top)
            self._whole = self._clock() - began


_OF: dict[int, Flushing] = {}
_GUARD = threading.Lock()


def flushing(path: Path) -> Flushing:
    """Returns the one ``Flushing`` of the file system that ``path`` lies on."""
    with _GUARD:
        return _OF.setdefault(os.stat(path).st_dev, Flushing())
