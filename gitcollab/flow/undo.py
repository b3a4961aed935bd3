"""Undoing: what one commit changed is taken back as a save of the person who asks, cell by cell, and nothing is lost.

The save lands like any other. Where others have gone on from what is taken back, both versions become a contested item.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gitcollab import notebooks
from gitcollab.errors import Unusable
from gitcollab.flow import spots
from gitcollab.flow.charter import under_policy
from gitcollab.flow.files import Merger, kept_own, merge_file
from gitcollab.flow.items import read_items
from gitcollab.flow.points import MAIN, NOTES, bytes_at, file_entry, in_trailer
from gitcollab.flow.renames import path_in
from gitcollab.model import Person, SessionName
from gitcollab.repository import Entry, Repository


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be taken back: ``commit``, or of it only what closing ``item`` changed; as whose save, and when."""

    session: SessionName
    commit: str
    at: str
    item: str = ""


class _Edits(msgspec.Struct):
    """The files as they will be, and where those that are contested part from what they are now."""

    files: dict[str, Entry | None] = {}
    parted: dict[str, str] = {}


def undo(repo: Repository, undoing: Undoing, merger: Merger = notebooks.merge_file) -> str:
    """Commits to the session what takes the commit back; returns the new commit.

    For each file that the commit changed, from its first parent on, the change is reversed in what the session holds
    now. What was changed again since keeps the older version in the session, and its landing is contested. The caller
    holds the collab's lock and has brought the session up to date. Raises Unusable if there is nothing to take back.
    """
    head = repo.head(undoing.session.ref) or ""
    merger = under_policy(repo, repo.head(MAIN), merger)
    edits = _Edits()
    for path, before in _wanted(repo, undoing):
        _take_back(repo, (undoing.commit, head, path), before, edits, merger)
    tree = repo.edit(repo.tree_of(head), edits.files)
    if tree == repo.tree_of(head):
        raise Unusable(
            "there is nothing left of it to undo", "it was taken back already, or changed no file here"
        )
    commit = _commit(repo, undoing, head, tree, edits)
    repo.move(undoing.session.ref, commit, head, f"undo {undoing.commit}")
    return commit


def _wanted(repo: Repository, undoing: Undoing) -> Iterator[tuple[str, bytes | None]]:
    """The files to take back, each as it was before."""
    parent = repo.read(undoing.commit).parents[0]
    if undoing.item:
        yield from _spot(repo, undoing, parent)
        return
    for change in repo.changes(parent, undoing.commit):
        is_file = all(side is None or side.is_file for side in (change.old, change.new))
        if is_file and not change.path.startswith(f"{NOTES}/"):
            yield change.path, bytes_at(repo, parent, change.path)


def _spot(repo: Repository, undoing: Undoing, parent: str) -> Iterator[tuple[str, bytes | None]]:
    """The file in which an item was closed, with nothing but the item's spot as it was before."""
    for item in read_items(repo, parent):
        before, after = (bytes_at(repo, point, item.path) for point in (parent, undoing.commit))
        if item.id == undoing.item:
            value = spots.get(before, item, like=before)
            yield item.path, spots.put(after, item, value, like=before or after)


def _take_back(
    repo: Repository, where: tuple[str, str, str], before: bytes | None, edits: _Edits, merger: Merger
) -> None:
    commit, head, path = where
    here = path_in(repo, head, path, commit)
    merged = merge_file(here, (bytes_at(repo, commit, path), bytes_at(repo, head, here), before), merger)
    data = kept_own(merged, before)
    edits.files[here] = None if data is None else file_entry(repo, data, repo.entry(head, here))
    if merged.contested:
        edits.parted[here] = f"{commit} {in_trailer(path)}"


def _commit(repo: Repository, undoing: Undoing, head: str, tree: str, edits: _Edits) -> str:
    session = undoing.session
    trailers: dict[str, str | list[str]] = {
        "Gitcollab-Act": "snapshot",
        "Gitcollab-Session": str(session),
        "Gitcollab-User": session.user,
        "Gitcollab-Tool": "undo",
        "Gitcollab-Undone": undoing.commit,
    }
    if edits.parted:
        trailers["Gitcollab-Base"] = list(edits.parted.values())
        trailers["Gitcollab-Path"] = [in_trailer(path) for path in edits.parted]
    message = f"Undo: {repo.read(undoing.commit).subject}"
    return repo.commit(
        tree, [head], message, author=Person(name=session.user), at=undoing.at, trailers=trailers
    )
