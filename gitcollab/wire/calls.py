"""Calls: the asking end of the wire, for web and writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import anyio
import msgspec

from gitcollab import acts
from gitcollab.errors import Unavailable, revive
from gitcollab.events import AnyEvent
from gitcollab.model import Actor
from gitcollab.wire.frames import Frame, address, frame, receive, value_of

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

WITHIN = 60.0
"""Seconds that an answer may take unless the caller says otherwise."""

LONG: dict[type[acts.Act], float] = {acts.Publish: 3 * 3600.0}
"""Seconds that acts may take which wait for something to be run."""

PATIENCE = 3.0
"""Seconds for which a peer that is away is waited for: a respawn takes less."""

SERVICE = Actor(user="", is_admin=True, via="daemon")
"""Who asks when no person does."""


class Wire:
    """Asks the acts of one other process, many at once, on one connection that is made again when it broke.

    Raises what the other process raised; Unavailable when it is away for ``patience`` seconds, dies before it answers
    (the act may then be done or not), or takes longer than ``within`` seconds. Close it with ``aclose`` or use it as
    an async context manager.
    """

    def __init__(self, path: Path, *, within: float = WITHIN, patience: float = PATIENCE) -> None:
        self.path = path
        self.within = within
        self.patience = patience
        self._lock = asyncio.Lock()
        self._line: _Line | None = None

    async def call(self, act: acts.Act, *, within: float | None = None) -> Any:
        """Returns the answer to ``act``, of the type that ``acts.ANSWERS`` promises."""
        line = await self._connected()
        return _answer(
            await line.ask(lambda id: frame(id, "act", act), within or LONG.get(type(act), self.within)), act
        )

    async def ping(self, *, within: float = 5.0) -> None:
        """Returns if the other process answers; Unavailable if not."""
        line = await self._connected()
        _answer(await line.ask(lambda id: frame(id, "ping"), within), None)

    def follow(self) -> Following:
        """Every event from now on: ``async with wire.follow() as events: async for event in events: …``."""
        return Following(self.path, self.patience)

    async def aclose(self) -> None:
        """Closes the connection; calls that still wait fail with Unavailable."""
        line, self._line = self._line, None
        if line:
            await line.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _connected(self) -> _Line:
        try:
            with anyio.fail_after(self.patience + 1):  # for all who wait together, not for each in turn
                async with self._lock:
                    if self._line is None or self._line.is_broken:
                        self._line = _Line(self.path, await connect(self.path, self.patience))
                    return self._line
        except TimeoutError:
            raise _away(self.path) from None


class Errands:
    """Sends each act on a connection of its own, to whichever worker takes it.

    Like ``Wire`` otherwise. A worker that is stopped by its limits ends the connection: Unavailable with
    ``data["was_stopped"]``, as for what was stopped twice and is refused for a while.
    """

    def __init__(self, path: Path, *, within: float = WITHIN, patience: float = PATIENCE) -> None:
        self.path = path
        self.within = within
        self.patience = patience

    async def call(self, act: acts.Act, *, within: float | None = None) -> Any:
        """Returns the answer to ``act``, of the type that ``acts.ANSWERS`` promises."""
        return _answer(await self._sent(frame(0, "act", act), within or self.within), act)

    async def ping(self, *, within: float = 5.0) -> None:
        """Returns if a worker answers in time; Unavailable if all are busy or away."""
        _answer(await self._sent(frame(0, "ping"), within), None)

    async def aclose(self) -> None:
        """Does nothing: no connection outlives its call."""

    async def _sent(self, content: bytes, within: float) -> Frame:
        try:
            with anyio.fail_after(within):
                while (reply := await self._tried(content)) is None:
                    pass  # that worker was ending anyway and had not begun
                return reply
        except TimeoutError:
            raise _late(self.path, within) from None

    async def _tried(self, content: bytes) -> Frame | None:
        """Returns the reply of whichever worker takes the connection, None if that one ended before it began."""
        reader, writer = await connect(self.path, self.patience)
        try:
            writer.write(content)
            reply = await receive(reader)
            if reply is None or reply.kind != "begun":
                return reply
            reply = await receive(reader)
        finally:
            writer.close()
        if reply is None:
            raise Unavailable(
                "This took too long or too much memory and was stopped",
                "ask for a smaller part of it, or try again later",
                was_stopped=True,
            )
        return reply


class Following:
    """Every event of the writer from ``open`` on, as an async iterator.

    ``async with wire.follow() as events`` has opened it when the block begins, so that nothing falls between the
    journal and the stream; a plain ``async for`` opens it at the first event. It raises Unavailable when the stream
    ends, for whatever reason: what happened since is in the journal.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self.patience = patience
        self._streams: Streams | None = None

    async def open(self) -> None:
        """Returns when every later event will come."""
        reader, writer = self._streams = await connect(self.path, self.patience)
        writer.write(frame(0, "act", acts.Follow(actor=SERVICE)))
        message = await receive(reader)
        if message is None or message.kind != "ready":
            await self.aclose()
            raise _gone(self.path) if message is None else _error(message)

    async def aclose(self) -> None:
        """Leaves the stream."""
        if self._streams:
            self._streams[1].close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AnyEvent:
        if self._streams is None:
            await self.open()
        assert self._streams  # noqa: S101  # open set it
        message = await receive(self._streams[0])
        if message is None or message.kind != "event":
            await self.aclose()
            raise _gone(self.path)
        event: AnyEvent = value_of(message, AnyEvent)
        return event


class _Line:
    """One connection and the calls that wait on it."""

    def __init__(self, path: Path, streams: Streams) -> None:
        self.path = path
        self.reader, self.writer = streams
        self.waiting: dict[int, asyncio.Future[Frame]] = {}
        self.last = 0
        self.is_broken = False
        self.listening = asyncio.create_task(self._listen())

    async def ask(self, question: Callable[[int], bytes], within: float) -> Frame:
        self.last += 1
        id = self.last
        content = question(id)
        if self.is_broken:
            raise _gone(self.path)
        reply: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self.waiting[id] = reply
        try:
            with anyio.fail_after(within):
                self.writer.write(content)
                return await reply
        except TimeoutError:
            raise _late(self.path, within) from None
        finally:
            del self.waiting[id]

    async def _listen(self) -> None:
        try:
            while message := await receive(self.reader):
                reply = self.waiting.get(message.id)
                if reply and not reply.done():
                    reply.set_result(message)
        except msgspec.DecodeError:
            pass  # a peer that sends no frames is as good as gone
        finally:
            self._broken()

    def _broken(self) -> None:
        self.is_broken = True
        self.writer.close()
        for reply in self.waiting.values():
            if not reply.done():
                reply.set_exception(_gone(self.path))

    async def aclose(self) -> None:
        self.listening.cancel()
        await asyncio.wait([self.listening])


async def connect(path: Path, patience: float = PATIENCE) -> Streams:
    """Returns a connection to the socket at ``path``; Unavailable if there is none for ``patience`` seconds."""
    deadline = anyio.current_time() + patience
    while True:
        try:
            with address(path) as name:
                return await asyncio.open_unix_connection(name)
        except OSError as error:
            if anyio.current_time() >= deadline:
                raise _away(path) from error
        await anyio.sleep(0.02)


def _answer(message: Frame, act: acts.Act | None) -> Any:
    if message.kind != "ok":
        raise _error(message)
    return value_of(message, acts.ANSWERS[type(act)] if act else None)


def _error(message: Frame) -> Exception:
    code, text, hint, data = value_of(message, tuple[str, str, str, dict[str, Any]])
    return revive(code, text, hint, data)


def _away(path: Path) -> Unavailable:
    hint = "it may be starting; try again in a moment"
    return Unavailable(f"The {path.stem} cannot be reached", hint, is_undone=True)


def _gone(path: Path) -> Unavailable:
    return Unavailable(
        f"The {path.stem} stopped before it answered; what was asked may be done or not",
        "it starts again by itself; look before you try again",
    )


def _late(path: Path, within: float) -> Unavailable:
    return Unavailable(f"The {path.stem} has not answered within {within:g} s", "try again in a moment")
