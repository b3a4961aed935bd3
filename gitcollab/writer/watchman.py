"""The watchman: notes the condition of the root, and tries again what a collab in trouble needs until it is well."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable

import anyio
import anyio.to_thread
import structlog

from gitcollab.condition import Condition, note
from gitcollab.errors import Unavailable, Unusable
from gitcollab.store import Sole
from gitcollab.writer.house import House

log = structlog.get_logger("gitcollab.watchman")

PERIOD = 10.0
"""Seconds between two rounds."""

EVERY = 6
"""Rounds after which what is in trouble is tried again: git looks through all of its history."""

JUMP = 5.0
"""Seconds by which the clock may be set without being told to have jumped."""

LASTS = 3600.0
"""Seconds for which a jump is told."""


class Hands:
    """Tells by how much the wall's clock has run away from the one that nobody can set."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._steady = wall, steady
        self._apart = wall() - steady()
        self._since = steady() - LASTS
        self._by = 0.0

    def jumped(self) -> float:
        """Returns the seconds of the last jump, 0 if there was none within the last hour."""
        now = self._steady()
        by = self._wall() - now - self._apart
        if abs(by) > JUMP:
            self._by, self._since = by, now
            log.warning("the clock has jumped", seconds=round(by))
        self._apart += by
        return self._by if now - self._since < LASTS else 0.0


def alone(database: str) -> Sole | None:
    """Takes the right to be the database's only writer, if it can have others; Unusable if another has it."""
    if not database:
        return None
    sole = Sole(database)
    sole.take()
    return sole


async def stay_alone(sole: Sole) -> None:
    """Sees, until cancelled, that this is the database's only writer; ends the process if another is by now."""
    try:
        while True:
            await anyio.sleep(PERIOD / 2)
            try:
                await anyio.to_thread.run_sync(sole.take)
            except Unavailable as error:
                log.warning("the database is away", error=error.message)
            except Unusable as error:
                log.error("another writes this database", error=error.message)
                os._exit(1)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(sole.release)


async def keep_watch(house: House) -> None:
    """Goes its rounds until cancelled."""
    hands, before = Hands(), None
    for number in itertools.count():
        if number % EVERY == 0:
            await anyio.to_thread.run_sync(house.try_again)
        now = Condition(jumped=hands.jumped(), collabs=dict(house.troubles))
        if now != before and await anyio.to_thread.run_sync(note, house.place.root, now):
            before = now
        await anyio.sleep(PERIOD)
