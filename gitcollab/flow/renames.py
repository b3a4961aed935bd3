"""Renames: pairing what one side renamed with what the other edited, by blob id, cell ids or content."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from gitcollab import notebooks
from gitcollab.flow.points import CONFIG, is_blocked
from gitcollab.repository import Change, Entry, Repository


class Paired(msgspec.Struct, frozen=True):
    """Three trees in which each file has one path, and how paths of the shared side had to change."""

    base: str
    shared: str
    session: str
    moved: dict[str, str]


def pair(repo: Repository, base: str, shared: str, session: str, followed: Collection[str] = ()) -> Paired:
    """Gives each file the same path in all three trees, so that a rename and an edit meet.

    ``followed`` are paths of the shared tree whose renames matter although the shared side has not edited them.
    The session's rename of a file is carried into the shared tree; where both renamed it, the shared name stays.
    """
    ours, theirs = repo.changes(base, shared), repo.changes(base, session)
    gone_ours, gone_theirs = _gone(ours), _gone(theirs)
    touched = {change.path for change in ours}, {change.path for change in theirs}
    moved_ours = _renames(repo, ours) if gone_ours & touched[1] else {}
    moved_theirs = _renames(repo, theirs) if gone_theirs & (touched[0] | set(followed)) else {}
    both = {old: new for old, new in moved_theirs.items() if moved_ours.get(old, new) != new}
    single = {old: new for old, new in moved_theirs.items() if old not in moved_ours}
    into_theirs = moved_ours | {new: moved_ours[old] for old, new in both.items()}
    return Paired(
        base=carry(repo, base, moved_ours | single),
        shared=carry(repo, shared, single),
        session=carry(repo, session, into_theirs),
        moved=single,
    )


def carry(repo: Repository, tree: str, moves: Mapping[str, str]) -> str:
    """Returns the tree with files moved to new paths; a move onto an existing file is left out."""
    edits: dict[str, Entry | None] = {}
    for old, new in moves.items():
        entry = repo.entry(tree, old)
        if entry is not None and repo.entry(tree, new) is None and not is_blocked(repo, tree, new):
            edits |= {old: None, new: entry}
    return repo.edit(tree, edits) if edits else tree


def path_in(repo: Repository, point: str, path: str, named_in: str) -> str:
    """Returns the path that a file called ``path`` in the tree ``named_in`` has in ``point``."""
    if repo.entry(point, path) is not None or repo.entry(named_in, path) is None:
        return path
    return _renames(repo, repo.changes(named_in, point)).get(path, path)


def _renames(repo: Repository, changes: tuple[Change, ...]) -> dict[str, str]:
    """What was renamed; the charter keeps its name, whatever looks like it elsewhere."""
    return repo.renames((change for change in changes if change.path != CONFIG), notebooks.kinship)


def _gone(changes: tuple[Change, ...]) -> set[str]:
    return {change.path for change in changes if change.new is None}
