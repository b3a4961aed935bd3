"""Thinning: of the many saves of a session that closed long ago one stays for each hour in which something came."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec

from gitcollab.flow.items import read_items
from gitcollab.flow.points import is_bound, is_complete, is_delivery, is_volatile, line_beyond
from gitcollab.model import Person, SessionName
from gitcollab.repository import Commit, Repository

FEWER = 10
"""By how many commits a session must become shorter to be thinned at all."""

HOUR = len("2026-11-20T10")


class Thinned(msgspec.Struct, frozen=True, kw_only=True):
    """What a session's branch becomes: from ``tip`` to ``thin``, and from ``commits`` commits of its own to ``kept``.

    ``first`` is the oldest of those that were its own; what the shared branch holds is never touched.
    """

    tip: str
    thin: str
    first: str
    commits: int
    kept: int


def thinned(repo: Repository, session: SessionName, main: str) -> Thinned | None:
    """Writes the commits that stand for a session's own ones, hour by hour, and moves no ref.

    Each holds what the last one of its hour held, and descends from what had been delivered until then. None if the
    session would hardly become shorter, or if an open item binds it: that one's commits are asked about still.
    """
    tip = repo.head(session.ref)
    if tip is None:
        return None
    own = line_beyond(repo, tip, main)[::-1]
    if len(own) <= FEWER or not own[0].parents:
        return None
    hours = [list(group) for _, group in itertools.groupby(own, key=lambda commit: commit.at[:HOUR])]
    if len(own) - len(hours) < FEWER or _is_asked_about(repo, session, tip, main):
        return None
    thin = own[0].parents[0]
    for hour in hours:
        thin = _one_for(repo, session, hour, thin)
    return Thinned(tip=tip, thin=thin, first=own[0].oid, commits=len(own), kept=len(hours))


def upon(repo: Repository, draft: str, thin: str) -> str:
    """Returns a draft's commit as one upon the thinned session."""
    kept = repo.read(draft)
    author = Person(name=kept.author_name)
    return repo.commit(kept.tree, [thin], kept.subject, author=author, at=kept.at, trailers=kept.trailers)


def _is_asked_about(repo: Repository, session: SessionName, tip: str, main: str) -> bool:
    return any(is_bound(repo, item, session.branch, tip) for item in read_items(repo, main))


def _one_for(repo: Repository, session: SessionName, hour: Sequence[Commit], parent: str) -> str:
    last, saves = hour[-1], [commit for commit in hour if not is_delivery(commit)]
    if len(hour) == 1 and last.parents[0] == parent:
        return last.oid
    delivered = [commit.parents[1] for commit in hour if is_delivery(commit)]
    trailers: dict[str, str | list[str]] = {
        "Gitcollab-Act": "snapshot" if saves else "delivery",
        "Gitcollab-Session": str(session),
        "Gitcollab-User": session.user,
        "Gitcollab-Thinned": f"{len(hour)}",
    }
    if not saves and is_complete(last):
        trailers["Gitcollab-Complete"] = "yes"
    if saves and all(map(is_volatile, saves)):
        trailers["Gitcollab-Volatile"] = "yes"
    others = {one: None for commit in hour for one in commit.trailers.get("Co-authored-by", ())}
    trailers |= {"Co-authored-by": list(others)} if others else {}
    author = Person(name=session.user if saves else "gitcollab")
    message = f"{len(saves)} saves" if saves else f"Delivery to {session}"
    return repo.commit(
        last.tree, [parent, *delivered[-1:]], message, author=author, at=last.at, trailers=trailers
    )
