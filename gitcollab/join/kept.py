"""Kept: the saves of a directory while the server is away, each a commit with its own time, until it is sent.

They lie in a bare repository beside what the directory remembers, outside of it; git can read it. A save that is kept
survives a power cut, and what was sent stays as history.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gitcollab.errors import BadInput
from gitcollab.flow.points import in_trailer, of_trailer
from gitcollab.model import Person, SessionName
from gitcollab.repository import Commit, Entry, Repository, loose, maintain

SENT = "refs/gitcollab/sent"
"""The last save that the server has."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A save that waits: ``data`` None is a deletion, ``base`` the version its copy surely came from, if any."""

    commit: str
    path: str
    data: bytes | None
    base: str
    at: str


class Keeping:
    """The saves of one session that wait. May be used from any thread, one at a time."""

    def __init__(self, path: Path, session: SessionName) -> None:
        self.path, self._session = path, session
        self._lock = threading.Lock()
        self._opened: Repository | None = None

    def last(self, path: str) -> Kept | None:
        """Returns the newest save of a file that waits; None if none does."""
        return next((kept for kept in reversed(self.waiting()) if kept.path == path), None)

    def keep(self, path: str, data: bytes | None, base: str) -> None:
        """Keeps a save, durably."""
        with self._lock:
            repo, tip = self._repository(), self._tip()
            trailers = {"Gitcollab-Act": "snapshot", "Gitcollab-Path": in_trailer(path)}
            trailers |= {"Gitcollab-Version": base} if base else {}
            made = repo.commit(
                self._tree(tip, path, data),
                [tip] if tip else [],
                f"{'Delete' if data is None else 'Save'} {path}",
                author=Person(name=self._session.user),
                at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                trailers=trailers,
            )
            repo.move(self._session.ref, made, tip, "kept")

    def waiting(self) -> list[Kept]:
        """Returns the saves that the server has not got, oldest first."""
        with self._lock:
            tip = self._tip() if self.path.is_dir() else None
            if tip is None:
                return []
            repo = self._repository()
            line = list(repo.line(tip, repo.head(SENT)))
            return [self._read(commit) for commit in reversed(line)]

    def done(self, kept: Kept) -> None:
        """Notes that the server has a save, and with it all before."""
        with self._lock:
            repo = self._repository()
            repo.move(SENT, kept.commit, repo.head(SENT), "sent")
            if kept.commit == self._tip() and loose(self.path).is_due:
                maintain(self.path)

    def _read(self, commit: Commit) -> Kept:
        """What one commit saved: its one file, though that may have stood in the way of another."""
        repo = self._repository()
        path = of_trailer(commit.trailer("Gitcollab-Path"))
        entry = repo.entry(commit.oid, path)
        data = repo.blob(entry.oid) if entry and commit.subject.startswith("Save ") else None
        base = commit.trailer("Gitcollab-Version")
        return Kept(commit=commit.oid, path=path, data=data, base=base, at=commit.at)

    def _tree(self, tip: str | None, path: str, data: bytes | None) -> str:
        repo = self._repository()
        edit = {path: None if data is None else Entry(repo.write_blob(data))}
        try:
            return repo.edit(repo.tree_of(tip) if tip else None, edit)
        except BadInput:  # a file where a directory was: each commit is read for its own file only
            return repo.edit(None, edit)

    def _tip(self) -> str | None:
        return self._repository().head(self._session.ref)

    def _repository(self) -> Repository:
        if self._opened is None:
            is_there = (self.path / "HEAD").is_file()
            self._opened = Repository(self.path) if is_there else Repository.create(self.path)
        return self._opened
