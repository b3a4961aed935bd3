"""Documents: which file of this machine is which file of which collab."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitcollab.client import Client
from gitcollab.client.transport import Json

FRESH = 5.0
"""Seconds that a list of workspaces is believed."""


@dataclass(frozen=True)
class Document:
    """A file in a workspace of mine. ``path`` is its name in the collab, ``file`` where it lies."""

    collab: str
    alias: str
    title: str
    role: str
    me: str
    session: str
    path: str
    file: Path


@dataclass(frozen=True)
class Desk:
    """One workspace of mine, and which of its files are shared."""

    summary: Json
    me: str
    session: str
    workspace: Path

    def holds(self, file: Path) -> Document | None:
        """Returns the document that ``file`` is, None if this collab does not share it."""
        if not file.is_relative_to(self.workspace):
            return None
        path = file.relative_to(self.workspace).as_posix()
        if not self._rules().admits(path):
            return None
        one = self.summary
        return Document(
            collab=one["id"],
            alias=one["alias"],
            title=one["title"],
            role=one["role"],
            me=self.me,
            session=self.session,
            path=path,
            file=file,
        )

    def _rules(self) -> Any:
        from gitcollab.workspace import Rules

        is_made_for_it = (
            self.workspace.parent.name == self.summary["id"]
        )  # by the server: all of it is shared
        return Rules() if is_made_for_it else Rules(paths=tuple(self.summary.get("paths") or ()))


class Documents:
    """Knows the workspaces of the person whose token this is, for a few seconds at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._desks: tuple[Desk, ...] = ()
        self._client: Client | None = None
        self._until = 0.0

    def find(self, client: Client, file: Path, *, is_fresh: bool = False) -> Document | None:
        """Returns the document that a file is; None if it is in no collab of mine. ``is_fresh``: asks the server."""
        real = Path(os.path.realpath(file))
        found = [made for desk in self.desks(client, is_fresh=is_fresh) if (made := desk.holds(real))]
        return max(found, key=lambda one: -len(one.path), default=None)  # the innermost workspace

    def desks(self, client: Client, *, is_fresh: bool = False) -> tuple[Desk, ...]:
        """Returns my workspaces on this machine."""
        with self._lock:
            if is_fresh or self._client is not client or time.monotonic() > self._until:
                self._desks, self._client = _desks(client), client
                self._until = time.monotonic() + FRESH
            return self._desks


def _desks(client: Client) -> tuple[Desk, ...]:
    me = client.me()["name"]
    found = []
    for summary in client.collabs():
        for session in client.sessions(summary["id"]):
            place = session.get("workspace")
            if place and session["user"] == me and session.get("is_open", True) and os.path.isdir(place):
                name = f"{me}/{session['name']}"
                found.append(Desk(summary, me, name, Path(os.path.realpath(place))))
    return tuple(found)
