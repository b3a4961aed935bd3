"""JOIN: a participant's side on another machine. Watches a directory, saves over HTTP, writes what is delivered."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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
from gitcollab.join.exchange import Exchange
from gitcollab.join.following import Following
from gitcollab.join.kept import Keeping
from gitcollab.join.news import News, Progress, Tell
from gitcollab.join.opening import remembered, resolved, taken_up
from gitcollab.join.state import Drawer, State, opened
from gitcollab.model import SessionName

__all__ = ["News", "Progress", "State", "join"]

PACE = Pace()
ROUNDS = (
    20  # of an exchange that is to come to rest; two that go on changing things for ever are left to go on
)
EARLY = (0.5, 2.0, 10.0)  # seconds after the start: the stream tells only of what comes after it stands
AGAIN = 0.5  # seconds until a file that an editor holds is tried again; it doubles
PERIOD = 60.0  # seconds between fetches that nobody asked for
SPREAD = random.Random()  # noqa: S311  of a herd
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
            take_up = partial(taken_up, client, collab, drawer, root, name)
            try:
                state, rules = await run(take_up)
                is_there = True
            except TRANSIENT:
                before = await run(remembered, drawer, root, client.url)
                if before is None or once:
                    raise
                (state, rules), is_there = before, False
            on_progress(Progress(News.JOINED, str(root), state.session))
            exchange = Exchange(client, state, rules, on_progress)
            joined = _Joined(exchange, drawer, run, None if is_there else lambda: take_up()[0])
            await (joined.come_to_rest(pace) if once else joined.stay(pace))
        return exchange.state


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

    def __init__(
        self, exchange: Exchange, drawer: Drawer, run: Run, take_up: Callable[[], State] | None = None
    ) -> None:
        self.exchange, self.drawer, self.run = exchange, drawer, run
        self.take_up = take_up  # what is still to be done at a server that was away at the start
        self.is_away = False  # the server: what is saved is kept until it is back
        self.gate = threading.Lock()
        self.keeping = Keeping(drawer.saves, SessionName.parse(exchange.state.session))
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
        await self.run(self._send_kept)
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
                    heard = following.event  # before it is asked what there was
                    is_done, state = await self._exchange(), self.exchange.state
                    # what could not be taken in is told again after a restart
                    state.event = heard if is_done else state.event or following.begun
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
            if self.is_away:
                await self._keep()
            self.wake.set()

    async def _exchange(self) -> bool:
        """Takes in all that there is, both ways; says whether the server let that be done."""
        try:
            await self.run(self._work)
        except TRANSIENT as why:
            if not self.pause:
                self.exchange.tell(Progress(News.OFFLINE, "", why.message))
            self.is_behind = self.is_away = True
            await self._keep()
            self.pause = min(max(PAUSE, self.pause * 2), LONGEST_PAUSE)
            return False
        if self.pause:
            self.exchange.tell(Progress(News.ONLINE))
        self.pause = 0.0
        return True

    async def _rest(self) -> None:
        """Waits for a reason to exchange; while the server does not answer, only for the time to try again."""
        if self.ended:
            raise self.ended
        if self.pause:
            await anyio.sleep(self.pause * SPREAD.uniform(0.5, 1.0))
        elif not self.has_left:
            with anyio.move_on_after(max(0.0, min(self.fetch_at) - time.monotonic())):
                await self.wake.wait()
            self.wake.clear()

    async def _keep(self) -> None:
        """Keeps what was found while the server does not answer: each save for itself, as it is now."""
        found, self.found = self.found, []
        await anyio.to_thread.run_sync(self._keep_all, found)

    # --- in threads ---

    def _keep_all(self, found: Sequence[Found]) -> None:
        with self.gate:
            if not self.is_away:  # it is back since
                self.found.extend(found)
                return
            for each in found:
                match each:
                    case Changed(path) | Gone(path):
                        self.exchange.keep(path, self.keeping)
                    case Moved(old, path):
                        self.exchange.keep(path, self.keeping)
                        self.exchange.keep(old, self.keeping)

    def _come_back(self) -> None:
        """Sends all that was kept; from then on saves are sent as they come, never an older one after a newer."""
        if self.take_up:
            self.exchange.state, self.take_up = self.take_up(), None
        self._send_kept()
        with self.gate:
            self._send_kept()
            self.is_away = False

    def _send_kept(self) -> None:
        """Sends what was kept, one save after the other, so that each becomes a snapshot with its own time."""
        versions: dict[str, str] = {}
        for kept in self.keeping.waiting():
            versions[kept.path] = self.exchange.send_kept(kept, versions.get(kept.path, ""))
            self.drawer.write(self.exchange.state)
            self.keeping.done(kept)

    def _notice(self, news: Json | GitcollabError) -> None:
        """Runs in the thread of the stream."""
        if isinstance(news, GitcollabError):
            self.ended = news
        else:
            self.events.append(news)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self.wake.set)

    def _work(self) -> None:
        if self.is_behind:
            self._come_back()
        found = tuple(self.found)
        events = tuple(self.events)
        if any(event["kind"] == "left" for event in events) and self._has_left():
            return
        if self.is_behind:
            self.exchange.catch_up()
            self.is_behind = False
        else:
            for each in found:
                self._take_in(each)
        del self.found[: len(found)]
        for event in events:
            self.exchange.learn(event)
        del self.events[: len(events)]  # only now: what could not be done is done again
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
