"""Merge bases: one tree to merge on, folded from all bases where histories criss-cross."""

from __future__ import annotations

from collections.abc import Sequence

from gitcollab.flow.files import Merger, merge_file
from gitcollab.flow.points import bytes_at, file_entry
from gitcollab.repository import Entry, Repository


def base_tree(repo: Repository, ours: str, theirs: str, merger: Merger) -> str:
    """Returns the tree that two commits are merged on.

    The star of sessions and shared branch has one merge base; histories that came by push may criss-cross, then all
    bases are folded into one virtual base by the same engine.

    Raises AssertionError if the histories have nothing in common: every session begins at the shared branch.
    """
    bases = repo.merge_bases(ours, theirs)
    if not bases:
        raise AssertionError(f"{ours} and {theirs} have no common history")
    return _folded(repo, bases, merger)


def _folded(repo: Repository, bases: Sequence[str], merger: Merger) -> str:
    tree = repo.tree_of(bases[0])
    for one in bases[1:]:
        under = (
            base_tree(repo, bases[0], one, merger) if repo.merge_bases(bases[0], one) else repo.edit(None, {})
        )
        merged = repo.merge(under, tree, repo.tree_of(one))
        edits: dict[str, Entry | None] = {}
        for clash in (one for one in merged.clashes if not one.is_blocked):
            sides = tuple(bytes_at(repo, side, clash.path) for side in (under, tree, one))
            data = merge_file(clash.path, (sides[0], sides[1], sides[2]), merger).data
            edits[clash.path] = None if data is None else file_entry(repo, data)
        tree = repo.edit(merged.tree, edits)
    return tree
