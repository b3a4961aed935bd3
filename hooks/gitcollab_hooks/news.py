"""News: what happens in the collabs of the open notebooks, and new invitations, told to the browser as they come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gitcollab.errors import GitcollabError, NotFound, NotSignedIn, Unavailable
from gitcollab_hooks.notes import Notes
from gitcollab_hooks.server import Server

Json = Any

WANTED = 300.0
"""Seconds after the last question about a collab for which it is followed."""

ROUND = 4.0
"""Seconds between two looks for invitations, while a browser is there."""

PAUSE = 2.0
"""Seconds after which a stream that could not be had is asked for again."""

LONGEST = 200
"""Characters of a cell's text that an event brings along."""


class News:
    """Follows collabs in threads of their own; ``tell`` is called from them."""

    def __init__(self, server: Server, notes: Notes, tell: Callable[[Json], None]) -> None:
        self._server, self._notes, self._tell = server, notes, tell
        self._lock = threading.Lock()
        self._wanted: dict[str, float] = {}
        self._followed: set[str] = set()
        self._seen_at = 0.0
        self._stopped = threading.Event()
        self._rounds: threading.Thread | None = None

    def want(self, collab: str) -> None:
        """Follows a collab from now on, as long as this is said again now and then."""
        with self._lock:
            self._wanted[collab] = time.monotonic() + WANTED
            if collab in self._followed or self._stopped.is_set():
                return
            self._followed.add(collab)
        threading.Thread(target=self._follow, args=(collab,), name=f"gitcollab {collab}", daemon=True).start()

    def somebody_is_there(self) -> None:
        """Looks for invitations as long as this is said again now and then."""
        with self._lock:
            self._seen_at = time.monotonic()
            if self._rounds is not None or self._stopped.is_set():
                return
            self._rounds = threading.Thread(target=self._look, name="gitcollab invitations", daemon=True)
            self._rounds.start()

    def stop(self) -> None:
        """Ends the threads, those that read at their next ping."""
        self._stopped.set()

    def _is_wanted(self, collab: str) -> bool:
        return not self._stopped.is_set() and time.monotonic() < self._wanted.get(collab, 0.0)

    def _follow(self, collab: str) -> None:
        last: int | None = None
        while self._is_wanted(collab):
            try:
                client = self._server.client()
                for event in client.events(
                    collab, last, patience=0, is_wanted=lambda: self._is_wanted(collab)
                ):
                    last = event["n"]
                    self._tell(shortened(event))
                    if not self._is_wanted(collab):
                        break
            except (Unavailable, NotSignedIn):
                pass  # it is away, or the token is about to be renewed
            except NotFound:
                self._tell({"kind": "ended", "collab": collab})
                break
            except GitcollabError as why:
                self._tell({"kind": "refused", "collab": collab, "message": why.message, "hint": why.hint})
            self._stopped.wait(PAUSE)
        self._server.close()
        with self._lock:
            self._followed.discard(collab)

    def _look(self) -> None:
        while not self._stopped.is_set() and time.monotonic() < self._seen_at + WANTED:
            with suppress(GitcollabError):  # the next round sees the same
                self._tell_new(self._server.client().collabs())
            self._stopped.wait(ROUND)
        self._server.close()
        with self._lock:
            self._rounds = None

    def _tell_new(self, found: list[Json]) -> None:
        known = self._notes.get("collabs")
        ids = [one["id"] for one in found]
        if known == ids:
            return
        self._notes.put("collabs", ids)
        for one in found:
            if known is not None and one["id"] not in known:
                kind = "shared" if one["role"] == "owner" else "invited"
                self._tell({"kind": kind, "collab": one["id"], "title": one["title"], "alias": one["alias"]})


def shortened(event: Json) -> Json:
    """An event with no more of each cell than a line in a panel shows."""
    made = dict(event)
    for file in made.get("files") or ():
        for cell in file.get("cells") or ():
            for side in ("before", "after"):
                if len(cell.get(side) or "") > LONGEST:
                    cell[side] = cell[side][:LONGEST] + "…"
    if made["kind"] == "contested":
        made["items"] = [
            {key: item.get(key) for key in ("id", "path", "cell", "field", "user")} for item in event["items"]
        ]
    return made
