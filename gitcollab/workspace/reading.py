"""Reading a file that other programs write: whole, regular, beneath its root, or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from gitcollab.errors import Unavailable, Unusable
from gitcollab.workspace import beneath

TICK = 20_000_000  # ns; longer than any kernel's clock tick, so that a later write shows in the time stamps
COARSE = 2_000_000_000  # ns; the granularity of FAT, the coarsest there is
SETTLED = 2_000_000_000  # ns; a notebook that does not parse counts as being written for so long
MARKER = 30_000_000_000  # ns; Jupyter's backup marks a save in progress for so long
OUTSIDE = frozenset({errno.ELOOP, errno.EXDEV})


class Unstable(Unavailable):
    """Somebody is writing the file just now; a moment later it can be read."""


class Skipped(Unusable):
    """The file is not taken in. ``reason``: too-large, unreadable, outside, not-regular, name, half-written."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} is not taken in: {reason}", path=path, reason=reason)
        self.path, self.reason = path, reason


@dataclass(frozen=True, slots=True)
class Stat:
    """What tells that a file has changed. ``is_racy``: a change right after might not show, so look once more."""

    ino: int
    size: int
    mtime_ns: int
    ctime_ns: int
    is_racy: bool = False

    @classmethod
    def of(cls, found: os.stat_result) -> Stat:
        """Takes the four figures from what the kernel says."""
        return cls(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def is_same(self, other: Stat | None) -> bool:
        """Whether nothing has changed since, as far as the time stamps can tell."""
        return other is not None and replace(self, is_racy=False) == replace(other, is_racy=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """A file's bytes and the stat they were read at."""

    data: bytes
    stat: Stat


def read_stable(root: Path, path: str, *, limit: int) -> bytes:
    """Returns the file's bytes, which were whole and did not change while they were read; see ``take``."""
    return take(root, path, limit=limit).data


def take(root: Path, path: str, *, limit: int) -> Taken:
    """Reads a file beneath the root, once.

    ``limit`` is in bytes. Jupyter truncates and rewrites in place, with ``.~NAME`` beside it
    (jupyter_server, fileio.atomic_writing), so a file is whole only if that marker is absent before and after,
    its stat stays, and a notebook parses.

    :raises FileNotFoundError: there is no such file.
    :raises Unstable: somebody is writing it; try again.
    :raises Skipped: it is none that may be read, and why.
    """
    try:
        with beneath.opened(root, path) as fd:
            return _whole(root, path, fd, limit)
    except OSError as error:
        raise _told(error, path) from error


def is_exactly(root: Path, path: str, data: bytes) -> bool:
    """Whether the file beneath the root holds exactly ``data`` now, however young it is."""
    try:
        with beneath.opened(root, path) as fd:
            _check(found := os.fstat(fd), path, len(data))
            return found.st_size == len(data) and _read(fd, found.st_size) == data
    except (OSError, Skipped):
        return False


def is_json(data: bytes) -> bool:
    """Whether the bytes parse as JSON, as Python's own parser takes it (NaN and Infinity are in real notebooks)."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        try:
            json.loads(data)
        except (ValueError, RecursionError):
            return False
    return True


def _whole(root: Path, path: str, fd: int, limit: int) -> Taken:
    before = os.fstat(fd)
    _check(before, path, limit)
    is_marked = _is_marked(root, path)
    data = _read(fd, before.st_size)
    after = os.fstat(fd)
    now = time.time_ns()
    is_moved = (
        Stat.of(before) != Stat.of(after) or len(data) != after.st_size or not _is_still(root, path, after)
    )
    if is_moved or is_marked or _is_marked(root, path) or 0 <= now - after.st_mtime_ns < TICK:
        raise Unstable(f"{path} is being written", "try again in a moment")
    if path.endswith(".ipynb") and not is_json(data):
        _wait_for_json(root, path, now - after.st_mtime_ns)
    is_racy = after.st_mtime_ns % 1_000_000_000 == 0 and 0 <= now - after.st_mtime_ns < COARSE
    return Taken(data, replace(Stat.of(after), is_racy=is_racy))


def _check(found: os.stat_result, path: str, limit: int) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Skipped(path, "not-regular")
    if found.st_nlink > 1:  # a hard link may be another person's file
        raise Skipped(path, "outside")
    if found.st_size > limit:
        raise Skipped(path, "too-large")


def _read(fd: int, size: int) -> bytes:
    """Reads at most one byte more than there should be: a file that grows meanwhile is not read for ever."""
    chunks: list[bytes] = []
    left = size + 1
    while left > 0 and (chunk := os.read(fd, min(left, 1 << 20))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _marker(root: Path, path: str) -> os.stat_result | None:
    above, _, name = path.rpartition("/")
    try:
        return (root / above / f".~{name}").lstat()
    except OSError:
        return None


def _is_marked(root: Path, path: str) -> bool:
    """Whether Jupyter is saving now; a marker that a killed Jupyter left behind stops counting after a while."""
    marker = _marker(root, path)
    return marker is not None and abs(time.time_ns() - marker.st_ctime_ns) < MARKER


def _is_still(root: Path, path: str, found: os.stat_result) -> bool:
    try:
        return (root / path).lstat().st_ino == found.st_ino
    except OSError:
        return False


def _wait_for_json(root: Path, path: str, age: int) -> None:
    """A notebook that does not parse is half-written: by somebody now, or by somebody who died doing it."""
    if 0 <= age < SETTLED:
        raise Unstable(f"{path} does not parse yet", "try again in a moment")
    if _marker(root, path):
        raise Skipped(path, "half-written")


def _told(error: OSError, path: str) -> Exception:
    if isinstance(error, FileNotFoundError):
        return error
    if error.errno in OUTSIDE:
        return Skipped(path, "outside")
    if isinstance(error, NotADirectoryError):
        return FileNotFoundError(error.errno, error.strerror, path)
    if isinstance(error, PermissionError):
        return Skipped(path, "unreadable")
    if error.errno in {errno.ENXIO, errno.EISDIR}:  # a socket
        return Skipped(path, "not-regular")
    return Skipped(path, "unreadable") if error.errno in {errno.EIO, errno.ESTALE} else error
