"""Holds: which files of watched workspaces clients have open, each for a while; kept over restarts of the daemon."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from gitcollab.collab.place import Place
from gitcollab.errors import BadInput, TooMany
from gitcollab.model import SessionName

LONGEST = 3600.0
"""Seconds that a file is held at most without being said again."""

GRACE = 60.0
"""Seconds that every client has after a start to say again what it has open."""

MOST = 1000
"""Files that one session may have open at a time; the longest name of a client is a tenth of that."""

Held = dict[str, dict[str, float]]
"""By path and client, until when (seconds since the epoch)."""


class Holds:
    """The open files of one collab's workspaces. Used under the collab's lock only."""

    def __init__(self, place: Place, collab: str, now: Callable[[], float] = time.time) -> None:
        self._place, self._collab, self._now = place, collab, now
        self._held: dict[SessionName, Held] = {}

    def hold(self, session: SessionName, path: str, client: str, seconds: float) -> None:
        """Holds a file for ``client`` for so long from now; BadInput for no time at all, TooMany for too many files."""
        if not 0 < seconds <= LONGEST or len(client) > MOST // 10:
            raise BadInput("this file cannot be held like that", f"hold it for 1 to {LONGEST:.0f} seconds")
        held = self._of(session)
        if path not in held and len(held) >= MOST:
            raise TooMany("too many files are open", "close some of them")
        held.setdefault(path, {})[client] = self._now() + seconds
        self._keep(session)

    def release(self, session: SessionName, path: str, client: str) -> None:
        """Ends a client's hold; nothing happens if there is none."""
        if self._of(session).get(path, {}).pop(client, None) is not None:
            self._keep(session)

    def is_held(self, session: SessionName, path: str) -> bool:
        """Whether any client has the file open now."""
        now = self._now()
        return any(until > now for until in self._of(session).get(path, {}).values())

    def open_in(self, session: SessionName) -> tuple[str, ...]:
        """Returns the files that any client has open now."""
        return tuple(path for path in sorted(self._of(session)) if self.is_held(session, path))

    def clear(self, session: SessionName) -> None:
        """Forgets what is held in a session: it was closed."""
        self._held.pop(session, None)
        self._place.held(self._collab, session).unlink(missing_ok=True)

    def _of(self, session: SessionName) -> Held:
        """What a session holds; as it was kept, with grace, when it is first asked for."""
        if session not in self._held:
            least = self._now() + GRACE
            kept = self._kept(session)
            self._held[session] = {
                path: {client: max(until, least) for client, until in clients.items()}
                for path, clients in kept.items()
            }
        return self._held[session]

    def _kept(self, session: SessionName) -> Held:
        try:
            return msgspec.json.decode(self._place.held(self._collab, session).read_bytes(), type=Held)
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def _keep(self, session: SessionName) -> None:
        """Writes down what is held by now. Where the disk refuses, it holds as long as this daemon runs."""
        now, path = self._now(), self._place.held(self._collab, session)
        held = {
            name: alive
            for name, clients in self._of(session).items()
            if (alive := {client: until for client, until in clients.items() if until > now})
        }
        self._held[session] = held
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".new")
            temporary.write_bytes(msgspec.json.encode(held))
            os.replace(temporary, path)
