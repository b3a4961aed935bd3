"""Slows guessing and flooding down: so much in so much time, per account and per address."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from gitcollab.errors import TooMany
from gitcollab.web.git import refusal

KEPT = 10_000
"""Keys remembered at most; the oldest go first."""


class Pace:
    """Counts wrong tries, or ``what`` else, in a moving window of ``span`` seconds."""

    def __init__(
        self,
        *,
        span: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
        what: str = "wrong tries",
    ) -> None:
        self.span, self.clock, self.what = span, clock, what
        self.wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, key: str, limit: int) -> None:
        """Raises TooMany if there were ``limit`` wrong tries under ``key`` within the window."""
        tries = self.wrong.get(key, deque())
        while tries and tries[0] <= self.clock() - self.span:
            tries.popleft()
        if len(tries) >= limit:
            raise TooMany(f"Too many {self.what}", f"wait {self.span / 60:.0f} minutes and try again")

    def note(self, key: str) -> None:
        """Counts one wrong try under ``key``."""
        self.wrong.setdefault(key, deque()).append(self.clock())
        self.wrong.move_to_end(key)
        while len(self.wrong) > KEPT:
            self.wrong.popitem(last=False)


PUSHES = 120
"""Pushes of one person within a minute; a push is a save, and more is a program that has gone wrong."""


class PacedPushes:
    """The git door, which takes so many pushes of one person and then asks them to wait."""

    def __init__(self, door: ASGIApp, pace: Pace | None = None) -> None:
        self.door, self.pace = door, pace or Pace(span=60.0, what="pushes")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST" and scope["path"].endswith("/git-receive-pack"):
            user = scope["state"]["actor"].user
            try:
                self.pace.check(user, PUSHES)
            except TooMany as error:
                await refusal(error)(scope, receive, send)
                return
            self.pace.note(user)
        await self.door(scope, receive, send)
