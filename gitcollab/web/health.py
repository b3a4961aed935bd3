"""Health: whether each part of the service answers, for who watches over it; no sign-in, and nothing else is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gitcollab import condition
from gitcollab.errors import GitcollabError

LASTS = 1.0
"""Seconds for which an answer is given again, so that asking cannot become a load."""

WITHIN = 1.0
"""Seconds that a part may take to answer."""


class Health:
    """Answers ``{"status": "ok" or "degraded", "version", "parts": {name: "ok" or "away"}, …}``, always with 200.

    ``disk``: ok, full, read-only or failing; ``clock``: ok or jumped; ``troubled``: how many collabs are in trouble,
    while the others are served (`gitcollab doctor` names them). Web itself is well if it says so; a part that is away
    is being started again, which no restart of web would hasten. ``parts`` holds for each a function that returns if
    the part answers.
    """

    def __init__(
        self, version: str, parts: Mapping[str, Callable[[], Awaitable[object]]], root: Path | None = None
    ) -> None:
        self.version = version
        self.parts = parts
        self.root = root
        self.found: dict[str, str] = {}
        self.condition: dict[str, str | int] = {}
        self.until = 0.0
        self.looking = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        """Answers the request."""
        async with self.looking:
            if time.monotonic() >= self.until:
                states = await asyncio.gather(*map(state, self.parts.values()))
                self.found = dict(zip(self.parts, states, strict=True))
                if self.root is not None:
                    self.condition = await anyio.to_thread.run_sync(condition_of, self.root)
                self.until = time.monotonic() + LASTS
        is_well = self.condition.get("disk", "ok") == "ok" and not self.condition.get("troubled")
        status = "ok" if is_well and set(self.found.values()) <= {"ok"} else "degraded"
        told = {"status": status, "version": self.version, "parts": self.found}
        return JSONResponse(told | self.condition)


def condition_of(root: Path) -> dict[str, str | int]:
    """What the root's condition is, in words that may be told without a sign-in."""
    noted = condition.noted(root)
    return {
        "disk": condition.disk(root),
        "clock": "jumped" if noted.jumped else "ok",
        "troubled": len(noted.collabs),
    }


async def state(answers: Callable[[], Awaitable[object]]) -> str:
    """``ok`` if it answers in time, ``away`` if not."""
    try:
        with anyio.fail_after(WITHIN):
            await answers()
    except (GitcollabError, OSError, TimeoutError):
        return "away"
    return "ok"
