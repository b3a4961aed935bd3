"""Logbook: history as it is shown, with what was once read of it kept for the next look: it never changes."""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

from gitcollab.acts import ReadLog
from gitcollab.flow.alter import is_ours, printable
from gitcollab.flow.pushed import Push, pushes_of
from gitcollab.flow.versions import credited
from gitcollab.flow.who import user_of
from gitcollab.model import LogEntry
from gitcollab.repository import Commit, Repository

LOG_LIMIT = 500
"""Entries of one page of history."""

PATHS_LIMIT = 50
"""Paths named in one entry of the history."""

BOOKS = 2
"""Repositories of which something is kept; one may remember 100 MB."""

ENTRIES = 5000
"""Entries kept of one repository."""


class Logbook:
    """The history of one repository. For one thread."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._entries: OrderedDict[str, LogEntry] = OrderedDict()

    def page(self, act: ReadLog) -> tuple[LogEntry, ...]:
        """Returns the entries that are asked for, newest first."""
        repo = self._repo
        tip = repo.resolve(act.branch, act.path)
        limit = min(max(act.limit, 1), LOG_LIMIT)
        found = list(repo.log(tip, act.path, limit, act.before))
        pushed = pushes_of(repo, {commit.oid for commit in found if not commit.is_ours})
        return tuple(self._entry(commit, pushed.get(commit.oid)) for commit in found)

    def _entry(self, commit: Commit, push: Push | None) -> LogEntry:
        """The entry of a commit; who pushed one may be known later, so only our own are kept."""
        if not commit.is_ours:
            return log_entry(self._repo, commit, push)
        if commit.oid not in self._entries:
            self._entries[commit.oid] = log_entry(self._repo, commit)
            if len(self._entries) > ENTRIES:
                self._entries.popitem(last=False)
        return self._entries[commit.oid]


def logbook(path: Path) -> Logbook:
    """Returns the logbook of a repository: another one when another has taken its place, as after a purge."""
    made = os.stat(path / "config")  # written once, with the repository
    return _logbook(path, (made.st_dev, made.st_ino, made.st_mtime_ns))


@lru_cache(maxsize=BOOKS)
def _logbook(path: Path, made: tuple[int, int, int]) -> Logbook:
    return Logbook(Repository(path))


def log_entry(repo: Repository, commit: Commit, push: Push | None = None) -> LogEntry:
    """Returns a commit as the history shows it; ``paths`` are what it changed against its first parent.

    ``push`` is the one that brought it.
    """
    before = commit.parents[0] if commit.parents else None
    paths = (change.path for change in repo.changes(before, commit.oid))
    named = commit.trailer("Gitcollab-Session").removeprefix("sessions/")
    session = str(push.session) if push else named
    author = f"{commit.author_name} <{commit.author_email}>"
    return LogEntry(
        commit=commit.oid,
        parents=commit.parents,
        act="push" if push else commit.trailer("Gitcollab-Act") or "other",
        user=user_of(commit, push),
        at=commit.at,
        message=commit.subject,
        session=session,
        branch=f"sessions/{session}" if "/" in session else "",
        paths=tuple(printable(path) for path in paths if not is_ours(path))[:PATHS_LIMIT],
        author=printable(author) if push and author in push.authors else "",
        others=tuple(printable(_called(one)) for one in commit.trailers.get("Co-authored-by", ())),
    )


def _called(signed: str) -> str:
    """An account, or how somebody is called who has none here."""
    return credited(signed).rpartition(" <")[0] or credited(signed)
