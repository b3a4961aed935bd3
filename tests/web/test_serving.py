"""The application as uvicorn serves it: readers that stall, and a stop that nobody holds up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from gitcollab.events import Joined
from gitcollab.web import stream
from gitcollab.web.__main__ import Server, configured
from gitcollab.web.app import Application

from .conftest import Recorder  # type: ignore[import-not-found]

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(application: Application) -> AsyncIterator[int]:
    """Serves on a free port; yields it, and stops as SIGTERM does."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    server = Server(configured(application), application)
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110  # uvicorn says it by an attribute
        await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 60)


def request(collab: str, secret: str) -> bytes:
    return (
        f"GET /api/collabs/{collab}/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {secret}\r\n\r\n"
    ).encode()


async def ended(connection: socket.socket) -> None:
    """Returns when the other side has closed the connection, whatever it had sent before."""
    with suppress(ConnectionError):
        while await asyncio.get_running_loop().sock_recv(connection, 1 << 20):
            pass


async def test_a_reader_that_stalls_is_cut_off_and_the_others_hear_everything(
    built: Application,
    collab: str,
    secrets: dict[str, str],
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "SEND_TIMEOUT", 0.5)
    async with served(built) as port:
        await asyncio.wait_for(recorder.followed.wait(), 60)
        stalled = socket.socket()
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(stalled, ("127.0.0.1", port))
        await loop.sock_sendall(stalled, request(collab, secrets["ana"]))
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        writer.write(request(collab, secrets["ben"]))
        for _ in range(60):
            await recorder.happens(Joined(collab=collab, user="x" * 100_000, session="ben/default"))
        async with asyncio.timeout(60):
            await reader.readuntil(b"id: 60\n")
            while len(built.hub.rings[collab].readers) == 2:  # noqa: ASYNC110  # the hub tells nobody of it
                await asyncio.sleep(0.05)
            await ended(stalled)
        stalled.close()
        writer.close()


async def test_stopping_says_farewell_and_waits_for_no_reader(
    built: Application, collab: str, secrets: dict[str, str], recorder: Recorder
) -> None:
    async with served(built) as port:
        await asyncio.wait_for(recorder.followed.wait(), 60)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(collab, secrets["ben"]))
        await asyncio.wait_for(reader.readuntil(b"retry"), 60)
    assert b"event: farewell" in await asyncio.wait_for(reader.read(), 60)
    writer.close()
