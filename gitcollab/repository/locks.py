"""Locks of refs: git's own lock files, so that the git program and this room exclude each other."""

from __future__ import annotations

import os
import random
import re
import time
from pathlib import Path

from gitcollab.errors import BadInput, Unusable
from gitcollab.repository.durable import make_directories, rewrite, write_new
from gitcollab.repository.errors import RefLocked, disk_errors

_SPREAD = random.Random()  # noqa: S311 - guards nothing
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|\.(/|$)|/$|/-")


class Lock:
    """The held lock of one ref, to be released or, filled, put in the ref's place."""

    def __init__(self, path: Path, made: list[Path]) -> None:
        self.path = path
        self.touched = [*made, path.parent]
        """Directories that have new names through this lock."""
        self._is_held = True

    def fill(self, data: bytes) -> None:
        """Writes what the ref will hold, unflushed."""
        rewrite(self.path, data)

    def place(self) -> None:
        """Makes the lock file the ref's file, and so gives up the lock."""
        target = self.path.with_name(self.path.name.removesuffix(".lock"))
        clear_empty(target)
        os.rename(self.path, target)
        self._is_held = False  # from now on a lock of that name is somebody else's

    def release(self) -> None:
        """Gives up the lock if it is still held."""
        if self._is_held:
            self._is_held = False
            self.path.unlink()


def take(top: Path, ref: str, patience: float) -> Lock:
    """Takes the lock of a ref in the repository at ``top``, waiting up to ``patience`` seconds for it.

    Raises BadInput for a bad name, RefLocked in the end, Unusable where the name stands below another ref's.
    """
    path = top / f"{checked_ref(ref)}.lock"
    end = time.monotonic() + patience
    made: list[Path] = []
    with disk_errors(ref):
        while True:
            try:
                made += make_directories(path.parent, top)
                write_new(path, [])
                return Lock(path, made)
            except (FileNotFoundError, NotADirectoryError, FileExistsError) as error:
                if isinstance(error, NotADirectoryError) or path.parent.is_file():
                    raise no_room(ref, str(path.parent.relative_to(top))) from error
                if time.monotonic() > end:
                    raise RefLocked(ref) from error
            pause()


def pause() -> None:
    """Waits a moment before another try, each time another, so that those who wait do not march in step."""
    time.sleep(_SPREAD.uniform(0.001, 0.05))


def checked_ref(ref: str) -> str:
    """Returns ``ref`` if it can be a full ref name by git's rules (git-check-ref-format); BadInput if not."""
    if ref.startswith("refs/") and not _FORBIDDEN.search(ref) and len(ref.encode("utf-8", "replace")) < 1000:
        return ref
    raise BadInput(f"{ref[:200]!r} cannot name a ref")


def no_room(ref: str, other: str) -> Unusable:
    """The error for a ref whose name stands above or below another's."""
    return Unusable(f"{ref} cannot be made beside {other}", "a ref cannot stand above another", ref=ref)


def clear_empty(path: Path) -> None:
    """Removes the empty directories that dropped refs left at a name; one that is in use raises OSError."""
    if path.is_dir():
        for directory, _, _ in os.walk(path, topdown=False):
            os.rmdir(directory)
