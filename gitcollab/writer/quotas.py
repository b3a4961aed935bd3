"""Quotas: how much one person and one collab may have and do; refused before anything is written.

Files in a directory that the server watches are bound by them, too: nobody asks there who could be refused, so such a
file is skipped, which is told, and taken in once there is room.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, Engine

from gitcollab import acts, store
from gitcollab.collab import Place
from gitcollab.errors import NoSpace, TooMany
from gitcollab.flow.points import MAIN
from gitcollab.model import Role
from gitcollab.repository import Repository
from gitcollab.store import collabs, members, sessions

Found = TypeVar("Found")

MIB = 2**20
MINUTE = 60.0
FRESH = 60.0
"""Seconds for which a repository's size on the disk is believed; what is saved meanwhile is added to it."""


class Quotas(msgspec.Struct, frozen=True, kw_only=True):
    """What is allowed; 0: any number.

    ``saves_per_minute`` of one person, ``collab_megabytes`` of history on the disk, ``user_megabytes`` in all collabs
    that they own, ``collab_files`` on one branch, ``collab_sessions`` that are open, ``collab_refs``: branches and
    versions.
    """

    saves_per_minute: int = 0
    collab_megabytes: int = 0
    user_megabytes: int = 0
    collab_files: int = 0
    collab_sessions: int = 0
    collab_refs: int = 0


class Allowance:
    """Refuses acts that would go beyond the quotas; an error's data names the ``quota``. For use from any thread."""

    def __init__(
        self, quotas: Quotas, place: Place, engine: Engine, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._quotas, self._place, self._engine, self._clock = quotas, place, engine, clock
        self._lock = threading.Lock()
        self._saves: dict[str, deque[float]] = {}
        self._sizes: dict[str, tuple[float, int]] = {}

    def check(self, act: acts.Act, repo: Repository | None = None) -> None:
        """Raises TooMany or NoSpace for an act beyond the quotas; counts it otherwise.

        ``repo`` is the collab's repository of a turn that is under way, whose branches may have moved in it.
        """
        match act:
            case acts.Save():
                self._check_pace(act)
                if act.data is not None:  # what is deleted is always taken
                    self._check_bytes(act.collab, len(act.data))
                    self._check_files(act, repo)
            case acts.Rename():
                self._check_pace(act)
            case acts.Push():
                self._check_pace(act)
                self._check_bytes(act.collab, 0)
                if act.old is None and act.new is not None:
                    self.check_refs(act.collab)
            case acts.Publish():
                self.check_refs(act.collab)
            case acts.OpenSession():
                self._check_sessions(act)
            case _:
                return

    def check_refs(self, collab: str) -> None:
        """Raises NoSpace where a collab has as many branches and versions as it may have."""
        most = self._quotas.collab_refs
        if not most:
            return
        repo = Repository(self._place.repository(collab))
        if len(repo.heads("refs/heads/")) + len(repo.tags()) >= most:
            raise NoSpace(
                f"This collab has its {most} branches and versions",
                "use a session that there is already; an administrator may allow more",
                quota="collab_refs",
            )

    def _check_pace(self, act: acts.Save | acts.Rename | acts.Push) -> None:
        most = self._quotas.saves_per_minute
        if not most or (isinstance(act, acts.Save) and act.is_draft):
            return
        now = self._clock()
        with self._lock:
            times = self._saves.setdefault(act.actor.user, deque())
            while times and times[0] <= now - MINUTE:
                times.popleft()
            if len(times) >= most:
                wait = max(1, round(times[0] + MINUTE - now))
                raise TooMany(
                    f"More than {most} saves of one person in a minute",
                    f"nothing is lost where you work; save again in {wait} s",
                    quota="saves_per_minute",
                )
            times.append(now)

    def _check_bytes(self, collab: str, more: int) -> None:
        own, all_of_one = self._quotas.collab_megabytes * MIB, self._quotas.user_megabytes * MIB
        if own and self._size(collab) + more > own:
            raise NoSpace(
                f"This collab has used its {self._quotas.collab_megabytes} MiB",
                "take large outputs out with `gitcollab purge`, or ask an administrator for more",
                quota="collab_megabytes",
            )
        if all_of_one:
            for owner, owned in self._look(owned_with, collab):
                if sum(map(self._size, owned)) + more > all_of_one:
                    raise NoSpace(
                        f"{owner}, who owns this collab, has used their {self._quotas.user_megabytes} MiB",
                        "let them end a collab that is not needed, or hand this one over",
                        quota="user_megabytes",
                    )
        self._grow(collab, more)

    def _check_files(self, act: acts.Save, repo: Repository | None) -> None:
        most = self._quotas.collab_files
        if not most:
            return
        repo = repo or Repository(self._place.repository(act.collab))
        head = repo.head(act.session.ref) or repo.head(MAIN)
        if head is None or repo.entry(head, act.path) is not None:
            return
        if len(repo.entries(head)) >= most:
            raise NoSpace(
                f"This collab has its {most} files",
                "delete some, or share fewer paths; changes of these go on",
                quota="collab_files",
            )

    def _check_sessions(self, act: acts.OpenSession) -> None:
        most = self._quotas.collab_sessions
        if not most:
            return
        others = [
            one
            for one in self._look(sessions.sessions, act.collab)
            if one.is_open and (one.user, one.name) != (act.actor.user, act.name)
        ]
        if len(others) >= most:
            raise NoSpace(
                f"This collab has its {most} open sessions",
                "close one: `gitcollab leave`",
                quota="collab_sessions",
            )

    def _look(self, query: Callable[[Connection, str], Found], collab: str) -> Found:
        with store.reading(self._engine).connect() as conn:
            return query(conn, collab)

    def _size(self, collab: str) -> int:
        now = self._clock()
        with self._lock:
            at, size = self._sizes.get(collab, (now - FRESH, 0))
        if now - at < FRESH:
            return size
        size = size_of(self._place.repository(collab))
        with self._lock:
            self._sizes[collab] = (now, size)
        return size

    def _grow(self, collab: str, more: int) -> None:
        with self._lock:
            if collab in self._sizes:
                at, size = self._sizes[collab]
                self._sizes[collab] = (at, size + more)


def owned_with(conn: Connection, collab: str) -> list[tuple[str, list[str]]]:
    """Returns the owners of a collab, each with all collabs that they own."""
    owners = [member.user for member in members.members(conn, collab) if member.role is Role.OWNER]
    return [
        (owner, [one.id for one in collabs.collabs_of(conn, owner) if one.role is Role.OWNER])
        for owner in owners
    ]


def size_of(path: Path) -> int:
    """Returns how many bytes the files below a directory have; those that vanish meanwhile have none."""
    total = 0
    for directory, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(directory, name)).st_size
            except OSError:
                continue
    return total
