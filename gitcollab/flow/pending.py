"""Pending: versions that wait for a second maintainer, each as the very commit that it will be."""

from __future__ import annotations

from collections.abc import Iterator

from gitcollab.errors import NotFound
from gitcollab.flow.points import of_trailer
from gitcollab.model import Version
from gitcollab.repository import Commit, Repository

WAITING = "refs/gitcollab/pending/"
"""Below it stands each candidate, under an id: the first letters of its own when it was proposed."""

LETTERS = 12


def propose(repo: Repository, commit: str) -> Version:
    """Lets a candidate wait; the same one once."""
    id = commit[:LETTERS]
    if repo.head(WAITING + id) is None:
        repo.move(WAITING + id, commit, None, "propose")
    return _shown(id, repo.read(commit))


def pending(repo: Repository) -> Iterator[Version]:
    """Yields what waits, oldest first."""
    tagged = {commit for _, commit in repo.tags().values()}
    found = [
        _shown(ref.removeprefix(WAITING), repo.read(oid))
        for ref, oid in repo.heads(WAITING).items()
        if oid not in tagged
    ]
    yield from sorted(found, key=lambda one: (one.at, one.commit))


def find_pending(repo: Repository, id: str) -> Version:
    """Returns what waits under an id; NotFound if nothing does."""
    for one in pending(repo):
        if one.pending == id:
            return one
    raise NotFound("no such version waits", "`gitcollab versions` lists those that do")


def drop(repo: Repository, waiting: Version) -> None:
    """Lets a candidate wait no longer."""
    repo.drop(f"{WAITING}{waiting.pending}", waiting.commit)


def clear(repo: Repository) -> None:
    """Drops candidates that have become versions; at start, when a crash may have kept it from being done."""
    tagged = {commit for _, commit in repo.tags().values()}
    for ref, oid in repo.heads(WAITING).items():
        if oid in tagged:
            repo.drop(ref, oid)


def _shown(id: str, commit: Commit) -> Version:
    return Version(
        notebook=of_trailer(commit.trailer("Gitcollab-Path")),
        version=commit.trailer("Gitcollab-Version"),
        tag="",
        commit=commit.oid,
        at=commit.at,
        by=commit.trailer("Gitcollab-User"),
        message=commit.message.strip().rpartition("\n\n")[0],
        tracker=commit.trailer("Tracker"),
        pending=id,
    )
