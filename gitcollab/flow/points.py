"""Points in a collab's history: the shared branch, a session's line, how far it has landed, what a tree holds."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from gitcollab.errors import BadInput
from gitcollab.model import Item
from gitcollab.repository import Commit, Entry, Repository

MAIN = "refs/heads/main"
BLESSED = "refs/heads/blessed"
NOTES = ".gitcollab"
"""The directory of the tree that the daemon alone writes."""

CONFIG = "collab.toml"

OID = re.compile(r"[0-9a-f]{40}")


def file_entry(repo: Repository, data: bytes, like: Entry | None = None) -> Entry:
    """Writes a file's bytes and returns its tree entry; it may be run if the file ``like`` may."""
    oid = repo.write_blob(data)
    return Entry(oid, like.mode) if like is not None and like.is_file else Entry(oid)


def is_blocked(repo: Repository, tree: str, path: str) -> bool:
    """Whether no file can be put there: it is a directory, or below something that is none."""
    parts = path.split("/")
    above = [repo.entry(tree, "/".join(parts[:count])) for count in range(1, len(parts))]
    here = repo.entry(tree, path)
    return any(one is not None and not one.is_tree for one in above) or (here is not None and here.is_tree)


def in_trailer(path: str) -> str:
    """Returns a path as a commit's trailer can hold it, where runs of spaces do not last."""
    return re.sub(r"[\s%]", lambda found: quote(found[0]), path)


def of_trailer(text: str) -> str:
    """Inverse of :func:`in_trailer`."""
    return unquote(text)


def bytes_at(repo: Repository, point: str, path: str) -> bytes | None:
    """Returns a file's bytes in a commit or tree; None if it is not there."""
    entry = repo.entry(point, path)
    return None if entry is None or not entry.is_file else repo.blob(entry.oid)


def is_commit(repo: Repository, oid: str) -> bool:
    """Whether an id, which may come from a client or out of a notebook, names a commit that is here."""
    if OID.fullmatch(oid) is None or not repo.has(oid):
        return False
    try:
        repo.read(oid)
    except BadInput:
        return False
    return True


def with_notes(repo: Repository, point: str, notes: Entry | None) -> str:
    """Returns the point's tree with the daemon's own directory replaced: what a session says of it is ignored."""
    tree = repo.tree_of(point)
    if repo.entry(tree, NOTES) == notes:
        return tree
    if notes is None:
        return repo.edit(tree, dict.fromkeys(repo.entries(tree, NOTES)))
    return repo.edit(tree, {NOTES: notes}, is_service=True)


def is_delivery(commit: Commit) -> bool:
    """Whether the commit brought the shared branch into a session: it holds no work of its own."""
    return commit.trailers.get("Gitcollab-Act") == ("delivery",)


def is_complete(commit: Commit) -> bool:
    """Whether the commit is a delivery to a session of which everything before had landed.

    A session that only receives is a long line of these, no part of which the shared branch ever holds.
    """
    return is_delivery(commit) and "Gitcollab-Complete" in commit.trailers


def is_volatile(commit: Commit) -> bool:
    """Whether the commit is a save in which only volatile fields changed: it does not land by itself."""
    return "Gitcollab-Volatile" in commit.trailers


def unlanded(repo: Repository, main: str, tip: str) -> tuple[Commit, ...]:
    """Returns the saves of a session that the shared branch does not hold, newest first."""
    return tuple(commit for commit in _not_complete(repo, tip, main) if not is_delivery(commit))


def _not_complete(repo: Repository, tip: str, main: str) -> list[Commit]:
    """The line of a session beyond the shared branch, down to the newest complete delivery, which is in it."""

    def line() -> Iterator[Commit]:
        for commit in repo.line(tip):
            yield commit
            if is_complete(commit) and repo.is_ancestor(commit.parents[1], main):
                return  # but for one that a crash has kept while what it delivered was not yet there

    return _beyond(repo, line(), main)


def line_beyond(repo: Repository, tip: str, held: str) -> list[Commit]:
    """Returns the commits of a line that ``held`` does not descend from, newest first.

    What follows one that it descends from is held too, so few of many commits have to be asked about: each
    question walks over all that lies between.
    """
    return _beyond(repo, repo.line(tip), held)


def _beyond(repo: Repository, line: Iterator[Commit], held: str) -> list[Commit]:
    found: list[Commit] = []
    while more := list(itertools.islice(line, len(found) or 1)):
        found += more
        if repo.is_ancestor(found[-1].oid, held):
            break
    return found[: bisect.bisect_left(found, True, key=lambda commit: repo.is_ancestor(commit.oid, held))]


def landed_point(repo: Repository, main: str, tip: str) -> str:
    """Returns the newest commit of a session up to which everything has landed.

    Deliveries add nothing of their own, so those that directly follow a landed commit count as landed.
    """
    above = _not_complete(repo, tip, main)
    if above and not above[-1].parents:
        raise AssertionError(f"session at {tip} has no commit that the shared branch holds")
    point = above[-1].parents[0] if above else tip
    for commit in reversed(above):
        if not is_delivery(commit):
            break
        point = commit.oid
    return point


def is_bound(repo: Repository, item: Item, branch: str, tip: str) -> bool:
    """Whether an item binds a session: its own, and any that goes on from the commit with which it parted.

    "Goes on" is by first parents: by any parent the shared branch itself, and with it every session that has
    had a delivery since, would descend from that commit.
    """
    if item.branch == branch:
        return True
    if item.branch.split("/")[1] != branch.split("/")[1] or not repo.is_ancestor(item.commit, tip):
        return False
    return any(commit.oid == item.commit for commit in repo.line(tip))


def session_branches(repo: Repository) -> dict[str, str]:
    """Returns the head of every session by its short branch name."""
    prefix = "refs/heads/"
    return {ref.removeprefix(prefix): oid for ref, oid in repo.heads(f"{prefix}sessions/").items()}
