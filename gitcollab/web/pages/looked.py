"""What a person has seen of each collab, kept in their own browser: nothing on the server follows who reads what."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "gitcollab-looked"
MARK = re.compile(r"(c[a-z2-7]{9})-([0-9]{1,12})-([0-9]{1,12})-([0-9]{1,12})")
MOST = 60
"""Collabs that are remembered; the one not looked at for longest is forgotten first."""
VISIT = 1800
"""Seconds without a look after which the next one is another visit."""
YEAR = 365 * 86400


class Mark(NamedTuple):
    """``before``: the last event seen before this visit; ``last``: the last one seen at all; ``at``: when (seconds)."""

    before: int
    last: int
    at: int


@dataclass
class Looked:
    """The marks by collab, the one looked at last at the end."""

    marks: dict[str, Mark]

    @classmethod
    def of(cls, request: Request) -> Looked:
        """Reads the browser's cookie; what is none of ours in it is left aside."""
        found = MARK.findall(request.cookies.get(COOKIE, "")[:4000])
        return cls({collab: Mark(int(before), int(last), int(at)) for collab, before, last, at in found})

    def seen(self, collab: str) -> int | None:
        """The last event that was seen; None if the collab was never looked at here."""
        return self.marks[collab].last if collab in self.marks else None

    def look(self, collab: str, last: int, now: float | None = None) -> int | None:
        """Notes a look at everything up to event ``last``; returns the last event that was seen before this visit."""
        at = int(time.time() if now is None else now)
        old = self.marks.pop(collab, None)
        if old is None:
            self.marks[collab] = Mark(last, last, at)
            return None
        before = old.last if at - old.at > VISIT else old.before
        self.marks[collab] = Mark(before, last, at)
        return before

    def keep(self, answer: Response, *, is_secure: bool) -> Response:
        """Has the browser remember."""
        newest = list(self.marks.items())[-MOST:]
        text = ".".join(f"{collab}-{mark.before}-{mark.last}-{mark.at}" for collab, mark in newest)
        answer.set_cookie(
            COOKIE, text, max_age=YEAR, secure=is_secure, httponly=True, samesite="strict", path="/"
        )
        return answer
