"""Trees: what they hold, and new ones made from old ones with some paths changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitcollab.errors import BadInput, TooLarge
from gitcollab.model import checked_path, is_safe_part
from gitcollab.repository.errors import Damaged
from gitcollab.repository.memory import Memory
from gitcollab.repository.objects import Objects
from gitcollab.repository.values import EMPTY_TREE, TREE, Entry

TREE_LIMIT = 64 * 1024 * 1024
"""Bytes of one tree object."""

FILES_LIMIT = 500_000
"""Files in a listing: a few kilobytes of trees can claim 10^10 files (facts-security F14)."""

POINTS = 50_000
"""Commits whose trees are remembered, some 15 MB."""

DEPTH_LIMIT = 100

REMEMBERED = 200_000
"""Names in the trees that are kept in memory, some 60 MB."""

Nested = dict[str, "Entry | Nested | None"]
"""Paths to change, split by directory: an entry, None to remove, or a further level."""


class Trees:
    """The trees of one repository, by id; a commit's id stands for its tree."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.parsed = Memory(self._parsed, lambda tree: len(tree) + 4, REMEMBERED)
        self.tree_of = Memory(self._tree_of, lambda tree: 1, POINTS)

    def _tree_of(self, oid: str) -> str:
        """Returns the tree of a commit, a tag or a tree."""
        kind, size = self._objects.header(oid)
        if kind == "tree":
            return oid
        if kind == "blob":
            raise BadInput(f"{oid} is a file, not a commit or directory")
        _, data = self._objects.read(oid, TREE_LIMIT)
        name, _, target = data.partition(b"\n")[0].decode("ascii", "replace").partition(" ")
        if name not in {"tree", "object"}:
            raise Damaged(oid, f"{kind} of {size} bytes without a tree")
        return target if name == "tree" else self.tree_of(target)

    def entry(self, oid: str, path: str) -> Entry | None:
        """Returns what ``path`` holds (a file or a directory), None if nothing."""
        return self.below(self.tree_of(oid), path)

    def below(self, tree: str, path: str) -> Entry | None:
        """Returns what ``path`` holds in what is known to be a tree."""
        found: Entry | None = Entry(tree, TREE)
        for part in path.split("/"):
            if found is None or not found.is_tree:
                return None
            found = self.parsed(found.oid).get(part)
        return found

    def entries(self, oid: str, prefix: str = "", limit: int = FILES_LIMIT) -> dict[str, Entry]:
        """Returns every file (and link, and submodule) below ``prefix`` by its whole path, sorted.

        Raises TooLarge beyond ``limit`` files.
        """
        top = self.entry(oid, prefix.rstrip("/")) if prefix else Entry(self.tree_of(oid), TREE)
        if top is None:
            return {}
        if not top.is_tree:
            return {prefix: top}
        found: dict[str, Entry] = {}
        for path, entry in self.walk(top.oid, f"{prefix.rstrip('/')}/" if prefix else ""):
            found[path] = entry
            if len(found) > limit:
                raise TooLarge(f"more than {limit} files", tree=oid)
        return found

    def walk(self, tree: str, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Entry]]:
        """Yields the files below a tree, paths beginning with ``prefix``."""
        if depth > DEPTH_LIMIT:
            raise TooLarge(f"directories nested deeper than {DEPTH_LIMIT}", tree=tree)
        for name, entry in self.parsed(tree).items():
            if entry.is_tree:
                yield from self.walk(entry.oid, f"{prefix}{name}/", depth + 1)
            else:
                yield prefix + name, entry

    def edit(self, tree: str | None, changes: Mapping[str, Entry | None], *, is_service: bool = False) -> str:
        """Writes the tree that differs from ``tree`` (None: the empty one) in ``changes`` only; returns its id.

        A path with None is removed; directories that become empty vanish. New paths must be safe on every file
        system; ``is_service`` also admits ``.gitcollab/``, which the service alone writes. Raises BadInput for a path
        that is not safe, or that stands where a directory or under where a file stays.
        """
        top = self.tree_of(tree) if tree else EMPTY_TREE
        self._check_paths(top, changes, is_service)
        return self._edited(top, nested(changes), "") or self.write({})

    def write(self, entries: Mapping[str, Entry]) -> str:
        """Writes one tree object with these names; returns its id."""
        ordered = sorted((_sort_key(name, entry), name, entry) for name, entry in entries.items())
        return self._objects.write("tree", b"".join(_line(name, entry) for _, name, entry in ordered))

    def _check_paths(self, top: str, changes: Mapping[str, Entry | None], is_service: bool) -> None:
        for path, entry in changes.items():
            if entry is None or (entry.is_file and self.entry(top, path) is not None):
                continue  # what is there already, however odd its name, may be changed and removed
            if path.count("/") >= DEPTH_LIMIT:
                raise BadInput(f"{path[:200]!r} is nested too deep")
            if not is_service:
                checked_path(path)
            elif not all(map(is_safe_part, path.split("/"))):
                raise BadInput(f"{path[:200]!r} cannot be a path")

    def _edited(self, tree: str | None, changes: Nested, prefix: str) -> str | None:
        """Returns the id of the changed tree, None if nothing is left in it."""
        old = self.parsed(tree) if tree else {}
        new = dict(old)
        for name, change in changes.items():
            below = change if isinstance(change, dict) else {}
            if change is None or (below.get("") is None and "" in below):
                _removed(new, name, prefix)
            if rest := {key: value for key, value in below.items() if key}:
                self._edit_below(new, name, rest, prefix)
            if entry := change if isinstance(change, Entry) else below.get(""):
                _placed(new, name, entry, prefix)  # type: ignore[arg-type]
        if new == old and tree:
            return tree if new else None
        return self.write(new) if new else None

    def _edit_below(self, new: dict[str, Entry], name: str, changes: Nested, prefix: str) -> None:
        child = new.get(name)
        if child is not None and not child.is_tree:
            if _only_removes(changes):
                return
            raise BadInput(f"{prefix}{name} is a file, not a directory", path=prefix + name)
        tree = self._edited(child.oid if child else None, changes, f"{prefix}{name}/")
        if tree is None:
            new.pop(name, None)
        else:
            new[name] = Entry(tree, TREE)

    def _parsed(self, tree: str) -> dict[str, Entry]:
        if tree == EMPTY_TREE:
            return {}
        kind, data = self._objects.read(tree, TREE_LIMIT)
        if kind != "tree":
            raise Damaged(tree, f"a {kind} where a tree should be")
        try:
            return parse(data)
        except ValueError as error:
            raise Damaged(tree, "not a tree") from error


def parse(data: bytes) -> dict[str, Entry]:
    """Returns the names in a tree object's bytes; names that are not UTF-8 keep their bytes as surrogates."""
    found: dict[str, Entry] = {}
    start = 0
    while start < len(data):
        space = data.index(b" ", start)
        nul = data.index(b"\0", space)
        oid = data[nul + 1 : nul + 21]
        if len(oid) != 20:
            raise ValueError("cut short")
        name = data[space + 1 : nul].decode("utf-8", "surrogateescape")
        found[name] = Entry(oid.hex(), int(data[start:space], 8))
        start = nul + 21
    return found


def nested(changes: Mapping[str, Entry | None]) -> Nested:
    """Splits paths by directory; a path that also has paths below it stands under ''."""
    top: Nested = {}
    for path, entry in changes.items():
        level = top
        *directories, name = path.split("/")
        for directory in directories:
            below = level.get(directory, {})
            if not isinstance(below, dict):
                below = {"": below}
            level[directory] = below
            level = below
        existing = level.get(name)
        if isinstance(existing, dict):
            existing[""] = entry
        else:
            level[name] = entry
    return top


def _only_removes(changes: Nested) -> bool:
    return all(_only_removes(each) if isinstance(each, dict) else each is None for each in changes.values())


def _removed(entries: dict[str, Entry], name: str, prefix: str) -> None:
    if name in entries and entries[name].is_tree:
        raise BadInput(f"{prefix}{name} is a directory, not a file", path=prefix + name)
    entries.pop(name, None)


def _placed(entries: dict[str, Entry], name: str, entry: Entry, prefix: str) -> None:
    if name in entries and entries[name].is_tree and not entry.is_tree:
        raise BadInput(f"{prefix}{name} is a directory, not a file", path=prefix + name)
    entries[name] = entry


def _sort_key(name: str, entry: Entry) -> bytes:
    raw = name.encode("utf-8", "surrogateescape")
    return raw + b"/" if entry.is_tree else raw


def _line(name: str, entry: Entry) -> bytes:
    return b"%o %s\0%s" % (entry.mode, name.encode("utf-8", "surrogateescape"), bytes.fromhex(entry.oid))
