"""Slows guessing down: so many wrong tries in so much time, per account and per address."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from gitcollab.errors import TooMany

KEPT = 10_000
"""Keys remembered at most; the oldest go first."""


class Pace:
    """Counts wrong tries in a moving window of ``span`` seconds."""

    def __init__(self, *, span: float = 300.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.span, self.clock = span, clock
        self.wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, key: str, limit: int) -> None:
        """Raises TooMany if there were ``limit`` wrong tries under ``key`` within the window."""
        tries = self.wrong.get(key, deque())
        while tries and tries[0] <= self.clock() - self.span:
            tries.popleft()
        if len(tries) >= limit:
            raise TooMany("Too many wrong tries", f"wait {self.span / 60:.0f} minutes and try again")

    def note(self, key: str) -> None:
        """Counts one wrong try under ``key``."""
        self.wrong.setdefault(key, deque()).append(self.clock())
        self.wrong.move_to_end(key)
        while len(self.wrong) > KEPT:
            self.wrong.popitem(last=False)
