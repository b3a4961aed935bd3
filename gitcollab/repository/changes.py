"""What differs between two trees, by object id, and which removed file became which added one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from gitcollab.errors import TooLarge
from gitcollab.repository.trees import DEPTH_LIMIT, FILES_LIMIT, Trees
from gitcollab.repository.values import TREE, Change, Entry

SAME_FILE = 0.5
"""Kinship from which a removed and an added file count as one renamed file (git's own threshold)."""

PAIRS_LIMIT = 400
"""Comparisons of contents in one search for renames."""

BYTES_LIMIT = 64 * 1024 * 1024
"""Bytes compared in one search for renames."""

Kinship = Callable[[bytes, bytes], float]


def changes(trees: Trees, old: str | None, new: str | None) -> tuple[Change, ...]:
    """Returns every file that differs between two trees or commits (None: the empty tree), sorted by path."""
    sides = (Entry(trees.tree_of(oid), TREE) if oid else None for oid in (old, new))
    found: list[Change] = []
    for change in _walk(trees, "", *sides):
        found.append(change)
        if len(found) > FILES_LIMIT:
            raise TooLarge(f"more than {FILES_LIMIT} files differ")
    return tuple(sorted(found, key=lambda change: change.path))


def renames(found: Iterable[Change], read: Callable[[Entry], bytes], kinship: Kinship) -> dict[str, str]:
    """Pairs removed with added files: {old path: new path}.

    The same content counts first (the path most alike first), then the pairs of highest ``kinship`` (0 to 1) from
    SAME_FILE on. Only files of the same suffix are paired, and only PAIRS_LIMIT contents of BYTES_LIMIT are compared.
    """
    gone = {
        change.path: change.old for change in found if change.old and not change.new and change.old.is_file
    }
    come = {
        change.path: change.new for change in found if change.new and not change.old and change.new.is_file
    }
    paired = dict(_same_content(gone, come))
    left = {path: entry for path, entry in gone.items() if path not in paired}
    free = {path: entry for path, entry in come.items() if path not in paired.values()}
    candidates = [(a, b) for a in left for b in free if _suffix(a) == _suffix(b)]
    scored = sorted(
        _scored(candidates[:PAIRS_LIMIT], {**left, **free}, read, kinship),
        key=lambda each: (-each[0], not _is_same_name(each[1], each[2]), each[1], each[2]),
    )
    for score, a, b in scored:
        if score >= SAME_FILE and a not in paired and b not in paired.values():
            paired[a] = b
    return paired


def _scored(
    pairs: Iterable[tuple[str, str]],
    entries: dict[str, Entry],
    read: Callable[[Entry], bytes],
    kinship: Kinship,
) -> Iterator[tuple[float, str, str]]:
    left = BYTES_LIMIT
    for a, b in pairs:
        old, new = read(entries[a]), read(entries[b])
        left -= len(old) + len(new)
        if left < 0:
            return
        yield kinship(old, new), a, b


def _walk(trees: Trees, path: str, old: Entry | None, new: Entry | None) -> Iterator[Change]:
    if old == new:
        return
    if path.count("/") > DEPTH_LIMIT:
        raise TooLarge(f"directories nested deeper than {DEPTH_LIMIT}")
    before = trees.parsed(old.oid) if old else {}
    after = trees.parsed(new.oid) if new else {}
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        was_tree = was if was and was.is_tree else None
        now_tree = now if now and now.is_tree else None
        if was_tree or now_tree:
            yield from _walk(trees, f"{path}{name}/", was_tree, now_tree)
        if (was and not was_tree) or (now and not now_tree):
            yield Change(path + name, None if was_tree else was, None if now_tree else now)


def _same_content(gone: dict[str, Entry], come: dict[str, Entry]) -> Iterator[tuple[str, str]]:
    by_oid: dict[str, list[str]] = {}
    for path, entry in come.items():
        by_oid.setdefault(entry.oid, []).append(path)
    for path, entry in gone.items():
        targets = [each for each in by_oid.get(entry.oid, ()) if _suffix(each) == _suffix(path)]
        if targets:
            best = min(targets, key=lambda each: (not _is_same_name(path, each), each))
            by_oid[entry.oid].remove(best)
            yield path, best


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _is_same_name(a: str, b: str) -> bool:
    return PurePosixPath(a).name == PurePosixPath(b).name
