"""Three-way merge of trees by object id: only what both sides changed is looked into.

Equal to libgit2's ``merge_trees`` without renames, at a fiftieth of its cost in large trees (facts-git 7). A name has
two slots, a file and a directory; each is merged by itself, and where both end up taken, ours stays and what theirs
has there is reported, never dropped.
"""

from __future__ import annotations

from gitcollab.errors import TooLarge
from gitcollab.repository.trees import DEPTH_LIMIT, Trees
from gitcollab.repository.values import FILE, PROGRAM, TREE, Clash, Entry, TreeMerge

Slot = Entry | None
Merged = tuple[Slot, list[Clash]]


def merge(trees: Trees, base: str | None, ours: str, theirs: str) -> TreeMerge:
    """Merges three trees (or commits); paths that clash stand in the result as ours has them."""
    sides = (Entry(trees.tree_of(oid), TREE) if oid else None for oid in (base, ours, theirs))
    top, clashes = _directory(trees, "", *sides)
    return TreeMerge(
        top.oid if top else trees.write({}), tuple(sorted(clashes, key=lambda clash: clash.path))
    )


def _directory(trees: Trees, path: str, base: Slot, ours: Slot, theirs: Slot) -> Merged:
    if ours == theirs or base == theirs:
        return ours, []
    if base == ours:
        return theirs, []
    if path.count("/") > DEPTH_LIMIT:
        raise TooLarge(f"directories nested deeper than {DEPTH_LIMIT}")
    sides = [trees.parsed(side.oid) if side else {} for side in (base, ours, theirs)]
    merged: dict[str, Entry] = {}
    clashes: list[Clash] = []
    for name in sorted({name for side in sides for name in side}):
        entry, contested = _name(trees, path + name, *(side.get(name) for side in sides))
        clashes += contested
        if entry:
            merged[name] = entry
    return (Entry(trees.write(merged), TREE) if merged else None), clashes


def _name(trees: Trees, path: str, base: Slot, ours: Slot, theirs: Slot) -> Merged:
    if ours == theirs or base == theirs:
        return ours, []
    if base == ours:
        return theirs, []
    file, contested = _file(path, *map(_as_file, (base, ours, theirs)))
    directory, below = _directory(trees, f"{path}/", *map(_as_directory, (base, ours, theirs)))
    if file and (directory is None or _as_file(ours)):
        hidden = _hidden(trees, path, base, directory)
        return file, contested + [_blocked(clash) for clash in below] + hidden
    if directory and contested:
        contested = [_blocked(clash) for clash in contested]
    elif directory and file:
        contested = [Clash(path, _as_file(base), None, file, True)]
    return directory, contested + below


def _file(path: str, base: Slot, ours: Slot, theirs: Slot) -> Merged:
    if ours == theirs or base == theirs:
        return ours, []
    if base == ours:
        return theirs, []
    combined = _combined(base, ours, theirs)
    return (combined, []) if combined else (ours, [Clash(path, base, ours, theirs)])


def _combined(base: Slot, ours: Slot, theirs: Slot) -> Slot:
    """The result where one side changed the content, the other only whether it may be run."""
    if not (base and ours and theirs and {base.mode, ours.mode, theirs.mode} <= {FILE, PROGRAM}):
        return None
    if base.oid not in {ours.oid, theirs.oid} and ours.oid != theirs.oid:
        return None
    oid = theirs.oid if ours.oid == base.oid else ours.oid
    return Entry(oid, theirs.mode if ours.mode == base.mode else ours.mode)


def _hidden(trees: Trees, path: str, base: Slot, directory: Slot) -> list[Clash]:
    """What theirs keeps in a directory that is a file in ours."""
    if directory is None:
        return []
    known = dict(trees.walk(base.oid, f"{path}/")) if base and base.is_tree else {}
    return [
        Clash(below, known.get(below), None, entry, True)
        for below, entry in trees.walk(directory.oid, f"{path}/")
    ]


def _blocked(clash: Clash) -> Clash:
    return Clash(clash.path, clash.base, clash.ours, clash.theirs, True)


def _as_directory(slot: Slot) -> Slot:
    return slot if slot is not None and slot.is_tree else None


def _as_file(slot: Slot) -> Slot:
    return slot if slot is not None and not slot.is_tree else None
