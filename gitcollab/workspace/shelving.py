"""Directories that the service fills for others to read: files put whole, or one directory exchanged for the next."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from gitcollab import renaming
from gitcollab.workspace import beneath, leftovers

NEW = ".gitcollab-shelf-"
"""Begin of the name of a directory that is still being filled."""


def put(root: Path, path: str, data: bytes | None, mode: int = 0o644) -> None:
    """Makes a file hold ``data`` with ``mode`` from one moment to the next; None removes it and empty directories.

    Unlike :func:`replace` it asks nobody: for files that only the service writes.

    :raises OSError: the disk refuses; the file is as it was.
    """
    if data is None:
        with contextlib.suppress(FileNotFoundError), beneath.parent(root, path) as (fd, name):
            os.unlink(name, dir_fd=fd)
        beneath.prune(root, path)
        return
    with beneath.parent(root, path, is_made=True, mode=0o755) as (fd, name):
        unfinished = leftovers.unfinished()
        try:
            file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=fd)
            with open(file, "wb") as out:
                out.write(data)
                os.fchmod(file, mode)
            os.rename(unfinished, name, src_dir_fd=fd, dst_dir_fd=fd)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(unfinished, dir_fd=fd)


def files(root: Path) -> Iterator[str]:
    """Yields the paths of everything beneath a directory that is no directory itself; links are not followed."""
    for above, _, names in os.walk(root):
        at = os.path.relpath(above, root)
        yield from (name if at == "." else f"{at}/{name}" for name in names)


def exchange(shelf: Path, fill: Callable[[Path], None]) -> None:
    """Lets ``fill`` fill an empty directory, which then takes the place of ``shelf`` in one step, all of it read-only.

    Whoever looks into the old directory meanwhile finds it whole until the next exchange; then it goes.

    :raises OSError: the disk refuses; the shelf is as it was.
    """
    clear(shelf.parent)
    new = shelf.parent / f"{NEW}{secrets.token_hex(6)}"
    new.mkdir(mode=0o755)
    try:
        fill(new)
        _set_modes(new, 0o555)
        with beneath.directory(shelf.parent) as fd:
            if not shelf.exists():
                os.rename(new.name, shelf.name, src_dir_fd=fd, dst_dir_fd=fd)
            elif not renaming.rename(fd, new.name, shelf.name, renaming.EXCHANGE):
                _move_in_two_steps(fd, new.name, shelf.name)
    except BaseException:
        discard(new)
        raise


def clear(above: Path) -> None:
    """Removes the directories that were exchanged for others, or never finished."""
    for left in above.glob(f"{NEW}*"):
        discard(left)


def discard(directory: Path) -> None:
    """Removes a directory whatever its modes; nothing if there is none."""
    if directory.is_dir():
        _set_modes(directory, 0o755)
        shutil.rmtree(directory)


def _set_modes(root: Path, mode: int) -> None:
    """Gives every directory a mode, the deepest first; files have theirs."""
    for above, _, _ in os.walk(root, topdown=mode & 0o200 != 0):
        os.chmod(above, mode)


def _move_in_two_steps(fd: int, new: str, shelf: str) -> None:
    """Where the file system exchanges nothing: for an instant there is no shelf."""
    aside = f"{new}.old"
    os.rename(shelf, aside, src_dir_fd=fd, dst_dir_fd=fd)
    os.rename(new, shelf, src_dir_fd=fd, dst_dir_fd=fd)
    os.rename(aside, new, src_dir_fd=fd, dst_dir_fd=fd)
