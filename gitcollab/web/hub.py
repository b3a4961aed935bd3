"""Recent events, encoded once and shared by all readers of a collab; older ones are in the journal."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from itertools import islice
from typing import Protocol

import msgspec
import structlog

from gitcollab import tracing
from gitcollab.errors import GitcollabError
from gitcollab.events import (
    AnyEvent,
    Event,
    Granted,
    Landed,
    Membership,
    OwnEvent,
    Purged,
    Removed,
    Saved,
    Visible,
)
from gitcollab.web.answers import ascii_line, full

RING_BYTES = 1 << 20
"""Bytes of recent events kept per collab with readers; a reader further behind reads the journal."""

log = structlog.get_logger(__name__)


class OwnChunk(bytes):
    """The bytes of an event that one person alone gets to see."""

    user: str


def kind_of(event: Event) -> str:
    """What the event is called."""
    return str(event.__struct_config__.tag)


def chunk(event: Event) -> bytes:
    """The event as the event stream's bytes."""
    kind = kind_of(event).encode("ascii")
    data = b"id: %d\nevent: %s\ndata: %s\n\n" % (event.n, kind, ascii_line(full(event)))
    if not isinstance(event, OwnEvent):
        return data
    own = OwnChunk(data)
    own.user = event.user
    return own


def is_for(data: bytes, user: str) -> bool:
    """Whether a person may get these bytes of a stream."""
    return not isinstance(data, OwnChunk) or data.user == user


class Listener(Protocol):
    """A reader of a ring. ``is_ended`` is set when its access has ended; it is then woken."""

    is_ended: bool

    @property
    def user(self) -> str:
        """Whose it is."""


class Live(Protocol):
    """A reader that has all there was and waits: it takes the next event from the ring's own hands."""

    woken: asyncio.Event

    def push(self, n: int, data: bytes, framed: bytes) -> bool:
        """Takes event ``n`` if its connection has room just now; ``framed`` are its bytes as a chunk of HTTP."""


class Ring:
    """The newest events of one collab, in order and without gap."""

    def __init__(self) -> None:
        self.kept: deque[tuple[int, bytes]] = deque()
        self.size = 0
        self.readers: set[Listener] = set()
        self.live: set[Live] = set()
        self.restarts = 0  # raised whenever events may have been missed
        self.said = (0, b"")  # what passes by and is kept nowhere: how often, and what last
        self.moved = asyncio.Event()
        self.moved_at = 0.0  # monotonic seconds: when the newest event was heard of

    def add(self, n: int, data: bytes) -> None:
        """Keeps event ``n`` and wakes the readers; an old number is dropped, a gap empties the ring first."""
        if self.kept and n <= self.kept[-1][0]:
            return
        if self.kept and n != self.kept[-1][0] + 1:
            self.kept.clear()
            self.size = 0
        self.kept.append((n, data))
        self.size += len(data)
        self.moved_at = time.monotonic()
        while self.size > RING_BYTES and len(self.kept) > 1:
            self.size -= len(self.kept.popleft()[1])
        self.push(n, data)
        self.moved.set()
        self.moved = asyncio.Event()

    def push(self, n: int, data: bytes) -> None:
        """Hands event ``n`` to all who wait, and wakes those whose connection has no room for it.

        One task does so for all of them: to wake ten thousand would cost several times as much.
        """
        framed = b"%x\r\n%b\r\n" % (len(data), data)
        for reader in tuple(self.live):
            if not reader.push(n, data, framed):
                self.live.discard(reader)
                reader.woken.set()

    def after(self, n: int) -> list[tuple[int, bytes]] | None:
        """The events after ``n``; None if some of them are only in the journal."""
        if not self.kept or n >= self.kept[-1][0]:
            return []
        first = self.kept[0][0]
        if n + 1 < first:
            return None
        return list(islice(self.kept, n + 1 - first, None))

    def forget(self) -> None:
        """Drops what is kept: the journal says it otherwise now."""
        self.kept.clear()
        self.size = 0
        self.restarts += 1

    def wake(self) -> None:
        """Lets every waiting reader look again."""
        for reader in self.live:
            reader.woken.set()
        self.moved.set()
        self.moved = asyncio.Event()


class Hub:
    """Hands the writer's events to the readers in this process."""

    def __init__(self, follow: Callable[[], AbstractAsyncContextManager[AsyncIterator[AnyEvent]]]) -> None:
        self.follow = follow
        self.rings: dict[str, Ring] = {}
        self.open: Counter[str] = Counter()  # streams of each person
        self.is_leaving = False
        self.dropped = 0  # readers who did not read
        self.streamed: Callable[[float], object] = float  # is told how many seconds an event took to a reader
        self.access_moved = asyncio.Event()

    @contextmanager
    def listening(self, collab: str, listener: Listener) -> Iterator[Ring]:
        """Counts ``listener`` among the readers of ``collab``; without readers nothing is kept."""
        ring = self.rings.setdefault(collab, Ring())
        ring.readers.add(listener)
        self.open[listener.user] += 1
        try:
            yield ring
        finally:
            ring.readers.discard(listener)
            self.open[listener.user] -= 1
            if not self.open[listener.user]:
                del self.open[listener.user]
            if not ring.readers:
                del self.rings[collab]

    def tell(self, event: AnyEvent) -> None:
        """Takes in one event."""
        ring = self.rings.get(event.collab)
        if ring is not None:
            if isinstance(event, Purged):
                ring.forget()
            ring.add(event.n, chunk(event))
            if ring.live:
                seconds = time.monotonic() - ring.moved_at
                self.streamed(seconds)
                if isinstance(event, Saved | Landed):
                    told = {"collab": event.collab, "session": event.session, "event": kind_of(event)}
                    snapshot = event.commit if isinstance(event, Saved) else event.snapshot
                    tracing.streamed(snapshot, len(ring.live), seconds, **told)
            if isinstance(event, Membership | Granted | Visible | Removed):
                self.access_moved.set()

    def say(self, collab: str, data: bytes) -> None:
        """Tells the readers who listen to it what passes by: no event, and soon no longer true."""
        ring = self.rings.get(collab)
        if ring is not None:
            ring.said = (ring.said[0] + 1, data)
            ring.wake()

    def restart(self) -> None:
        """Sends every reader to the journal: events may have been missed."""
        for ring in self.rings.values():
            ring.restarts += 1
            ring.wake()

    def leave(self) -> None:
        """Lets every reader say farewell: this process is about to stop."""
        self.is_leaving = True
        self.restart()

    async def run(self, pause: float = 0.5) -> None:
        """Follows the writer for ever; after a lost connection waits ``pause`` seconds and follows again."""
        while True:
            try:
                async with self.follow() as events:
                    self.restart()
                    async for event in events:
                        self.tell(event)
            except (GitcollabError, OSError, msgspec.MsgspecError) as error:
                log.warning("writer not followed", error=str(error))
            await asyncio.sleep(pause)
