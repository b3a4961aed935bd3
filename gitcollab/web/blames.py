"""Who changed each cell last. A page waits for it only so long; what was found is kept, for a commit never changes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from gitcollab.errors import GitcollabError
from gitcollab.model import BlameCell

MOST = 32
"""Notebooks, each at a commit, whose answer is kept."""

Blame = dict[str, BlameCell]
"""Who changed a cell last, and when, by the cell's id."""


class Spot(NamedTuple):
    """A notebook at a commit."""

    collab: str
    commit: str
    path: str


class Blames:
    """What was asked for lately; several pages that ask for the same wait for one answer."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.asked: OrderedDict[Spot, asyncio.Task[Blame]] = OrderedDict()

    def ask(self, spot: Spot, find: Callable[[], Awaitable[tuple[BlameCell, ...]]]) -> asyncio.Task[Blame]:
        """The answer, which may still be under way; ``find`` is called if nobody asked before.

        It is empty where it cannot be had in time: nobody waits for ever, and who asks again later may have more luck.
        """
        task = self.asked.get(spot)
        if task is None or task.cancelled():
            task = asyncio.create_task(self._found(spot, find))
            self.asked[spot] = task
        self.asked.move_to_end(spot)
        while len(self.asked) > self.most:
            self.asked.popitem(last=False)
        return task

    async def _found(self, spot: Spot, find: Callable[[], Awaitable[tuple[BlameCell, ...]]]) -> Blame:
        try:
            found = await find()
        except GitcollabError:
            self.asked.pop(spot, None)
            return {}
        return {each.cell: msgspec.structs.replace(each, preview="") for each in found}


async def within(task: asyncio.Task[Blame], seconds: float) -> Blame | None:
    """The answer if it is there in time; None if it is still under way, and goes on."""
    await asyncio.wait((task,), timeout=seconds)
    return task.result() if task.done() else None
