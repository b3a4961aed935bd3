"""Materialising: the shared and the blessed branch as directories that any program can read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from gitcollab.flow.files import is_notebook
from gitcollab.flow.points import NOTES
from gitcollab.repository import PROGRAM, Entry, Repository
from gitcollab.workspace import shelving

NAME = "{name}"
"""What stands for the notebook's own name in the name of its published file."""

FINAL = "{name}_FINAL"
"""How published notebooks are called, their suffix aside (requirement S89)."""


def follow(repo: Repository, commit: str, root: Path, before: str | None) -> None:
    """Makes a directory hold what a commit holds, file by file, each from one moment to the next.

    ``before`` is the commit that it holds; None: it is not known, and everything is looked at. A file whose bytes the
    repository does not know is somebody's: it stays, under a name of its own where the commit needs its place.

    :raises OSError: the disk refuses; a later call goes on.
    """
    root.mkdir(mode=0o755, parents=True, exist_ok=True)
    if before is None:
        wanted = {**dict.fromkeys(shelving.files(root)), **_files(repo, commit)}
        found = {path: entry for path, entry in wanted.items() if _is_to_change(repo, root, path, entry)}
    else:
        changed = repo.changes(before, commit)
        found = {one.path: one.new for one in changed if not one.path.startswith(f"{NOTES}/")}
    for path, entry in found.items():
        if before is None and entry is not None:
            _make_room(repo, root, path)
        is_written = entry is not None and entry.is_file
        data = repo.blob(entry.oid) if entry is not None and is_written else None
        shelving.put(root, path, data, _mode(entry))


def withdraw(repo: Repository, commit: str, root: Path) -> None:
    """Removes from a directory what ``follow`` has put there of a commit; what somebody else has written stays."""
    for path, entry in _files(repo, commit).items():
        if _content(root, path) == entry.oid:
            shelving.put(root, path, None)


def freeze(repo: Repository, commit: str, root: Path, final_name: str = FINAL) -> None:
    """Makes a directory hold what a commit holds, all of it at once and read-only; notebooks get their final name.

    :raises OSError: the disk refuses; the directory is as it was.
    """

    def fill(new: Path) -> None:
        for path, entry in _files(repo, commit).items():
            shelving.put(new, final(path, final_name), repo.blob(entry.oid), _mode(entry) & 0o555)

    root.parent.mkdir(parents=True, exist_ok=True)
    shelving.exchange(root, fill)


def is_frozen(repo: Repository, commit: str, root: Path, final_name: str = FINAL) -> bool:
    """Whether a directory holds exactly that already."""
    wanted = {final(path, final_name): entry for path, entry in _files(repo, commit).items()}
    there = set(shelving.files(root)) if root.is_dir() else set()
    return there == set(wanted) and all(_content(root, path) == entry.oid for path, entry in wanted.items())


def final(path: str, final_name: str) -> str:
    """Returns what a published file is called: ``analysis.ipynb`` becomes ``analysis_FINAL.ipynb``."""
    if not is_notebook(path):
        return path
    above, slash, name = path.rpartition("/")
    return f"{above}{slash}{final_name.replace(NAME, name.removesuffix('.ipynb'))}.ipynb"


def _files(repo: Repository, commit: str) -> Mapping[str, Entry]:
    found = repo.entries(commit).items()
    return {path: entry for path, entry in found if entry.is_file and not path.startswith(f"{NOTES}/")}


def _mode(entry: Entry | None) -> int:
    return 0o755 if entry is not None and entry.mode == PROGRAM else 0o644


def _is_to_change(repo: Repository, root: Path, path: str, entry: Entry | None) -> bool:
    """Whether a file is not as it should be; what nobody wants there goes only if the repository knows it."""
    here = _content(root, path)
    if entry is not None:
        return here != entry.oid
    return here is not None and repo.has(here)


def _make_room(repo: Repository, root: Path, path: str) -> None:
    """Lets a file that is somebody's work step aside."""
    here = _content(root, path)
    if here is not None and not repo.has(here):
        (root / path).rename(root / f"{path}.kept-{here[:8]}")


def _content(root: Path, path: str) -> str | None:
    """The blob id of a file's bytes; None if there is none."""
    try:
        with open(root / path, "rb", opener=_without_links) as file:
            size = os.fstat(file.fileno()).st_size
            digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
            while piece := file.read(1 << 20):
                digest.update(piece)
            return digest.hexdigest()
    except OSError:
        return None


def _without_links(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
