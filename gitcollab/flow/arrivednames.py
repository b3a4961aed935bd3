"""Names in a push of which its person is told, though nothing is wrong with them for git."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from gitcollab.flow.alter import OWN, is_ours, printable
from gitcollab.repository import Change, Repository

LOOKED_AT = 1000
"""New names that are looked at."""

TOLD = 3
"""Pairs of names that are told of."""


def remarks(repo: Repository, main: str, new: str, changes: Iterable[Change]) -> tuple[str, ...]:
    """Returns what to tell of the names that a push has brought, or changed, to be at ``new``."""
    found = tuple(changes)
    told = [f"{OWN}/ is written by the service alone: what this push has changed there is left out"]
    if not any(is_ours(change.path) for change in found) or _is_theirs(repo, main, new):
        told = []
    added = [change.path for change in found if change.old is None and not is_ours(change.path)]
    for pair in list(_alike(repo, new, added[:LOOKED_AT]))[:TOLD]:
        one, other = map(printable, pair)
        told.append(f"{one} and {other} are one file on many machines: git mv one of them")
    return tuple(told)


def _is_theirs(repo: Repository, main: str, new: str) -> bool:
    """Whether the service's directory is as the shared branch had it, where the push comes from or has merged it."""
    mine = repo.entry(new, OWN)
    return any(repo.entry(base, OWN) == mine for base in repo.merge_bases(main, new))


def _alike(repo: Repository, new: str, added: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields pairs of paths that differ only as a Mac or Windows does not see it."""
    levels = dict.fromkeys(level for path in added for level in _levels(path))
    known: dict[str, dict[str, list[str]]] = {}
    told: set[str] = set()
    for directory, name in levels:
        if directory not in known:
            known[directory] = {}
            for each in repo.names(new, directory):
                known[directory].setdefault(_folded(each), []).append(each)
        for other in known[directory].get(_folded(name), ()):
            pair = min(name, other), max(name, other)
            if other != name and f"{directory}{pair[0]}" not in told:
                told.add(f"{directory}{pair[0]}")
                yield f"{directory}{pair[0]}", f"{directory}{pair[1]}"


def _levels(path: str) -> Iterator[tuple[str, str]]:
    """The path's names, each with the directory that it stands in."""
    parts = path.split("/")
    for depth, name in enumerate(parts):
        yield "".join(f"{part}/" for part in parts[:depth]), name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
