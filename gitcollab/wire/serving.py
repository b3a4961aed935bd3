"""Serving: the answering end of the wire, for writer and workers."""

from __future__ import annotations

import asyncio
import secrets
import select
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, Union

import anyio
import msgspec
import structlog

from gitcollab import acts
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.events import AnyEvent
from gitcollab.wire.frames import Frame, frame, listen, receive, receive_blocking, value_of

Answer = Callable[[Any], Awaitable[object]]
Follow = Callable[[], AsyncIterator[AnyEvent]]

ACTS: Any = Union[(acts.Follow, *acts.ANSWERS)]
"""Whatever can be asked: the union of all acts."""

log = structlog.get_logger("gitcollab.wire")


async def serve(path: Path, answer: Answer, follow: Follow | None = None, *, grace: float = 10.0) -> None:
    """Answers acts on the unix socket at ``path`` until it is cancelled; many at once, each in a task of its own.

    ``answer`` gets an act and returns what ``acts.ANSWERS`` promises for it; what it raises goes back to the asker. An
    act goes on when its asker has gone. ``follow`` opens the stream of events from now on: each follower has its own,
    and one that ends sends its follower to the journal, so let it be bounded and end it for who is too slow.
    Cancelled, it takes no new connection and gives the acts under way ``grace`` seconds.
    """
    listener = await anyio.to_thread.run_sync(listen, path)
    service = _Service(answer, follow)
    server = await asyncio.start_unix_server(service.attend, sock=listener)
    try:
        await anyio.sleep_forever()
    finally:
        server.close()
        with anyio.CancelScope(shield=True):
            await service.end(grace)


class _Service:
    """The connections of one serving socket and the acts under way."""

    def __init__(self, answer: Answer, follow: Follow | None) -> None:
        self.answer = answer
        self.follow = follow
        self.acting: set[asyncio.Task[None]] = set()
        self.attending: set[asyncio.Task[Any]] = set()
        self.is_ending = False

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection until its other end closes."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine always runs in one
        self.attending.add(task)
        following: set[asyncio.Task[None]] = set()
        try:
            while (message := await receive(reader)) and not self.is_ending:
                self._begin(message, writer, following)
        except msgspec.DecodeError as error:
            log.warning("not a frame", error=str(error))
        except asyncio.CancelledError:
            pass  # the service ends; asyncio would log a connection's cancellation as an error
        finally:
            for stream in following:
                stream.cancel()
            self.attending.discard(task)
            writer.close()

    def _begin(
        self, message: Frame, writer: asyncio.StreamWriter, following: set[asyncio.Task[None]]
    ) -> None:
        try:
            act = _asked(message)
        except GitcollabError as error:
            _send(writer, _failure(message.id, error))
            return
        if isinstance(act, acts.Follow):
            _kept(following, self._stream(message.id, writer))
        else:
            _kept(self.acting, self._act(message.id, act, writer))

    async def _act(self, id: int, act: acts.Act | None, writer: asyncio.StreamWriter) -> None:
        try:
            reply = frame(id, "ok", await self.answer(act) if act else None)
        except Exception as error:
            reply = _failure(id, error, act)
        _send(writer, reply)
        with suppress(ConnectionError):
            await writer.drain()

    async def _stream(self, id: int, writer: asyncio.StreamWriter) -> None:
        if self.follow is None:
            _send(writer, _failure(id, BadInput("Nothing can be followed here")))
            return
        events = self.follow()
        try:
            _send(writer, frame(id, "ready"))
            async for event in events:
                _send(writer, frame(id, "event", event))
                await writer.drain()
            _send(writer, frame(id, "end"))
        except ConnectionError:
            pass  # the follower has gone
        except Exception as error:
            _send(writer, _failure(id, error))

    async def end(self, grace: float) -> None:
        """Waits for the acts under way, at most ``grace`` seconds, then closes every connection."""
        self.is_ending = True
        if self.acting:
            await asyncio.wait(self.acting, timeout=grace)
        for task in (*self.acting, *self.attending):
            task.cancel()
        if rest := {*self.acting, *self.attending}:
            await asyncio.wait(rest)


def serve_one_by_one(
    listener: socket.socket,
    answer: Callable[[Any], object],
    around: Callable[[acts.Act], AbstractContextManager[object]] = nullcontext,
    *,
    jobs: int = 0,
    patience: float = 30.0,
) -> None:
    """Answers acts one at a time, one connection each, until ``jobs`` of them are done (0: for ever). Blocks.

    ``around`` surrounds each act and may refuse it by raising. A peer that is silent for ``patience`` seconds is
    dropped. After a MemoryError the answer is sent and the function returns: what is left of such a process is not
    to be trusted.
    """
    done = 0
    while not jobs or done < jobs:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(patience)
            try:
                is_sound = _attend_once(connection, answer, around)
            except (OSError, msgspec.DecodeError) as error:
                log.warning("a caller was dropped", error=type(error).__name__)
                continue
        if not is_sound:
            return
        done += 1


def _attend_once(
    connection: socket.socket,
    answer: Callable[[Any], object],
    around: Callable[[acts.Act], AbstractContextManager[object]],
) -> bool:
    message = receive_blocking(connection)
    if message is None or _has_gone(connection):
        return True
    act: acts.Act | None = None
    failed: Exception | None = None
    try:
        act = _asked(message)
        if act:
            connection.sendall(frame(message.id, "begun"))
            with around(act):
                reply = frame(message.id, "ok", answer(act))
        else:
            reply = frame(message.id, "ok")
    except Exception as error:
        failed, reply = error, _failure(message.id, error, act)
    connection.sendall(reply)
    return not isinstance(failed, MemoryError)


def _has_gone(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(0))


def _asked(message: Frame) -> acts.Act | None:
    if message.kind == "ping":
        return None
    try:
        act: acts.Act = value_of(message, ACTS)
    except msgspec.ValidationError as error:
        raise BadInput(f"Not an act: {error}", "the two processes may be of different releases") from error
    return act


def _failure(id: int, error: Exception, act: acts.Act | None = None) -> bytes:
    told = error if isinstance(error, GitcollabError) else _unexpected(error, act)
    data = msgspec.to_builtins(told.data, builtin_types=(bytes,), enc_hook=str, str_keys=True)
    return frame(id, "error", (told.code, told.message, told.hint, data))


def _unexpected(error: Exception, act: acts.Act | None) -> GitcollabError:
    """Logs where it happened, without the exception's text (it may quote a notebook), and names the log's entry."""
    if isinstance(error, MemoryError):
        return GitcollabError("This took too much memory", "ask for a smaller part of it")
    entry = secrets.token_hex(4)
    where = [
        f"{line.filename}:{line.lineno} {line.name}" for line in traceback.extract_tb(error.__traceback__)
    ]
    log.error("an act failed", entry=entry, act=type(act).__name__, error=type(error).__name__, where=where)
    return GitcollabError("Something went wrong inside gitcollab", f"the server's log has it under {entry}")


def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    if not writer.is_closing():
        writer.write(content)


def _kept(tasks: set[asyncio.Task[None]], work: Any) -> None:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
