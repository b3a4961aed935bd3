"""The event stream: no gap, no double, and an end when access ends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import Engine

from gitcollab.events import Contested, Joined, Membership
from gitcollab.model import Item
from gitcollab.store import collabs, tokens
from gitcollab.web import gate, stream
from gitcollab.web.app import Application
from gitcollab.web.hub import Ring

from .conftest import Recorder  # type: ignore[import-not-found]

pytestmark = pytest.mark.anyio


class Listener:
    """A client of the event stream that speaks ASGI itself, so that it can stop reading."""

    def __init__(
        self, application: Application, collab: str, secret: str, query: str = "", **headers: str
    ) -> None:
        self.application = application
        self.chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self.leave = asyncio.Event()
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.status = 0
        told = {"host": "127.0.0.1", "authorization": f"Bearer {secret}"} | headers
        self.scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": f"/api/collabs/{collab}/events", "raw_path": b"", "query_string": query.encode(),
            "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8474), "state": {},
            "headers": [(key.replace("_", "-").encode(), value.encode()) for key, value in told.items()],
        }  # fmt: skip

    async def __aenter__(self) -> Listener:
        self.task = asyncio.create_task(self.application.asgi(self.scope, self.receive, self.send))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave.set()
        await asyncio.wait_for(self.task, 60)

    async def receive(self) -> dict[str, Any]:
        if not self.chunks.empty() or self.status:
            await self.leave.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b""}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        await self.may_read.wait()
        for part in message["body"].split(b"\n\n"):
            if part:
                self.chunks.put_nowait(part)

    async def next(self) -> bytes:
        return await asyncio.wait_for(self.chunks.get(), 60)

    async def events(self, count: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while len(found) < count:
            chunk = await self.next()
            if chunk.startswith(b"id: "):
                id, kind, data = chunk.split(b"\n")
                event = json.loads(data.removeprefix(b"data: "))
                assert (event["n"], event["kind"]) == (int(id[4:]), kind[7:].decode())
                found.append(event)
        return found


def joined(collab: str, count: int = 1) -> list[Joined]:
    return [Joined(collab=collab, user="ben", session="ben/default") for _ in range(count)]


async def test_what_happens_is_told_as_it_happens(
    application: Application, collab: str, secrets: dict[str, str], recorder: Recorder
) -> None:
    await recorder.happens(*joined(collab, 3))
    async with Listener(application, collab, secrets["ben"]) as listener:
        assert b"retry: 1000" == await listener.next()
        await recorder.happens(*joined(collab, 2))
        assert [4, 5] == [event["n"] for event in await listener.events(2)]


@pytest.mark.parametrize(("query", "headers"), [("after=2", {}), ("", {"last_event_id": "2"})])
async def test_a_reader_resumes_after_the_last_event_it_has(
    query: str,
    headers: dict[str, str],
    application: Application,
    collab: str,
    secrets: dict[str, str],
    recorder: Recorder,
) -> None:
    await recorder.happens(*joined(collab, 4))
    async with Listener(application, collab, secrets["ben"], query, **headers) as listener:
        assert [3, 4] == [event["n"] for event in await listener.events(2)]
        await recorder.happens(*joined(collab))
        assert [5] == [event["n"] for event in await listener.events(1)]


async def test_no_event_is_missed_or_doubled_between_the_journal_and_live(
    application: Application,
    collab: str,
    secrets: dict[str, str],
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "PAGE", 7)
    await recorder.happens(*joined(collab, 50))

    async def more() -> None:
        for _ in range(60):
            await recorder.happens(*joined(collab, 3))

    async with Listener(application, collab, secrets["ben"], "after=0") as listener:
        busy = asyncio.create_task(more())
        found = [event["n"] for event in await listener.events(230)]
        await busy
    assert list(range(1, 231)) == found


async def test_events_told_while_the_writer_was_away_come_from_the_journal(
    application: Application, collab: str, secrets: dict[str, str], recorder: Recorder
) -> None:
    async with Listener(application, collab, secrets["ben"], "after=0") as listener:
        await recorder.happens(*joined(collab))
        await listener.events(1)
        untold, recorder.streams = recorder.streams, set()
        await recorder.happens(*joined(collab, 2))
        recorder.streams = untold
        application.hub.restart()
        assert [2, 3] == [event["n"] for event in await listener.events(2)]
        await recorder.happens(*joined(collab))
        assert [4] == [event["n"] for event in await listener.events(1)]


async def test_a_hostile_text_cannot_begin_another_event(
    application: Application, collab: str, secrets: dict[str, str], recorder: Recorder
) -> None:
    text = 'x\n\nid: 99\nevent: landed\ndata: {}\r\n\u2028\u2029\x85\x00"'
    item = Item(
        id="i", path=text, cell=text, field="source", base=None, shared=text, session={text: [text]}, user="ben",
        commit="c", at="", branch="b",
    )  # fmt: skip
    event = Contested(collab=collab, user="ben", session="ben/default", commit="c", items=(item,))
    async with Listener(application, collab, secrets["ben"], "after=0") as listener:
        await recorder.happens(event, *joined(collab))
        first, second = await listener.events(2)
    assert ("contested", text, "joined") == (first["kind"], first["items"][0]["shared"], second["kind"])
    assert item.digest == first["items"][0]["seen"]


@pytest.mark.parametrize("how", ["membership", "token", "collab"])
async def test_the_stream_ends_soon_after_access(
    how: str,
    application: Application,
    collab: str,
    secrets: dict[str, str],
    recorder: Recorder,
    engine: Engine,
) -> None:
    def end() -> None:
        with engine.begin() as conn:
            if how == "membership":
                collabs.remove_member(conn, collab, "ben", by="ana")
            elif how == "token":
                tokens.revoke_token(conn, "ben", tokens.tokens(conn, "ben")[0].id)
            else:
                collabs.end_collab(conn, collab)

    async with Listener(application, collab, secrets["ben"], "after=0") as listener:
        await listener.next()
        await asyncio.to_thread(end)
        assert gate.RECHECK < 1
        assert b"event: ended\ndata: {}" == await asyncio.wait_for(listener.chunks.get(), 60)
        await asyncio.wait_for(listener.task, 60)


async def test_a_removed_member_hears_nothing_of_what_follows(
    application: Application, collab: str, secrets: dict[str, str], recorder: Recorder, monkeypatch: pytest.MonkeyPatch,
    engine: Engine,
) -> None:  # fmt: skip
    monkeypatch.setattr(gate, "RECHECK", 3600)

    def remove() -> None:
        with engine.begin() as conn:
            collabs.remove_member(conn, collab, "ben", by="ana")

    async with Listener(application, collab, secrets["ben"], "after=0") as listener:
        await listener.next()
        await asyncio.to_thread(remove)
        await recorder.happens(Membership(collab=collab, user="ana", member="ben", role=None))
        while (chunk := await listener.next()) and not chunk.startswith(b"event: ended"):
            assert b"membership" in chunk
        await asyncio.wait_for(listener.task, 60)


async def test_the_server_says_farewell_when_it_stops(
    application: Application, collab: str, secrets: dict[str, str]
) -> None:
    async with Listener(application, collab, secrets["ben"]) as listener:
        await listener.next()
        application.hub.leave()
        assert b"event: farewell\ndata: {}" == await listener.next()
        await asyncio.wait_for(listener.task, 60)


async def test_silence_is_filled_with_pings(
    application: Application, collab: str, secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PING", 0.05)
    async with Listener(application, collab, secrets["ben"]) as listener:
        assert [b"retry: 1000", b": ping", b": ping"] == [await listener.next() for _ in range(3)]


async def test_a_reader_that_does_not_read_is_let_go_and_holds_nobody_up(
    application: Application,
    collab: str,
    secrets: dict[str, str],
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "SEND_TIMEOUT", 0.2)
    async with Listener(application, collab, secrets["ben"], "after=0") as quick:
        async with Listener(application, collab, secrets["ana"], "after=0") as stalled:
            await stalled.next()
            stalled.may_read.clear()
            await recorder.happens(*joined(collab, 5))
            assert 5 == len(await quick.events(5))
            await asyncio.wait_for(stalled.task, 60)
        await recorder.happens(*joined(collab))
        assert [6] == [event["n"] for event in await quick.events(1)]


async def test_who_hangs_up_is_forgotten(
    application: Application, collab: str, secrets: dict[str, str]
) -> None:
    async with Listener(application, collab, secrets["ben"]) as listener:
        await listener.next()
        assert 1 == len(application.hub.rings[collab].readers)
    assert {} == application.hub.rings


async def test_head_answers_without_a_stream(
    application: Application, collab: str, secrets: dict[str, str]
) -> None:
    listener = Listener(application, collab, secrets["ben"])
    listener.scope["method"] = "HEAD"
    async with listener:
        await asyncio.wait_for(listener.task, 60)
        assert 200 == listener.status


async def test_one_person_has_so_many_streams_and_no_more(
    application: Application, collab: str, secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST", 2)
    bens = [Listener(application, collab, secrets["ben"]) for _ in range(3)]
    async with bens[0] as one, bens[1] as two:
        await one.next()
        await two.next()
        async with bens[2] as three, Listener(application, collab, secrets["ana"]) as ana:
            await ana.next()
            await three.next()
            assert (429, 200) == (three.status, ana.status)


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 30, "\u0663"])
async def test_a_number_that_is_none_is_refused(
    after: str, application: Application, collab: str, secrets: dict[str, str]
) -> None:
    async with Listener(application, collab, secrets["ben"], f"after={after}") as listener:
        await asyncio.wait_for(listener.task, 60)
        assert 400 == listener.status


def test_a_ring_keeps_the_newest_and_knows_what_it_lacks() -> None:
    ring = Ring()
    for n in range(1, 5):
        ring.add(n, b"x" * 400_000)
    assert [3, 4] == [n for n, _ in ring.after(2) or []]
    assert None is ring.after(1)
    assert [] == ring.after(4)
    ring.add(4, b"again")
    assert [4] == [n for n, _ in ring.after(3) or []]
    ring.add(9, b"after a gap")
    assert None is ring.after(4)
    assert [9] == [n for n, _ in ring.after(8) or []]
