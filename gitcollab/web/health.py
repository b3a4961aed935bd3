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

NEEDED = ("writer", "database")
"""Parts without which no save is taken."""

WITHIN = 1.0
"""Seconds that a part may take to answer."""


class Health:
    """Answers ``{"status": "ok" or "degraded", "ready", "version", "parts": {name: "ok" or "away"}, …}``, with 200.

    ``ready``: saves are taken, so requests may be sent here; not while the writer or the database is away, or the
    server stops. ``/health/ready`` says so by 200 or 503, ``/health/live`` answers as long as this process does.

    ``disk``: ok, full, read-only or failing; ``clock``: ok or jumped; ``troubled``: how many collabs are in trouble,
    while the others are served (`gitcollab doctor` names them). Web itself is well if it says so; a part that is away
    is being started again, which no restart of web would hasten. ``parts`` holds for each a function that returns if
    the part answers.
    """

    def __init__(
        self,
        version: str,
        parts: Mapping[str, Callable[[], Awaitable[object]]],
        root: Path | None = None,
        is_leaving: Callable[[], bool] = bool,
    ) -> None:
        self.version = version
        self.parts = parts
        self.root = root
        self.is_leaving = is_leaving
        self.found: dict[str, str] = {}
        self.condition: dict[str, str | int] = {}
        self.until = 0.0
        self.looking = asyncio.Lock()

    async def live(self, request: Request) -> Response:
        """Answers that this process lives; asks nobody."""
        return JSONResponse({"live": True})

    async def ready(self, request: Request) -> Response:
        """Answers 200 if requests may be sent here, 503 if not."""
        await self.look()
        return JSONResponse({"ready": self.is_ready}, 200 if self.is_ready else 503)

    @property
    def is_ready(self) -> bool:
        """Whether, as of the last look, saves are taken."""
        return not self.is_leaving() and {self.found.get(name, "ok") for name in NEEDED} == {"ok"}

    async def look(self) -> None:
        """Asks the parts, if they were not asked just now."""
        async with self.looking:
            if time.monotonic() >= self.until:
                states = await asyncio.gather(*map(state, self.parts.values()))
                self.found = dict(zip(self.parts, states, strict=True))
                if self.root is not None:
                    self.condition = await anyio.to_thread.run_sync(condition_of, self.root)
                self.until = time.monotonic() + LASTS

    async def answer(self, request: Request) -> Response:
        """Answers how everything is."""
        await self.look()
        is_well = self.condition.get("disk", "ok") == "ok" and not self.condition.get("troubled")
        status = "ok" if is_well and set(self.found.values()) <= {"ok"} else "degraded"
        told = {"status": status, "ready": self.is_ready, "version": self.version, "parts": self.found}
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
