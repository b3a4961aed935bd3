"""The record: the events that a move of a ref tells of, read from the commits themselves.

The same reading serves the act that has just moved a ref and the start after a crash between ref and journal.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from gitcollab.events import (
    AnyEvent,
    Closed,
    Contested,
    Delivered,
    Forked,
    Landed,
    Published,
    Saved,
    Settled,
    Thinned,
)
from gitcollab.flow.alter import changes_between
from gitcollab.flow.comments import commented
from gitcollab.flow.items import printable, read_items
from gitcollab.flow.points import MAIN, is_volatile, of_trailer
from gitcollab.flow.pushed import pushes
from gitcollab.model import Item, SessionName, Take
from gitcollab.repository import Commit, Repository

FORK = re.compile(r"(?P<name>.+)-\d+")


def events_of(repo: Repository, collab: str, ref: str, old: str | None, new: str) -> list[AnyEvent]:
    """Returns what happened, oldest first, between two positions of the shared branch or of a session's branch.

    ``old`` None is a branch that is new: then only a fork has something to tell, its first save.
    """
    commits = list(_since(repo, new, old)) if old else [repo.read(new)]
    found: list[AnyEvent] = []
    for commit in reversed(commits):
        found += _on_main(repo, collab, commit) if ref == MAIN else _in_session(repo, collab, ref, commit)
    if ref == MAIN:
        return found
    found += _pushed(repo, collab, ref, old, new)
    return found if old else _forked(collab, ref, commits[0]) + found


def _since(repo: Repository, new: str, old: str) -> Iterator[Commit]:
    """A branch's own commits since it was at ``old``, newest first, each of which has something to tell."""
    return itertools.takewhile(lambda commit: not repo.is_ancestor(commit.oid, old), repo.line(new))


def published(repo: Repository, collab: str, tag: str, commit: str) -> Published:
    """Returns the event of a version."""
    told = repo.read(commit)
    trailers = told.trailers
    return Published(
        collab=collab,
        user=_one(told, "User"),
        at=told.at,
        notebook=of_trailer((*trailers.get("Gitcollab-Path", ()), tag.rsplit("/v", 1)[0])[0]),
        version=tag.rsplit("/v", 1)[1],
        tag=tag,
        commit=commit,
        message=told.subject,
    )


def thinned(repo: Repository, collab: str, ref: str, old: str, new: str) -> list[AnyEvent]:
    """Returns the event of a branch that went to a thinned line; none of one that came back from there."""
    line = list(_since(repo, new, old))
    counts = [int(count) for commit in line for count in commit.trailers.get("Gitcollab-Thinned", ())]
    if not counts:
        return []
    session = SessionName.parse(ref)
    return [
        Thinned(
            collab=collab,
            user=session.user,
            session=str(session),
            commit=new,
            archive=f"{session}/{old[:12]}",
            commits=sum(counts),
            kept=len(line),
        )
    ]


def _in_session(repo: Repository, collab: str, ref: str, commit: Commit) -> list[AnyEvent]:
    act = _one(commit, "Act")
    if act not in {"snapshot", "delivery"}:
        return []
    session = SessionName.parse(ref)
    parent = commit.parents[0]
    told: dict[str, Any] = {"collab": collab, "user": session.user, "at": commit.at, "session": str(session)}
    files = changes_between(repo, parent, commit.oid)
    if is_volatile(commit):
        return []  # merely opened: kept, and not announced
    if act == "delivery":
        return [Delivered(**told, commit=commit.oid, parent=parent, files=files)]
    return [Saved(**told, commit=commit.oid, parent=parent, files=files)]


def _pushed(repo: Repository, collab: str, ref: str, old: str | None, new: str) -> list[AnyEvent]:
    """A push is one save, however many commits it brought; oldest first."""
    session = SessionName.parse(ref)
    found: dict[str, AnyEvent] = {}
    for push in pushes(repo, session):
        if old is not None and repo.is_ancestor(push.tip, old):
            break
        if not repo.is_ancestor(push.tip, new):
            continue  # recorded, and then a crash came
        told: dict[str, Any] = {"collab": collab, "user": push.user, "at": push.at, "session": str(session)}
        files = changes_between(repo, push.base, push.tip)
        found[push.tip] = Saved(**told, commit=push.tip, parent=push.base, files=files)
    return list(reversed(found.values()))


def _forked(collab: str, ref: str, commit: Commit) -> list[AnyEvent]:
    """A new branch whose first save was meant for another session is a fork of that one."""
    origin, session = _one(commit, "Session"), SessionName.parse(ref)
    if _one(commit, "Act") != "snapshot" or origin in {"", str(session)}:
        return []
    told: dict[str, Any] = {"collab": collab, "user": session.user, "at": commit.at, "session": origin}
    return [Forked(**told, fork=str(session), commit=commit.oid)]


def _on_main(repo: Repository, collab: str, commit: Commit) -> list[AnyEvent]:
    act = _one(commit, "Act")
    user = _one(commit, "User")
    if act == "comment":
        return [*commented(repo, collab, commit)]
    if act not in {"landing", "settlement"}:
        return []
    parent = commit.parents[0]
    before = {item.id: item for item in read_items(repo, parent)}
    after = {item.id: item for item in read_items(repo, commit.oid)}
    moved = tuple(printable(item) for name, item in after.items() if _differs(before.get(name), item))
    found: list[AnyEvent] = []
    if act == "landing":
        found.append(_landed(repo, collab, commit, moved))
    else:
        found.append(_settled(collab, commit, before))
    if moved:
        owner = SessionName.parse(_one(commit, "Session")) if act == "landing" else None
        session = str(owner or SessionName.parse(moved[0].branch))
        told: dict[str, Any] = {"collab": collab, "user": user, "at": commit.at, "session": session}
        found.append(Contested(**told, commit=commit.oid, items=moved))
    return found + _closed(collab, commit, before)


def _landed(repo: Repository, collab: str, commit: Commit, moved: tuple[Item, ...]) -> Landed:
    noted = commit.message.partition("Decided by policy:\n")[2].split("\n\n")[0]
    return Landed(
        collab=collab,
        user=_one(commit, "User"),
        at=commit.at,
        session=_one(commit, "Session"),
        commit=commit.oid,
        parent=commit.parents[0],
        snapshot=commit.parents[-1] if len(commit.parents) < 2 else commit.parents[1],
        files=changes_between(repo, commit.parents[0], commit.oid),
        contested=tuple(item.id for item in moved),
        noted=tuple(line.removeprefix("- ") for line in noted.splitlines() if line.startswith("- ")),
    )


def _settled(collab: str, commit: Commit, before: dict[str, Item]) -> Settled:
    item = before.get(_one(commit, "Item"))
    return Settled(
        collab=collab,
        user=_one(commit, "User"),
        at=commit.at,
        commit=commit.oid,
        item=_one(commit, "Item"),
        path=item.path if item else "",
        take=Take(_one(commit, "Take")),
        cell=item.cell if item else None,
    )


def _closed(collab: str, commit: Commit, before: dict[str, Item]) -> list[AnyEvent]:
    found: list[AnyEvent] = []
    for line in commit.trailers.get("Gitcollab-Closed", ()):
        name, _, reason = line.partition(" ")
        item = before.get(name)
        closed = Closed(
            collab=collab,
            user=_one(commit, "User"),
            at=commit.at,
            commit=commit.oid,
            item=name,
            path=item.path if item else "",
            reason=reason,
            cell=item.cell if item else None,
        )
        found.append(closed)
    return found


def _differs(before: Item | None, after: Item) -> bool:
    if before is None:
        return True
    return any(getattr(before, side) != getattr(after, side) for side in ("base", "shared", "session"))


def _one(commit: Commit, name: str) -> str:
    return (*commit.trailers.get(f"Gitcollab-{name}", ()), "")[0]
