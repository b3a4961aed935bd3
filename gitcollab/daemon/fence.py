"""The fence on the disk: the repositories have a name that only the node which writes knows, until the next comes.

A node that slept past its tenure goes on where it was: in the midst of moving a branch, say. No lock keeps it from
that, but a path does: each rename and each new file of a repository is found by its path, which is another one now.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from gitcollab.errors import Unusable

NAME = "collabs"
"""Under which everybody else finds the repositories: a directory, or a link to the one of who writes."""


def fence_in(root: Path, fence: int) -> str:
    """Gives the directory of the repositories the fence's name and returns that; nobody finds it by an older one.

    Unusable if it has a later fence's name: another node has taken over, or the database was put back.
    """
    name = f"{NAME}.{fence}"
    while not (root / name).is_dir():
        number, latest = _latest(root)
        if number > fence:
            raise Unusable(
                f"{latest.name} is of a later turn than this one, which is number {fence}",
                f"if the database was restored from a backup: rename {latest.name} to {NAME}.0",
            )
        with suppress(FileNotFoundError):  # another node was faster
            os.rename(latest, root / name)
    point(root, name)
    return name


def point(root: Path, name: str) -> None:
    """Lets everybody find the repositories in the directory of that name, if they do not yet."""
    link = root / NAME
    if link.is_symlink() and os.readlink(link) == name:
        return
    temporary = root / f".{name}.link"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(name)
    try:
        os.replace(temporary, link)
    except IsADirectoryError:  # a node that was just starting made it, for there was none for a moment
        os.rmdir(link)
        os.replace(temporary, link)
    directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _latest(root: Path) -> tuple[int, Path]:
    """The directory that the repositories are in, and of which fence; 0: of none yet."""
    found = [
        (int(number), path)
        for path in root.glob(f"{NAME}.*")
        if (number := path.name.removeprefix(f"{NAME}.")).isdigit() and path.is_dir()
    ]
    return max(found, default=(0, root / NAME))
