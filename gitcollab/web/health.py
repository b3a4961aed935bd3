"""Health: whether each part of the service answers, for who watches over it; no sign-in, and nothing else is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gitcollab.errors import GitcollabError

LASTS = 1.0
"""Seconds for which an answer is given again, so that asking cannot become a load."""

WITHIN = 1.0
"""Seconds that a part may take to answer."""


class Health:
    """Answers ``{"status": "ok" or "degraded", "version", "parts": {name: "ok" or "away"}}``, always with 200.

    Web itself is well if it says so; a part that is away is being started again, which no restart of web would hasten.
    ``parts`` holds for each a function that returns if the part answers.
    """

    def __init__(self, version: str, parts: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
        self.version = version
        self.parts = parts
        self.found: dict[str, str] = {}
        self.until = 0.0
        self.looking = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        """Answers the request."""
        async with self.looking:
            if time.monotonic() >= self.until:
                states = await asyncio.gather(*map(state, self.parts.values()))
                self.found = dict(zip(self.parts, states, strict=True))
                self.until = time.monotonic() + LASTS
        status = "ok" if set(self.found.values()) <= {"ok"} else "degraded"
        return JSONResponse({"status": status, "version": self.version, "parts": self.found})


async def state(answers: Callable[[], Awaitable[object]]) -> str:
    """``ok`` if it answers in time, ``away`` if not."""
    try:
        with anyio.fail_after(WITHIN):
            await answers()
    except (GitcollabError, OSError, TimeoutError):
        return "away"
    return "ok"
