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
from gitcollab_hooks.notes import home

FRESH = 5.0
"""Seconds that a list of workspaces is believed."""


@dataclass(frozen=True)
class Document:
    """A file in a workspace of mine. ``path`` is its name in the collab, ``file`` where it lies.

    ``is_joined``: `gitcollab join` looks after the workspace, for a server that cannot see it.
    """

    collab: str
    alias: str
    title: str
    role: str
    me: str
    session: str
    path: str
    file: Path
    is_joined: bool = False


@dataclass(frozen=True)
class Desk:
    """One workspace of mine, and which of its files are shared. ``joined`` is what `gitcollab join` remembers of it, if
    that looks after it for a server elsewhere."""

    summary: Json
    me: str
    session: str
    workspace: Path
    joined: Any = None

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
            is_joined=self.joined is not None,
        )

    def _rules(self) -> Any:
        from gitcollab.workspace import Rules

        if self.joined is not None:
            from gitcollab.join.opening import rules_of

            return rules_of(self.joined)
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
    me, joined = client.me()["name"], _joined(client)
    found = []
    for summary in client.collabs():
        for session in client.sessions(summary["id"]):
            if session["user"] != me or not session.get("is_open", True):
                continue
            place, name = session.get("workspace"), f"{me}/{session['name']}"
            if place and os.path.isdir(place):
                found.append(Desk(summary, me, name, Path(os.path.realpath(place))))
            found += [
                Desk(summary, me, name, Path(os.path.realpath(state.directory)), state)
                for state in joined.get((summary["id"], name), ())
            ]
    return tuple(found)


def _joined(client: Client) -> dict[tuple[str, str], list[Any]]:
    """The directories of this machine that `gitcollab join` looks after for that server, by collab and session."""
    found: dict[tuple[str, str], list[Any]] = {}
    if not (home() / "gitcollab" / "workspaces").is_dir():
        return found  # whoever has never joined anything does not load what joins
    from gitcollab.join.state import joined

    for state in joined():
        if state.url.rstrip("/") == client.url:
            found.setdefault((state.collab, state.session), []).append(state)
    return found
