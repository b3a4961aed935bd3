"""Following a collab's stream in a thread of its own: each event on the own session is handed on."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import GitcollabError, Unavailable
from gitcollab.join.state import State

PAUSE = 1.0  # seconds until a stream that could not be had is asked for again; it doubles
LONGEST_PAUSE = 30.0


class Following:
    """Calls ``notice`` with each event on the session, in the thread that reads the stream.

    ``event`` is the number of the last one that was handed on, or concerns others. When access has ended, ``notice``
    gets the error and the thread ends. ``begun`` is the number after which it began to hear; None before it has heard.
    """

    def __init__(self, client: Client, state: State, notice: Callable[[Json | GitcollabError], None]) -> None:
        self.client, self.state, self.notice = client, state, notice
        self.event = self.begun = state.event
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"stream of {state.collab}", daemon=True)

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread, at the next ping at the latest."""
        self._closed.set()

    def _follow(self) -> None:
        pause = PAUSE
        while not self._closed.is_set():
            try:
                self._read()
                pause = PAUSE
            except Unavailable:
                pause = min(pause * 2, LONGEST_PAUSE)
            except GitcollabError as why:
                self.notice(why)
                return
            self._closed.wait(pause)

    def _read(self) -> None:
        wanted = lambda: not self._closed.is_set()  # noqa: E731
        for event in self.client.events(self.state.collab, self.event, is_wanted=wanted):
            if self._closed.is_set():
                return
            if self.begun is None:
                self.begun = event["n"] - 1
            if event.get("session") == self.state.session:
                self.notice(event)
            self.event = event["n"]  # only now: whoever reads it has been told of all up to it
