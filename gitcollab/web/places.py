"""Places: how much of something costly may go on at once, for everybody together, each person and each collab."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gitcollab.errors import TooMany


class Places:
    """``total`` at once, at most ``each`` of one person and ``one`` in one collab.

    Who finds none waits up to ``patience`` seconds.
    """

    def __init__(self, total: int = 16, each: int = 6, patience: float = 30.0, *, one: int = 10) -> None:
        self._total, self._each, self._one, self._patience = total, each, one, patience
        self._held: Counter[str] = Counter()
        self._in: Counter[str] = Counter()
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def taken(self, person: str, collab: str = "") -> AsyncIterator[None]:
        """Holds a place for the block; TooMany if none became free in time."""
        try:
            await asyncio.wait_for(self._take(person, collab), self._patience)
        except TimeoutError as error:
            raise TooMany(
                "the server is busy with other clones and fetches", "try again in a minute"
            ) from error
        try:
            yield
        finally:
            await asyncio.shield(self._leave(person, collab))

    async def _take(self, person: str, collab: str) -> None:
        async with self._freed:
            await self._freed.wait_for(lambda: self._is_free(person, collab))
            self._held[person] += 1
            self._in[collab] += 1

    async def _leave(self, person: str, collab: str) -> None:
        async with self._freed:
            self._held[person] -= 1
            self._in[collab] -= 1
            self._held += Counter()  # drops those who hold none
            self._in += Counter()
            self._freed.notify_all()

    def _is_free(self, person: str, collab: str) -> bool:
        is_full = self._held.total() >= self._total or self._held[person] >= self._each
        return not is_full and self._in[collab] < self._one
