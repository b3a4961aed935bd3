"""Makes writes survive a power cut: files, directories and whole file systems are flushed here.

libgit2 flushes nothing by default (facts-git 2.5), and its calls hold Python's lock; these do not.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from pathlib import Path

THREADS = 16
"""Files that are waited for side by side."""

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.sync_file_range.argtypes = (ctypes.c_int, ctypes.c_longlong, ctypes.c_longlong, ctypes.c_uint)
_START_WRITING = 2  # SYNC_FILE_RANGE_WRITE


class Pending:
    """Files and directories that were written and must be durable before a ref says so."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.files: dict[Path, None] = {}
        self.directories: dict[Path, None] = {}

    def add(self, *files: Path, directories: Iterable[Path] = ()) -> None:
        """Notes files, whose directories come along, and further directories."""
        self.files |= dict.fromkeys(files)
        self.directories |= dict.fromkeys([*(file.parent for file in files), *directories])

    def forget(self) -> None:
        """Forgets what was noted: it is durable."""
        self.files.clear()
        self.directories.clear()


def sync_files(paths: Iterable[Path]) -> None:
    """Makes files or directories durable. What has vanished was packed, by a program that flushes its packs.

    Writing is started on all before any is waited for, and they are waited for side by side: so they share commits of
    the file system's journal and flushes of the disk's cache, of which each alone would cause one.
    """
    handles = [handle for path in paths if (handle := _opened(path)) is not None]
    try:
        for handle in handles:
            _LIBC.sync_file_range(handle, 0, 0, _START_WRITING)  # a hint; fsync below says what is true
        if THREADS > 1 and len(handles) > 1:
            begun = [_threads().submit(os.fsync, handle) for handle in handles]
            wait(begun)
            for one in begun:
                one.result()
        else:
            for handle in handles:
                os.fsync(handle)
    finally:
        for handle in handles:
            os.close(handle)


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable. One that has vanished held only what was packed meanwhile."""
    sync_files([path])


def sync_filesystem(path: Path) -> None:
    """Makes everything written so far to the file system that holds ``path`` durable, in one barrier."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _LIBC.syncfs(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
    finally:
        os.close(handle)


def make_directories(path: Path, top: Path) -> list[Path]:
    """Makes ``path`` and what is missing above it, up to ``top``; returns the directories that have a new name."""
    if path == top or path.is_dir():
        return []
    above = make_directories(path.parent, top)
    path.mkdir(exist_ok=True)
    return [*above, path.parent]


def write_new(path: Path, pieces: Iterable[bytes], mode: int = 0o644) -> None:
    """Writes a file that must not exist yet, unflushed; on any failure nothing is left of it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    try:
        try:
            for piece in pieces:
                _write_all(handle, piece)
        finally:
            os.close(handle)  # which may fail too, on a full disk far away
    except BaseException:
        os.unlink(path)
        raise


def rewrite(path: Path, data: bytes) -> None:
    """Fills a file that the caller has made and nobody reads yet, such as a lock that will be renamed; unflushed."""
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        _write_all(handle, data)
    finally:
        os.close(handle)


@lru_cache(1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "flush")


os.register_at_fork(after_in_child=_threads.cache_clear)  # a child has none of its parent's threads


def _opened(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
