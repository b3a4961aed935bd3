"""Watching a workspace: events are hints where to look, and looking is the truth."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import anyio.to_thread

from gitcollab.flow.hints import Hint, Hints
from gitcollab.flow.sight import Changed, Found, Gone, Lost, MassGone, Moved, Pace, Sight, Skipped
from gitcollab.workspace import Rules, Stat, clear_leftovers, is_remote

__all__ = ["Changed", "Found", "Gone", "Lost", "MassGone", "Moved", "Pace", "Skipped", "watch"]

PACE = Pace()
STEP_MS = 20  # how late a hint may come; each step costs a thread some ten microseconds
JUMP = 2.0  # seconds that clocks may differ before everything is looked at again


class Stop(Protocol):
    """An event that ends the watch: asyncio's or anyio's."""

    def is_set(self) -> bool: ...

    async def wait(self) -> object: ...


async def watch(
    root: Path, rules: Rules, *, seen: Mapping[str, Stat | None], stop: Stop, pace: Pace = PACE
) -> AsyncIterator[Found]:
    """Yields what has changed in a directory, each file once it has been quiet, until ``stop``.

    ``seen`` is the caller's table of what it has taken in: after each file taken in the caller sets
    ``seen[path]`` to the stat it was read at (``workspace.take``), and after a deletion removes it. None means:
    tracked, but look at the content. What the caller could not take in stays different from ``seen`` and is
    yielded again, at growing intervals. A file may so be yielded twice: only its content says whether it changed.

    Yields ``Lost`` and ends when the root is no longer the directory it was. Deletions are yielded only while it
    is; a file that cannot be seen is ``Skipped``, never ``Gone``; many at once are one ``MassGone``.
    """
    watcher = _Watcher(Sight(root, rules, seen, pace))
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await watcher.begin()
        while not stop.is_set():
            for found in await watcher.look():
                yield found
                if isinstance(found, Lost):
                    return
            await watcher.rest(stopped)
    finally:
        stopped.cancel()
        watcher.close()


@dataclass
class _Clock:
    """Notices when the wall clock jumps, or when this process stood still (SIGSTOP, suspend)."""

    apart: float = 0.0

    def has_jumped(self) -> bool:
        before, self.apart = self.apart, time.time() - time.monotonic()
        return bool(before) and abs(self.apart - before) > JUMP


class _Watcher:
    """Turns hints and the passing of time into looks."""

    def __init__(self, sight: Sight) -> None:
        self.sight, self.clock = sight, _Clock()
        self.loop, self.wake = asyncio.get_running_loop(), asyncio.Event()
        self.hints: Hints | None = None

    async def begin(self) -> None:
        """Clears what a killed delivery left, and asks for events where there are any to be had."""
        pace = self.sight.pace
        resolved = await anyio.to_thread.run_sync(self.sight.root.resolve)
        await anyio.to_thread.run_sync(clear_leftovers, resolved, self.sight.rules)
        if not pace.is_polled and not await anyio.to_thread.run_sync(is_remote, resolved):
            self.hints = Hints(resolved, self._notice, max(1, min(STEP_MS, int(pace.quiet * 1000 / 6))))
            await anyio.to_thread.run_sync(self.hints.start)

    async def look(self) -> list[Found]:
        """Looks at what is due."""
        if self.clock.has_jumped():
            self.sight.want_all()
        pace = self.sight.pace
        period = pace.period if self.hints and self.hints.is_alive else pace.poll
        return await anyio.to_thread.run_sync(self.sight.look, period)

    async def rest(self, stopped: asyncio.Future[Any]) -> None:
        """Waits until a look is due, or the end comes."""
        while not stopped.done():
            self.wake.clear()
            left = self.sight.rest()
            if left <= 0:
                return
            woken: asyncio.Future[Any] = asyncio.ensure_future(self.wake.wait())
            try:
                await asyncio.wait({woken, stopped}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                woken.cancel()

    def close(self) -> None:
        """Ends the events."""
        if self.hints:
            self.hints.close()

    def _notice(self, hints: list[Hint] | None) -> None:
        """Runs in the thread of the hints."""
        if hints is None:
            self.sight.want_all()
        for path, is_added in hints or ():
            self.sight.hint(path, is_added=is_added)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            self.loop.call_soon_threadsafe(self.wake.set)
