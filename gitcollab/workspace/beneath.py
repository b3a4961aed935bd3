"""Opening what lies beneath a root, without ever following a link out of it (facts: R7)."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gitcollab.workspace import libc

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
LOOK = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def opened(root: Path, path: str, flags: int = LOOK) -> Iterator[int]:
    """Yields a descriptor of the file beneath the root; OSError ELOOP or EXDEV where a link is in the way."""
    with directory(root) as top:
        fd = _open(top, path, flags)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def directory(path: Path) -> Iterator[int]:
    """Yields a descriptor of a directory (the root itself may be a link: whoever shared it said so)."""
    fd = os.open(path, DIRECTORY)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def parent(
    root: Path, path: str, *, is_made: bool = False, mode: int | None = None
) -> Iterator[tuple[int, str]]:
    """Yields the directory that holds ``path``, and the last name.

    ``is_made`` makes missing directories, with ``mode`` or as the umask says.
    """
    above, _, name = path.rpartition("/")
    with directory(root) as top:
        fd = _directories(top, above, is_made, mode) if above else os.dup(top)
    try:
        yield fd, name
    finally:
        os.close(fd)


def prune(root: Path, path: str) -> None:
    """Removes the directories above ``path`` that have become empty, as git does; never the root."""
    above = path.rpartition("/")[0]
    while above:
        try:
            with parent(root, above) as (fd, name):
                os.rmdir(name, dir_fd=fd)
        except OSError:  # not empty, or gone, or not ours: all are fine
            return
        above = above.rpartition("/")[0]


def _open(top: int, path: str, flags: int) -> int:
    fd = libc.open_beneath(top, path, flags)
    return _step(top, path, flags) if fd is None else fd


def _step(top: int, path: str, flags: int) -> int:
    """The way without openat2: one component at a time, none of them a link."""
    above, _, name = path.rpartition("/")
    if name in {"", ".", ".."}:
        raise OSError(errno.EXDEV, "the path leaves the root", path)  # as openat2 says it
    if not above:
        return os.open(name, flags, dir_fd=top)
    fd = _step_into(top, above)
    try:
        return os.open(name, flags, dir_fd=fd)
    finally:
        os.close(fd)


def _step_into(top: int, path: str) -> int:
    try:
        return _step(top, path, DIRECTORY | os.O_NOFOLLOW)
    except NotADirectoryError as error:
        if stat.S_ISLNK(os.lstat(path, dir_fd=top).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path) from error
        raise


def _directories(top: int, path: str, is_made: bool, mode: int | None) -> int:
    try:
        return _open(top, path, DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        if not is_made:
            raise
    above, _, name = path.rpartition("/")
    fd = _directories(top, above, is_made, mode) if above else os.dup(top)
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=fd)
            if mode is not None:
                os.chmod(name, mode, dir_fd=fd)
        return os.open(name, DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
    finally:
        os.close(fd)
