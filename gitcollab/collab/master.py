"""The master directory as somebody's workspace: what a collaboration account writes there is a session like any other.

``master = "USER"`` in ``collab.toml`` says whose (requirement S101). While that holds, the directory is watched, taken
in and delivered to like every workspace, by rules that write only over what was last written there, and the
materialiser leaves it alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gitcollab.collab.ground import Ground
from gitcollab.events import Left
from gitcollab.flow.charter import read_charter
from gitcollab.flow.points import CONFIG
from gitcollab.model import NAME, Role, SessionName
from gitcollab.repository import Entry
from gitcollab.workspace import Rules

CALLED = "master"
"""The session's name; with a number behind it where the person has one of that name."""

Enter = Callable[[SessionName, str, str], None]
"""Opens a session in a directory, for a client."""


class Master:
    """Keeps the master directory the workspace of whom the charter names. Used under the collab's lock only."""

    def __init__(self, ground: Ground, enter: Enter, sweep: Callable[[SessionName], object]) -> None:
        self._ground, self._enter, self._sweep = ground, enter, sweep
        self._place = ground.given.place.master(ground.id)
        self._note = ground.given.place.edited(ground.id)
        self._looked: Entry | None = None
        self._is_busy = False  # what is taken in at an end lands, and is looked at again

    def look(self) -> None:
        """Follows the charter, if it has changed since the last look."""
        entry = self._ground.repo.entry(self._ground.main(), CONFIG)
        if entry != self._looked and not self._is_busy:
            self._looked = entry
            self.keep()

    def keep(self) -> None:
        """Opens the session that charter and roles ask for, and ends the one that they no longer ask for."""
        if self._is_busy:
            return
        self._is_busy = True
        try:
            self._keep()
        finally:
            self._is_busy = False

    def _keep(self) -> None:
        ground = self._ground
        wanted = self._wanted(read_charter(ground.repo, ground.given.charter).master)
        noted = self._noted()
        if noted and noted.user != wanted:
            self._end(noted)
            noted = None
        if wanted and (noted is None or ground.register.holder(noted) is None):
            self._begin(noted or self._free(wanted))

    def _wanted(self, user: str) -> str:
        """The person whose the directory shall be; '' for nobody, or one who may not save."""
        if not user or not NAME.fullmatch(user):
            return ""
        role = self._ground.register.role(user)
        return user if role is not None and role.rank >= Role.EDITOR.rank else ""

    def _noted(self) -> SessionName | None:
        with suppress(FileNotFoundError, ValueError):
            user, _, name = self._note.read_text().strip().partition("/")
            return SessionName(user=user, name=name)
        return None

    def _free(self, user: str) -> SessionName:
        for number in itertools.count(1):
            session = SessionName(user=user, name=CALLED if number == 1 else f"{CALLED}-{number}")
            if self._ground.register.holder(session) is None:
                return session
        raise AssertionError("one of the names is free")

    def _begin(self, session: SessionName) -> None:
        ground, is_new = self._ground, not self._note.exists()
        if is_new:
            self._note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._note.write_text(f"{session}\n")
            ground.shelves.hand_over()
        self._place.mkdir(mode=0o755, parents=True, exist_ok=True)
        ground.admit()
        ground.desks.set_up(session, self._place, Rules())
        self._enter(session, str(self._place), "daemon")
        ground.turns.then(lambda: self._sweep(session))

    def _end(self, session: SessionName) -> None:
        """Takes in what is there, and puts the directory aside: something in it may be nowhere else."""
        ground = self._ground
        if ground.register.holder(session) is not None:
            self._sweep(session)
            ground.turns.tell(Left(collab=ground.id, user=session.user, session=str(session)))
            ground.turns.write(lambda conn: ground.register.close(conn, session))
        ground.desks.clear(session)
        if self._place.is_dir() and any(self._place.iterdir()):
            self._place.rename(self._aside())
        self._note.unlink(missing_ok=True)
        ground.turns.then(ground.shelves.keep_up)
        ground.turns.then(ground.admit)

    def _aside(self) -> Path:
        names = (self._place.with_name(f"main.left-{number}") for number in itertools.count(1))
        return next(name for name in names if not name.exists())
