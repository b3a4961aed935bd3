"""The mirror: the files of a watched workspace follow the session's head, and never over an editor's work."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from gitcollab import notebooks
from gitcollab.errors import GitcollabError
from gitcollab.flow.files import is_notebook
from gitcollab.flow.points import NOTES
from gitcollab.repository import Repository
from gitcollab.workspace import Rules, read_stable, replace

Known = dict[str, str]
"""By path, the blob id of what the workspace held when it was last taken in or delivered."""


class Workspace(msgspec.Struct, kw_only=True):
    """A directory that the daemon watches for a session, and what of it is known."""

    root: Path
    rules: Rules
    known: Known = {}


class Mirrored(msgspec.Struct, frozen=True, kw_only=True):
    """What a mirroring did: ``written`` paths, and ``waiting`` ones that an editor holds or has just changed."""

    written: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


def mirror(
    repo: Repository, head: str, workspace: Workspace, is_held: Callable[[str], bool] = lambda path: False
) -> Mirrored:
    """Writes into the workspace what the session's ``head`` holds otherwise than the directory.

    A file is written only if its bytes are exactly what was last taken in or delivered, and not while ``is_held``
    says that a client has it open. What differs otherwise is somebody's work: its save comes first.
    """
    written: list[str] = []
    waiting: list[str] = []
    for path, oid in _wanted(repo, head, workspace).items():
        done = not is_held(path) and _write(repo, head, workspace, path, oid)
        (written if done else waiting).append(path)
    return Mirrored(written=tuple(written), waiting=tuple(waiting))


def content_id(path: str, data: bytes) -> str:
    """Returns the blob id that a workspace's bytes have in a commit, where the version stamp is left out."""
    content = notebooks.strip(data)[0] if is_notebook(path) else data
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def _wanted(repo: Repository, head: str, workspace: Workspace) -> dict[str, str | None]:
    """The paths that differ from what is known of the directory, and what they shall hold; None: nothing."""
    held = {path: entry.oid for path, entry in repo.entries(head).items() if entry.is_file}
    known = workspace.known
    found: dict[str, str | None] = {
        path: oid for path, oid in held.items() if known.get(path) != oid and _is_ours(path, workspace)
    }
    return found | dict.fromkeys(path for path in known if path not in held)


def _is_ours(path: str, workspace: Workspace) -> bool:
    return not path.startswith(f"{NOTES}/") and workspace.rules.admits(path)


def _write(repo: Repository, head: str, workspace: Workspace, path: str, oid: str | None) -> bool:
    """Writes one file; False if the directory holds something else there than what is known, or takes nothing now."""
    try:
        present = _read(workspace, path)
    except (GitcollabError, OSError):
        return False  # being written, or not to be read: nothing is written over it
    here = None if present is None else content_id(path, present)
    if here == oid:
        _know(workspace, path, oid)
        return True
    if here != workspace.known.get(path):
        return False
    data = None if oid is None else repo.blob(oid)
    if data is not None and is_notebook(path):
        data = notebooks.stamp(data, head)
    try:
        if not replace(workspace.root, path, data, present):
            return False
    except OSError:
        return False  # a full disk or the like: the save itself is safe, and the file goes on waiting
    _know(workspace, path, oid)
    return True


def _read(workspace: Workspace, path: str) -> bytes | None:
    try:
        return read_stable(workspace.root, path, limit=workspace.rules.cap(path))
    except FileNotFoundError:
        return None


def _know(workspace: Workspace, path: str, oid: str | None) -> None:
    if oid is None:
        workspace.known.pop(path, None)
    else:
        workspace.known[path] = oid
