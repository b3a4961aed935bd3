"""Delivery: the shared branch reaches a session; a cell with an open item keeps the participant's own version."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gitcollab import notebooks
from gitcollab.flow import spots
from gitcollab.flow.bases import base_tree
from gitcollab.flow.charter import under_policy
from gitcollab.flow.files import Merger, merge_file
from gitcollab.flow.items import read_items
from gitcollab.flow.points import MAIN, bytes_at, file_entry, is_bound, unlanded, with_notes
from gitcollab.flow.renames import pair, path_in
from gitcollab.model import Item, Person, SessionName
from gitcollab.repository import Entry, Repository


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivery did: the session moved from ``parent`` to ``commit``."""

    commit: str
    parent: str


def deliver(
    repo: Repository, session: SessionName, *, at: str, merger: Merger = notebooks.merge_file
) -> Delivered | None:
    """Brings the shared branch into a session as one commit.

    Returns None if the session holds all of it already, or disagrees with it in saves that have not landed.
    Moves the session's branch only; the files of a workspace are written afterwards, each when no editor holds it.
    """
    main, tip = repo.head(MAIN), repo.head(session.ref)
    if main is None or tip is None or repo.is_ancestor(main, tip):
        return None
    bound = [item for item in read_items(repo, main) if is_bound(repo, item, session.branch, tip)]
    view = _view(repo, main, tip, bound)
    waiting = unlanded(repo, main, tip)
    tree = _combined(repo, main, tip, view, merger) if waiting else view
    if tree is None or tree == with_notes(repo, tip, None):
        return None
    trailers: dict[str, str | list[str]] = {"Gitcollab-Act": "delivery", "Gitcollab-Session": str(session)}
    if not waiting:
        trailers["Gitcollab-Complete"] = "yes"
    author = Person(name="gitcollab")
    message = f"Delivery to {session}"
    commit = repo.commit(tree, [tip, main], message, author=author, at=at, trailers=trailers)
    repo.move(session.ref, commit, tip, "delivery")
    return Delivered(commit=commit, parent=tip)


def _view(repo: Repository, main: str, tip: str, bound: Sequence[Item]) -> str:
    """The shared branch's tree as this session sees it: its own version wherever it has an open item."""
    tree = with_notes(repo, main, None)
    edits: dict[str, Entry | None] = {}
    for path in dict.fromkeys(item.path for item in bound):
        shared = bytes_at(repo, main, path)
        own = bytes_at(repo, tip, path_in(repo, tip, path, main))
        found = [item for item in bound if item.path == path]
        if any(item.field == "file" for item in found):
            data = own
        else:
            values = [(item, spots.get(own, item, like=shared)) for item in found]
            data = spots.put_all(shared, values, like=shared)
        edits[path] = None if data is None else file_entry(repo, data, repo.entry(main, path))
    return repo.edit(tree, edits) if edits else tree


def _combined(repo: Repository, main: str, tip: str, view: str, merger: Merger) -> str | None:
    """Merges the view into a session that has saves which have not landed; None if they disagree anywhere.

    A delivery makes the shared branch the merge base. With a disagreement in it, the session's next landing would
    look like a person's answer to it; so that delivery waits until the session has landed.
    """
    merger = under_policy(repo, main, merger)
    base = with_notes(repo, base_tree(repo, main, tip, merger), None)
    paired = pair(repo, base, view, with_notes(repo, tip, None))
    merged = repo.merge(paired.base, paired.session, paired.shared)
    edits: dict[str, Entry | None] = {}
    if any(clash.is_blocked for clash in merged.clashes):
        return None
    for clash in merged.clashes:
        sides = tuple(
            bytes_at(repo, tree, clash.path) for tree in (paired.base, paired.shared, paired.session)
        )
        done = merge_file(clash.path, (sides[0], sides[1], sides[2]), merger)
        if done.contested:
            return None
        edits[clash.path] = None if done.data is None else file_entry(repo, done.data, clash.ours)
    return repo.edit(merged.tree, edits)
