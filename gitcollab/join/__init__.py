"""JOIN: a participant's side on another machine. Watches a directory, saves over HTTP, writes what is delivered."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import GitcollabError, NoSpace, TooMany, Unavailable, Unusable
from gitcollab.flow.watch import Changed, Found, Gone, Lost, MassGone, Moved, Pace, Skipped, watch
from gitcollab.join.exchange import Exchange, News, Progress, Tell
from gitcollab.join.following import Following
from gitcollab.join.opening import resolved, taken_up
from gitcollab.join.state import Drawer, State, opened

__all__ = ["News", "Progress", "State", "join"]

PACE = Pace()
ROUNDS = (
    20  # of an exchange that is to come to rest; two that go on changing things for ever are left to go on
)
EARLY = (0.5, 2.0, 10.0)  # seconds after the start: the stream tells only of what comes after it stands
AGAIN = 0.5  # seconds until a file that an editor holds is tried again; it doubles
PERIOD = 60.0  # seconds between fetches that nobody asked for
PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between attempts at a server that does not answer
TRANSIENT = (Unavailable, TooMany, NoSpace)


async def join(
    client: Client,
    collab: str,
    directory: Path,
    *,
    name: str = "default",
    once: bool = False,
    on_progress: Tell = lambda progress: None,
    pace: Pace = PACE,
) -> State:
    """Takes part in a collab from a directory: every save there goes to the server, every delivery comes back.

    Runs until cancelled, or with ``once`` until both sides are quiet; returns what is then held. Files that are
    there already are taken over if they are equal, else saved as this session's work, never written over. Without
    the server it keeps watching and catches up. Of a git repository around the directory nothing is touched.

    :raises BadInput: the directory cannot be a workspace.
    :raises Unusable: it is joined already, belongs to another collab, or vanished (nothing is deleted then).
    :raises NotFound, Forbidden, NotSignedIn: there is no access, or none any more.
    :raises Unavailable: the server cannot be reached at the start.
    """
    root = await anyio.to_thread.run_sync(resolved, directory)
    with contextlib.ExitStack() as stack:
        drawer = await anyio.to_thread.run_sync(stack.enter_context, opened(root))
        async with _thread(client) as run:
            state: State
            state, rules = await run(taken_up, client, collab, drawer, root, name)
            on_progress(Progress(News.JOINED, str(root), state.session))
            joined = _Joined(Exchange(client, state, rules, on_progress), drawer, run)
            await (joined.come_to_rest(pace) if once else joined.stay(pace))
        return state


Run = Callable[..., Awaitable[Any]]


@contextlib.asynccontextmanager
async def _thread(client: Client) -> AsyncIterator[Run]:
    """Gives the one thread in which everything is done, one after the other, over one connection."""
    pool = ThreadPoolExecutor(1, "join")
    run = partial(asyncio.get_running_loop().run_in_executor, pool)
    try:
        yield run
    finally:
        with anyio.CancelScope(shield=True):
            await run(client.close)
        pool.shutdown(wait=False)


class _Joined:
    """Turns what the watch finds and what the stream tells into exchanges, one at a time."""

    def __init__(self, exchange: Exchange, drawer: Drawer, run: Run) -> None:
        self.exchange, self.drawer, self.run = exchange, drawer, run
        self.found: list[Found] = []
        self.events: list[Json] = []
        self.ended: GitcollabError | None = None
        self.is_behind = True  # everything is to be compared
        self.has_left = False
        self.fetch_at = [time.monotonic() + after for after in EARLY]
        self.patience = 0.0  # seconds until what waits is tried again
        self.pause = 0.0  # seconds until a server that did not answer is asked again
        self.wake, self.loop = asyncio.Event(), asyncio.get_running_loop()

    async def come_to_rest(self, pace: Pace) -> None:
        """Exchanges until nothing moves any more, and nobody is writing."""
        for _ in range(ROUNDS):
            has_moved = await self.run(self.exchange.catch_up)
            await self.run(self.drawer.write, self.exchange.state)
            if not has_moved and not self.exchange.unsettled:
                return
            await anyio.sleep(pace.quiet)

    async def stay(self, pace: Pace) -> None:
        """Exchanges until the session is closed."""
        following = Following(self.exchange.client, self.exchange.state, self._notice)
        await anyio.to_thread.run_sync(following.start)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._watch, pace)
                while not self.has_left:
                    await self._exchange()
                    self.exchange.state.event = following.event
                    await self.run(self.drawer.write, self.exchange.state)
                    await self._rest()
                tasks.cancel_scope.cancel()
        except* GitcollabError as several:
            raise several.exceptions[0] from None
        finally:
            following.close()

    async def _watch(self, pace: Pace) -> None:
        root, rules, seen = self.exchange.root, self.exchange.rules, self.exchange.seen
        async for found in watch(root, rules, seen=seen, stop=anyio.Event(), pace=pace):
            if isinstance(found, Lost):
                raise Unusable(
                    f"the workspace {root} is gone: {found.reason}",
                    "nothing was deleted at the server; join again once it is back",
                )
            self.found.append(found)
            self.wake.set()

    async def _exchange(self) -> None:
        try:
            await self.run(self._work)
        except TRANSIENT as why:
            if not self.pause:
                self.exchange.tell(Progress(News.OFFLINE, "", why.message))
            self.is_behind = True
            self.pause = min(max(PAUSE, self.pause * 2), LONGEST_PAUSE)
        else:
            if self.pause:
                self.exchange.tell(Progress(News.ONLINE))
            self.pause = 0.0

    async def _rest(self) -> None:
        """Waits for a reason to exchange; while the server does not answer, only for the time to try again."""
        if self.ended:
            raise self.ended
        if self.pause:
            await anyio.sleep(self.pause * random.uniform(0.5, 1.0))  # noqa: S311  spreads a herd
        elif not self.has_left:
            with anyio.move_on_after(max(0.0, min(self.fetch_at) - time.monotonic())):
                await self.wake.wait()
            self.wake.clear()

    # --- in threads ---

    def _notice(self, news: Json | GitcollabError) -> None:
        """Runs in the thread of the stream."""
        if isinstance(news, GitcollabError):
            self.ended = news
        else:
            self.events.append(news)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self.wake.set)

    def _work(self) -> None:
        found, self.found = self.found, []
        events, self.events = self.events, []
        if any(event["kind"] == "left" for event in events) and self._has_left():
            return
        if self.is_behind:
            self.exchange.catch_up()
            self.is_behind = False
        else:
            for each in found:
                self._take_in(each)
        for event in events:
            self.exchange.learn(event)
        now = time.monotonic()
        is_due = any(at <= now for at in self.fetch_at) or any(map(self.exchange.is_news, events))
        if is_due or self.exchange.is_fetch_wanted:
            self._fetch(now)

    def _fetch(self, now: float) -> None:
        waiting = self.exchange.fetch()
        saved = [path for path in waiting if self.exchange.save(path)]
        if saved:
            waiting = self.exchange.fetch()
        self.patience = min(max(AGAIN, self.patience * 2), LONGEST_PAUSE) if waiting else 0.0
        later = [at for at in self.fetch_at if now < at < now + EARLY[-1]]
        self.fetch_at = [*later, now + (self.patience or PERIOD)]

    def _take_in(self, found: Found) -> None:
        exchange = self.exchange
        match found:
            case Changed(path):
                exchange.save(path)
            case Moved(old, path):
                exchange.rename(old, path)
            case Gone(path):
                exchange.delete(path)
            case MassGone(paths):
                for path in exchange.confirmed(paths):
                    exchange.delete(path)
            case Skipped(path, reason):
                exchange.tell(Progress(News.SKIPPED, path, reason))

    def _has_left(self) -> bool:
        """Whether the session is closed: the event may be of an earlier leave."""
        state = self.exchange.state
        self.has_left = not self.exchange.client.session(state.collab, state.session)["is_open"]
        if self.has_left:
            self.exchange.tell(Progress(News.LEFT, "", state.session))
        return self.has_left
