"""The event stream (SSE): journal first, then live, without gap or double; a reader that does not read is let go.

Raw ASGI, because Starlette's StreamingResponse costs twice the time per event. The format is WHATWG HTML §9.2.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gitcollab.acts import Reading
from gitcollab.errors import BadInput, TooMany
from gitcollab.model import Actor
from gitcollab.store import journal
from gitcollab.web.ask import Ask, admitted
from gitcollab.web.auth import GUEST, Credential
from gitcollab.web.doors import Door
from gitcollab.web.hub import Ring, chunk, is_for
from gitcollab.web.site import Site

PING = 15.0
"""Seconds of silence after which a comment shows that the stream lives."""
SEND_TIMEOUT = 20.0
"""Seconds that one write may take before the reader is let go; it resumes from the journal."""
ABORT = "gitcollab.abort"
"""Under this name the server puts what closes a connection at once into a request's extensions."""
TRANSPORT = "gitcollab.transport"
"""Under this name it puts the connection itself, if answers without a length go out in chunks there."""
ROOM = 32 * 1024
"""Bytes that may wait to be sent on a connection before its reader has to read."""
PAGE = 200
"""Events read from the journal at once."""
MOST, GUESTS = 100, 1000
"""Streams that one person, and all guests together, may have open."""
FAREWELL = b"event: farewell\ndata: {}\n\n"
ENDED = b"event: ended\ndata: {}\n\n"


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """``after``: the number of the last event that the reader has; as ``Last-Event-ID``. ``here``: 1 to be told besides
    who is here, as it changes (an event ``here`` without a number)."""

    after: str = ""
    here: str = ""


async def events(ask: Ask) -> Stream:
    """Streams what happens in a collab (text/event-stream); resumes after ``Last-Event-ID`` or ``after``."""
    return Stream(ask, await ask.collab(), start(ask))


def check_room(ask: Ask) -> None:
    """Raises TooMany if the asker has as many streams open as one person may have."""
    mine = ask.request.state.credential
    if ask.site.hub.open[ask.actor.user] > (GUESTS if mine.via == GUEST else MOST):
        raise TooMany("You have too many streams open", "close some pages or programs that follow collabs")


def newest_for(connection: Connection, actor: Actor, collab: str) -> int:
    """The number of a collab's last event; NotFound or Forbidden for who may not read it."""
    admitted(connection, actor, Reading(actor=actor, collab=collab))
    return journal.last(connection, collab)


class Stream(Response):
    """The answer that does not end by itself."""

    media_type = "text/event-stream"

    def __init__(self, ask: Ask, collab: str, after: int | None) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self.ask, self.collab, self.after = ask, collab, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        site, asked = self.ask.site, (self.ask.actor, self.collab)
        if scope["method"] == "HEAD":
            await site.look(newest_for, *asked)
            await send(begin)
            await send({"type": "http.response.body", "body": b""})
            return
        reader = Reader(site, self.collab, self.ask.request.state.credential, send)
        reader.transport = scope.get("extensions", {}).get(TRANSPORT)
        with site.hub.listening(self.collab, reader) as ring:
            check_room(self.ask)
            reader.heard = ring.said[0] if self.ask.request.query_params.get("here") == "1" else None
            restarts = ring.restarts
            newest = await site.look(newest_for, *asked)
            reader.last = newest if self.after is None else min(self.after, newest)
            if reader.last == newest:  # the ring has listened since before: the journal has nothing to add
                reader.restarts = restarts
            await send(begin)
            await until_gone(reader.run(ring), receive)
            if reader.is_stalled:
                site.hub.dropped += 1
                await hang_up(scope)


def start(ask: Ask) -> int | None:
    """The number after which the stream begins; None: with what happens from now on."""
    for text in (ask.request.headers.get("last-event-id", ""), ask.request.query_params.get("after", "")):
        if text and not (text.isascii() and text.isdigit() and len(text) < 19):
            raise BadInput(
                "An event's number is a whole number", "leave it out to begin with what happens now"
            )
        if text:
            return int(text)
    return None


async def until_gone(reading: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Runs ``reading`` until it is done or the client has hung up; in this task, since thousands have one each."""
    here, is_over, is_gone = asyncio.current_task(), False, False
    assert here is not None  # noqa: S101  # a request is answered in a task

    def end(_: object) -> None:
        nonlocal is_gone
        if not is_over:
            is_gone = True
            here.cancel()

    watch = asyncio.create_task(hung_up(receive))
    watch.add_done_callback(end)
    try:
        await reading
    except asyncio.CancelledError:
        if not is_gone or here.uncancel():  # somebody else has cancelled this, too
            raise
    finally:
        is_over = True
        watch.cancel()
        await asyncio.wait((watch,))


async def hang_up(scope: Scope) -> None:
    """Closes the connection at once, with what still waits to be sent; a closed one would wait for its reader."""
    abort = scope.get("extensions", {}).get(ABORT)
    if abort is not None:
        abort()
        await asyncio.sleep(0)  # the server hears of it before the request ends, and does not wonder


async def hung_up(receive: Receive) -> None:
    """Returns when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Reader:
    """One open stream. ``last`` is the number of the last event written."""

    def __init__(self, site: Site, collab: str, credential: Credential, send: Send) -> None:
        self.site, self.collab, self.credential, self.send = site, collab, credential, send
        self.last = 0
        self.is_ended = False
        self.is_stalled = False
        self.heard: int | None = None  # how often of what passes by; None: it does not listen to that
        self.restarts = -1  # of the ring, when the journal was last read to its end
        self.transport: asyncio.Transport | None = None
        self.ring = Ring()
        self.woken = asyncio.Event()
        self.wrote = False  # anything since the last ping was due

    @property
    def user(self) -> str:
        """Whose it is."""
        return self.credential.user

    async def run(self, ring: Ring) -> None:
        """Writes events until access ends, the server stops, or the reader does not read."""
        self.ring = ring
        try:
            await self.write(b"retry: 1000\n\n")
            while not self.is_ended and not self.site.hub.is_leaving:
                moved = ring.moved
                if not await self.catch_up(ring):
                    await self.wait(moved)
            await self.write(FAREWELL if self.site.hub.is_leaving else ENDED, is_last=True)
        except TimeoutError:
            self.is_stalled = True

    async def catch_up(self, ring: Ring) -> bool:
        """Writes what is new, from the ring or the journal; whether there was anything."""
        if self.heard is not None and self.heard != ring.said[0]:
            self.heard, data = ring.said
            await self.write(data)
        fresh = ring.after(self.last) if self.restarts == ring.restarts else None
        if fresh is None:
            return await self.read_journal(ring)
        for n, data in fresh:
            if self.is_ended:
                return True
            await self.write(data)
            self.last = n
        if fresh:
            self.site.hub.streamed(time.monotonic() - ring.moved_at)
        return bool(fresh)

    async def read_journal(self, ring: Ring) -> bool:
        """Writes a page of the journal; whether to look again at once."""
        restarts = ring.restarts
        page = await self.site.look(journal.since, self.collab, self.last, PAGE)
        for event in page:
            if self.is_ended:
                return True
            await self.write(chunk(event))
            self.last = event.n
        if len(page) < PAGE:
            self.restarts = restarts
        if not page and ring.kept:  # what the ring lacks is not in the journal either: it was removed
            self.last = max(self.last, ring.kept[0][0] - 1)
        return True

    def push(self, n: int, data: bytes, framed: bytes) -> bool:
        """Takes event ``n`` without a turn of its own task, if it is the next one and the connection has room.

        It goes past the server's HTTP, which counts nothing of a chunk, and by itself would cost ten times as much.
        """
        line = self.transport
        if line is None or n != self.last + 1 or self.is_ended or self.restarts != self.ring.restarts:
            return False
        if is_for(data, self.credential.user):
            if line.is_closing() or line.get_write_buffer_size() + len(framed) > ROOM:
                return False
            line.write(framed)
            self.wrote = True
        self.last = n
        return True

    async def wait(self, moved: asyncio.Event) -> None:
        """Waits for news; shows life if there are none. Nothing has been awaited since there was none."""
        woken = moved
        if self.transport is not None:
            self.woken.clear()
            self.ring.live.add(self)
            woken = self.woken
        is_silent = False
        try:
            async with asyncio.timeout(PING):  # wait_for would make a task of it, for each stream
                await woken.wait()
        except TimeoutError:
            is_silent, self.wrote = not self.wrote, False
        finally:
            self.ring.live.discard(self)
        if is_silent:
            await self.write(b": ping\n\n")

    async def write(self, data: bytes, *, is_last: bool = False) -> None:
        """Hands ``data`` to the connection, which takes it only while its own bounded buffer has room.

        What is another person's alone is passed over in silence, wherever it comes from.
        """
        if not is_for(data, self.credential.user):
            return
        async with asyncio.timeout(SEND_TIMEOUT):
            await self.send({"type": "http.response.body", "body": data, "more_body": not is_last})


DOORS = (Door(method="GET", path="/api/collabs/{id}/events", go=events, query=Resumed, answer=str),)
