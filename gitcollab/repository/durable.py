"""Makes writes survive a power cut: files, directories and whole file systems are flushed here.

libgit2 flushes nothing by default (facts-git 2.5), and its calls hold Python's lock; these do not.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)


def sync_directory(path: Path | str) -> None:
    """Makes the names in a directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_filesystem(path: Path | str) -> None:
    """Makes everything written so far to the file system that holds ``path`` durable, in one barrier."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _LIBC.syncfs(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
    finally:
        os.close(handle)


def make_directories(path: Path, top: Path, *, is_synced: bool = True) -> None:
    """Makes ``path`` and what is missing above it, up to ``top`` which exists."""
    if path == top or path.is_dir():
        return
    make_directories(path.parent, top, is_synced=is_synced)
    path.mkdir(exist_ok=True)
    if is_synced:
        sync_directory(path.parent)


def write_new(path: Path | str, pieces: list[bytes], mode: int = 0o644, *, is_synced: bool = True) -> None:
    """Writes a file that must not exist yet; on any failure nothing is left of it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    try:
        for piece in pieces:
            _write_all(handle, piece)
        if is_synced:
            os.fsync(handle)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(handle)


def rewrite(path: Path | str, data: bytes, *, is_synced: bool = True) -> None:
    """Fills a file that the caller has made and nobody reads yet, such as a lock that will be renamed."""
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        _write_all(handle, data)
        if is_synced:
            os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
