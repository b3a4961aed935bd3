"""The relay: bytes go both ways as they come, and who can be passed on nowhere is told so."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gitcollab.daemon.relay import Relay

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def relaying(to: str) -> AsyncIterator[tuple[int, Relay]]:
    """A relay to an address; yields its port, and the relay."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relay = Relay(listener)
        relay.lead_to(to)
        running = asyncio.create_task(relay.run())
        try:
            yield listener.getsockname()[1], relay
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_what_is_said_and_answered_is_passed_on_however_much_it_is() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await reader.read()  # to its end
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with relaying(f"http://127.0.0.1:{port}") as (at, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", at)
            said = b"much" * 1_000_000
            writer.write(said)
            writer.write_eof()
            assert said == await reader.read()
            writer.close()


async def test_who_can_be_passed_on_nowhere_is_told_to_come_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for address in ("", f"http://127.0.0.1:{port}"):
        async with relaying(address) as (at, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", at)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            told = await reader.read()
            assert told.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: " in told
            writer.close()


async def test_who_was_led_to_a_node_that_writes_no_more_is_cut_off() -> None:
    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set()
        await reader.read()
        writer.close()

    heard = asyncio.Event()
    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with relaying(f"http://127.0.0.1:{port}") as (at, relay):
            reader, writer = await asyncio.open_connection("127.0.0.1", at)
            writer.write(b"GET / HTTP/1.1\r\n")
            await heard.wait()
            relay.lead_to(f"http://127.0.0.1:{port}")
            assert not reader.at_eof()
            relay.lead_to("http://127.0.0.2:1")
            assert b"" == await reader.read()
            writer.close()
