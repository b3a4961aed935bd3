"""Serving: acts come in over the wire, are done in threads, and every event goes out to whoever follows."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import TypeVar
from weakref import WeakValueDictionary

import anyio
import anyio.to_thread
import structlog

from gitcollab import acts
from gitcollab.collab.given import Boundless, Room
from gitcollab.errors import GitcollabError, Unavailable
from gitcollab.events import AnyEvent
from gitcollab.model import Version
from gitcollab.repository import Damaged, disk_errors
from gitcollab.writer.answers import answer
from gitcollab.writer.claims import check_claim
from gitcollab.writer.house import House
from gitcollab.writer.measuring import Measures
from gitcollab.writer.publishing import Publishing
from gitcollab.writer.visibility import show_anew, show_published
from gitcollab.writer.watching import Watching

Done = TypeVar("Done")

log = structlog.get_logger("gitcollab.writer")

THREADS = 256
"""Acts under way at once; most of them wait for their turn or for the disk."""

MOST = 2048
"""Acts asked and not answered yet; more are refused at once, for they would wait longer than their askers do."""

OF_ONE = 32
"""Threads that one collab may hold: its acts take turns, and those that wait share a flush; the rest is for others."""

ANSWERED = 0.5
"""Seconds in which an answer is surely sent."""

BACKLOG = 10_000
"""Events that a follower may be behind before it is sent to the journal."""


class Hub:
    """Hands each event to every follower, from whatever thread it comes."""

    def __init__(self, measures: Measures | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._queues: set[asyncio.Queue[AnyEvent | None]] = set()
        measures = self._measures = measures or Measures()
        measures.watch("followers", "Programs that follow what happens", lambda: len(self._queues))
        measures.watch("follower_queue", "Events that the slowest of them is behind", self._longest)

    def tell(self, event: AnyEvent) -> None:
        """Tells all followers; may be called from any thread."""
        self._measures.told(str(type(event).__struct_config__.tag))
        self._loop.call_soon_threadsafe(self._put, event)

    async def follow(self) -> AsyncIterator[AnyEvent]:
        """Yields every event from now on; ends for a follower that is too far behind."""
        queue: asyncio.Queue[AnyEvent | None] = asyncio.Queue(BACKLOG)
        self._queues.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._queues.discard(queue)

    def _longest(self) -> int:
        return max((queue.qsize() for queue in list(self._queues)), default=0)

    def _put(self, event: AnyEvent) -> None:
        for queue in list(self._queues):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._queues.discard(queue)
                queue.get_nowait()
                queue.put_nowait(None)


class Serving:
    """Does acts: each in a thread of its own, so that the loop stays free for the others."""

    def __init__(
        self,
        house: House,
        watching: Watching,
        measures: Measures | None = None,
        room: Room | None = None,
    ) -> None:
        self._house, self._watching = house, watching
        self._room = room or Boundless()
        self._publishing = Publishing()
        self._limiter = anyio.CapacityLimiter(THREADS)
        self._of_one: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()
        self._measures = measures or Measures()
        self._underway = 0
        self._measures.watch("acts_underway", "Acts asked and not answered yet", lambda: self._underway)
        self._measures.watch("acts_running", "Those of them that have a thread", self._running)

    async def answer(self, act: acts.Act) -> object:
        """Returns what ``acts.ANSWERS`` promises for the act, or raises what went wrong."""
        if isinstance(act, acts.Measure):
            return await anyio.to_thread.run_sync(self._measures.text)
        if self._underway >= MOST:
            raise Unavailable("The server has more to do than it can do just now", "try again in a moment")
        self._underway += 1
        try:
            with self._measures.acting(act) as answered:
                done = await self._answer(act)
                answered(done)
                return done
        finally:
            self._underway -= 1

    def _running(self) -> int:
        return self._limiter.borrowed_tokens

    async def _answer(self, act: acts.Act) -> object:
        try:
            if isinstance(act, acts.Publish):
                done: object = await self._published(act)
            else:
                done = await self._in_turn(act, partial(self._do, act))
        except GitcollabError as error:
            if error.data.get("errno") == errno.EIO:
                _end_soon()
            if isinstance(error, Damaged) and isinstance(act, acts.CollabAct):
                self._house.troubles[act.collab] = error.message
            raise
        self._watching.look_again()
        return done

    async def _published(self, act: acts.Publish) -> Version:
        """Publishes; holds neither a place nor a thread while gates are passed elsewhere."""
        house = self._house
        await self._in_turn(act, partial(self._admit, act))
        collab = house.collab(act.collab)
        version = await self._publishing.publish(collab, act, partial(self._in_turn, act))
        await self._in_turn(act, lambda: show_published(house, act.collab))
        return version

    def _admit(self, act: acts.Publish) -> None:
        self._house.check(act)
        self._room.check(act)

    async def _in_turn(self, act: acts.Act, do: Callable[[], Done]) -> Done:
        async with self._place(act):
            return await anyio.to_thread.run_sync(_on_disk, do, limiter=self._limiter)

    def _place(self, act: acts.Act) -> AbstractAsyncContextManager[object]:
        """A place among the acts on one collab; acts on none need no other than a thread."""
        if not isinstance(act, acts.CollabAct):
            return nullcontext()
        found = self._of_one.get(act.collab)
        return found or self._of_one.setdefault(act.collab, anyio.CapacityLimiter(OF_ONE))

    def _do(self, act: acts.Act) -> object:
        house = self._house
        self._room.check(act)
        match act:
            case acts.OpenSession():
                return house.collab(act.collab).open_session(self._claimed(act))
            case acts.CloseSession():
                return house.collab(act.collab).close_session(act)
            case acts.Save():
                return house.collab(act.collab).save(act)
            case acts.Rename():
                return house.collab(act.collab).rename(act)
            case acts.Land():
                return house.collab(act.collab).land(act)
            case acts.Deliver():
                return house.collab(act.collab).deliver(act)
            case acts.Hold():
                house.collab(act.collab).hold(act)
                return None
            case acts.Release():
                house.collab(act.collab).release(act)
                return None
            case acts.ReadOpen():
                return house.collab(act.collab).open_files(act)
            case acts.Sweep():
                return house.collab(act.collab).sweep(act)
            case acts.Push():
                return house.collab(act.collab).push(act)
            case acts.SiftSecrets():
                return house.collab(act.collab).sift(act)
            case acts.ReadHeld():
                return house.collab(act.collab).held(act)
            case acts.ReadHeldFile():
                return house.collab(act.collab).held_file(act)
            case acts.DecideHeld():
                return house.collab(act.collab).decide_held(act)
            case acts.Purge():
                done = house.collab(act.collab).purge(act)
                show_anew(house, act.collab)
                return done
            case acts.Settle():
                return house.collab(act.collab).settle(act)
            case acts.Undo():
                return house.collab(act.collab).undo(act)
            case acts.Comment() | acts.Reply() | acts.ResolveComment():
                return house.collab(act.collab).say(act)
            case acts.DecidePublish():
                decided = house.collab(act.collab).decide_publish(act)
                show_published(house, act.collab)
                return decided
            case _:
                return answer(act, house)

    def _claimed(self, act: acts.OpenSession) -> acts.OpenSession:
        if act.workspace is None:
            return act
        self._house.check(act)
        root = check_claim(act.workspace, act.claim, time.time(), self._house.place.root.resolve())
        return acts.OpenSession(
            actor=act.actor,
            collab=act.collab,
            name=act.name,
            workspace=str(root),
            claim=act.claim,
            client=act.client,
        )


def _on_disk(do: Callable[[], Done]) -> Done:
    with disk_errors("it"):  # wherever a disk may refuse: that is no failure of the program
        return do()


def _end_soon() -> None:
    """Ends the process once the error has been sent: after EIO a second fsync would report a success that is none.

    The daemon starts it again, and the start looks at what the disk really holds.
    """
    log.error("the disk failed; the writer starts again")
    asyncio.get_running_loop().call_later(ANSWERED, os._exit, 1)
