"""Pushed: what the service itself keeps of each push, who made it and when: the commits of one can say anything.

A record is a commit of our own at ``refs/gitcollab/pushed/USER/NAME``, with the pushed commit as its last parent and
the record before as its first; it is in no clone, outlives the database and is packed with the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

import msgspec

from gitcollab.model import SessionName
from gitcollab.repository import Commit, Repository

RECORDS = "refs/gitcollab/pushed"

AUTHORS = 20
"""Foreign authors that are named in one record."""

FURTHEST = 500
"""Records of one session that are looked through."""

WALKED = 5000
"""Commits that are looked through for who pushed them."""

GIT = "git"
"""The client of a session that somebody writes by ``git push``: nothing is delivered into its branch."""


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """One push as it was recorded: ``base`` is where the session was before, or where it left the shared branch.

    ``authors`` are those of its commits who are not known to be the pusher, as ``Name <email>``.
    """

    user: str
    session: SessionName
    tip: str
    base: str
    at: str
    message: str = ""
    authors: tuple[str, ...] = ()


def record_ref(session: SessionName) -> str:
    """Returns the ref at which a session's pushes are recorded."""
    return f"{RECORDS}/{session}"


def pushes(repo: Repository, session: SessionName) -> Iterator[Push]:
    """Yields the pushes to a session, newest first; a crash may have come after the record."""
    tip = repo.head(record_ref(session))
    for record in itertools.islice(repo.line(tip) if tip else (), FURTHEST):
        if record.trailer("Gitcollab-Act") != "push":
            return
        yield _read(record, session)


def push_of(repo: Repository, session: SessionName, tip: str) -> Push | None:
    """Returns the push that brought a session to a commit; None if none did."""
    return next((push for push in pushes(repo, session) if push.tip == tip), None)


def pushes_of(repo: Repository, wanted: Collection[str]) -> dict[str, Push]:
    """Returns by which push each of these commits came, of those that did and are not too long ago."""
    found: dict[str, Push] = {}
    left, budget = set(wanted), WALKED
    for ref in repo.heads(f"{RECORDS}/") if left else ():
        for push in pushes(repo, SessionName.parse(ref.removeprefix(f"{RECORDS}/"))):
            budget -= 1
            for commit in repo.beyond(push.tip, [push.base]):
                budget -= 1
                if commit.oid in left:
                    found[commit.oid] = push
                    left.discard(commit.oid)
                if not left or budget < 0:
                    return found
    return found


def _read(record: Commit, session: SessionName) -> Push:
    title = record.subject
    return Push(
        user=record.trailer("Gitcollab-User"),
        session=session,
        tip=record.parents[-1],
        base=record.trailer("Gitcollab-Base"),
        at=record.at,
        message="" if title == subject(session) else title,
        authors=record.trailers.get("Gitcollab-Author", ()),
    )


def subject(session: SessionName) -> str:
    """Returns what a record says of a push without a message."""
    return f"Push to {session}"
