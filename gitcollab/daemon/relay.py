"""The relay: who comes to a node that stands by is passed on, byte by byte, to the one that writes."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import structlog

from gitcollab.daemon.port import BACKLOG

WITHIN = 3.0
"""Seconds in which the node that writes has to take a connection."""

PIECE = 1 << 16
"""Bytes passed on at once."""

HEADER = 1 << 14
"""Bytes of a request that are read before it is refused."""

AWAY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 2\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
)
REASON = (
    b'{"error": "unavailable", "message": "the server that writes cannot be reached", '
    b'"hint": "try again in a moment"}'
)

log = structlog.get_logger("gitcollab.relay")


class Relay:
    """Passes connections on to where it is told to lead them, and nowhere before that."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._address = ""
        self._open: set[asyncio.Task[None]] = set()

    def lead_to(self, address: str) -> None:
        """From now on leads to that address (http://HOST:PORT), and cuts what leads elsewhere: that may be frozen."""
        if address != self._address:
            self._address = address
            self._cut()

    async def run(self) -> None:
        """Passes on until it is cancelled, which ends the connections that it has; the listener stays open."""

        async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101  # a coroutine always runs in one
            self._open.add(task)
            try:
                await self._pass_on(reader, writer)
            except asyncio.CancelledError:
                pass  # asyncio would log a connection's cancellation as an error
            finally:
                self._open.discard(task)
                writer.close()

        server = await asyncio.start_server(attend, sock=self._listener.dup(), backlog=BACKLOG)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            self._cut()

    def _cut(self) -> None:
        for task in self._open:
            task.cancel()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            parts = urlsplit(self._address)
            async with asyncio.timeout(WITHIN):  # wait_for may swallow that the connection is cut just now
                there, back = await asyncio.open_connection(parts.hostname or "", parts.port or 80)
        except (OSError, TimeoutError, ValueError):
            await _refuse(reader, writer)
            return
        ways = [asyncio.create_task(_pour(reader, back)), asyncio.create_task(_pour(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for way in ways:
                way.cancel()
            back.close()


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Writes what comes, no faster than it is read; then says that nothing comes any more."""
    while piece := await source.read(PIECE):
        target.write(piece)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(WITHIN):
            await reader.read(HEADER)
        writer.write(AWAY % (len(REASON), REASON))
        await writer.drain()
