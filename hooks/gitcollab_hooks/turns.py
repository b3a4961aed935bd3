"""Turns: of all tabs in one live room, one takes changes in for all. Two would do it twice, in the same document."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

ALIVE = 60.0
"""Seconds after which a tab that is not heard of has lost its turn; it asks again every half minute."""

REMEMBERED = 500
"""Rooms whose turn is remembered."""


class Turns:
    """Whose turn it is in each room, named by its file. May be used from several threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._turns: dict[Path, tuple[str, float]] = {}

    def ask(self, file: Path, tab: str) -> bool:
        """Whether it is this tab's turn: it has it already, or nobody has. It keeps it for ``ALIVE`` seconds."""
        with self._lock:
            holder, until = self._turns.get(file, (tab, 0.0))
            if holder != tab and until > self._now():
                return False
            self._turns.pop(file, None)
            self._turns[file] = tab, self._now() + ALIVE
            while len(self._turns) > REMEMBERED:
                del self._turns[next(iter(self._turns))]
            return True

    def give_up(self, file: Path, tab: str) -> None:
        """Lets the next one have it, if this tab had it."""
        with self._lock:
            if self._turns.get(file, ("", 0.0))[0] == tab:
                del self._turns[file]
