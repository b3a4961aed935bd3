"""The evening: once a day all that lies in watched workspaces is taken in, and each person hears what is not.

Nothing here is needed for saves to be safe: the watch takes them in as they come. It is the proof that it did.
"""

from __future__ import annotations

from pathlib import Path

from gitcollab.collab.ground import Ground
from gitcollab.collab.held import HeldSaves
from gitcollab.collab.saves import Saves
from gitcollab.events import Swept
from gitcollab.model import SessionName

MOST = 200
"""Files that one report names of each kind."""


class Evening:
    """Ends the day of one collab. Takes turns by itself."""

    def __init__(self, ground: Ground, saves: Saves, held: HeldSaves) -> None:
        self._ground, self._saves, self._held = ground, saves, held

    def swept(self) -> tuple[Swept, ...]:
        """Takes in what lies in every open workspace that the daemon watches; tells each person how it stands."""
        watched = [one for one in self._ground.register.open_now() if self._is_watched(one)]
        return tuple(self._swept(session) for session in watched if self._saves.is_admitted(session))

    def _is_watched(self, session: SessionName) -> bool:
        """Whether the session has a workspace here; known from now on, though the watch may not yet have begun."""
        ground = self._ground
        workspace = ground.register.shown(session).workspace
        if workspace is None:
            return False
        with ground.turns.alone():
            ground.desks.set_up(session, Path(workspace), ground.register.rules(Path(workspace)))
        return True

    def _swept(self, session: SessionName) -> Swept:
        ground = self._ground
        with ground.turns.taking():
            taken = sum(receipt.snapshot is not None for receipt in self._saves.swept(session))
        with ground.turns.alone():  # what the turn took in is known now
            skipped = ground.desks.skipped(session)[:MOST]
            held = [one for one in self._held.of(session.user) if one.session == str(session)]
            waiting = {path for one in held for path in (one.path, *one.paths)}
            left = [path for path, _ in ground.desks.changed(session) if path not in waiting]
        beyond = {path: why for path in left if (why := self._saves.beyond(session, path))}
        left = [path for path in left if path not in beyond]
        told = Swept(
            collab=ground.id,
            user=session.user,
            session=str(session),
            taken=taken,
            unsaved=tuple(left[:MOST]),
            skipped=(*skipped, *beyond.items())[:MOST],
            held=tuple((one.id, one.path) for one in held[:MOST]),
        )
        ground.turns.tell(told)
        return told
