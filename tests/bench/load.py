"""How long a save takes until it is seen, with 10 and with 1,000 people at work: what growth costs.

``python tests/bench/load.py [--few N] [--many N] [--rest SECONDS] [--rounds N] [--seconds N]``. Two servers run side
by side, one with few sessions and one with many (five in each collab, ten readers of its stream). They work in turns of
so many seconds, so that a noisy machine is noisy for both; who rests keeps its streams open. Each session changes a
cell of its own in its collab's one notebook, on the copy that was delivered to it last, and rests between two saves for
``--rest`` seconds on average. A save is seen when the last reader of its collab has heard that it landed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from gitcollab import store
from gitcollab.client import Client
from gitcollab.store import members

IN_ONE, READERS = 5, 10
"""Sessions and readers of one collab."""

LONGER = 4
"""How many times as long the few work, for so few saves tell little."""

AT_ONCE = 32
"""Sessions and streams that are opened at the same time."""

PATH = "analysis.ipynb"
LATE = 60.0
"""Seconds after which a save that was not seen ends the run."""


def notebook(values: dict[int, int]) -> bytes:
    """A notebook of twenty cells of a few lines; cell ``n`` says the value that belongs to it."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{n:02}",
            "metadata": {},
            "outputs": [],
            "source": [f"value = {values.get(n, 0)}\n", *(f"line_{n}_{k} = {k * 7919}\n" for k in range(8))],
        }
        for n in range(20)
    ]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1).encode() + b"\n"


class Shelf:
    """One collab as its clients know it: what its shared notebook holds, and which saves were seen by whom."""

    def __init__(self, id: str, owner: str) -> None:
        self.id, self.owner, self.sessions = id, owner, list[Session]()
        self.shared: dict[int, int] = {}
        self.seen: dict[str, int] = {}
        self.last: dict[str, float] = {}
        self.waited: dict[str, asyncio.Event] = {}

    def told(self, event: dict[str, Any], is_first: bool) -> None:
        """One reader has heard of an event; the first of them follows what the copies hold."""
        if event["kind"] == "landed":
            commit = event["commit"]
            self.seen[commit], self.last[commit] = self.seen.get(commit, 0) + 1, time.perf_counter()
            if self.seen[commit] == READERS:
                self.waited.setdefault(commit, asyncio.Event()).set()
        if not is_first or event.get("session") not in (names := {each.name: each for each in self.sessions}):
            return
        one = names[event["session"]]
        if event["kind"] == "landed":
            self.shared[one.cell], one.later = (
                one.saying,
                None,
            )  # what was delivered before its save was seen is old
        elif event["kind"] == "delivered":
            one.later = event["commit"], dict(self.shared)
            one.take()

    async def last_seen(self, commit: str) -> float:
        """When the last reader heard that ``commit`` was on the shared branch."""
        await asyncio.wait_for(self.waited.setdefault(commit, asyncio.Event()).wait(), LATE)
        return self.last[commit]


class Session:
    """One person at work on a cell of their own."""

    def __init__(self, shelf: Shelf, port: int, token: str, user: str, cell: int) -> None:
        self.shelf, self.port, self.token, self.cell = shelf, port, token, cell
        self.name, self.base, self.saying = f"{user}/default", "", 0
        self.copy: dict[int, int] = {}
        self.later: tuple[str, dict[int, int]] | None = None
        self.is_saving = False
        self.line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", headers: str = "") -> Any:
        """What the server answers to one request; each session keeps one connection."""
        if self.line is None or self.line[1].is_closing() or self.line[0].at_eof():
            self.line = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.line
        head = f"{method} /api/collabs/{self.shelf.id}/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}"
        head += f"Authorization: Bearer {self.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        told = json.loads(await reader.readexactly(length))
        if status.split()[1] not in {"200", "201"}:
            raise SystemExit(f"{method} {path}: {status} {told}")
        return told

    async def open(self) -> None:
        """Opens the session."""
        asked = json.dumps({"name": "default", "client": "load"}).encode()
        told = await self.ask("POST", "sessions", asked, "Content-Type: application/json\r\n")
        self.base = told["head"]

    async def begin(self) -> None:
        """Opens the session, and saves the notebook that all of its collab work on."""
        await self.open()
        told = await self.ask("PUT", f"sessions/{self.name}/files/{PATH}", notebook({}))
        self.base = told["version"]

    def take(self) -> None:
        """Takes what was delivered, unless a save is under way."""
        if self.later and not self.is_saving:
            (self.base, self.copy), self.later = self.later, None

    async def save(self) -> tuple[float, float]:
        """Saves once; seconds until it was durable, landed and delivered, and until the last reader saw it."""
        self.saying, self.is_saving = self.saying + 1, True
        self.copy[self.cell] = self.saying
        headers, began = f'If-Match: "{self.base}"\r\n', time.perf_counter()
        told = await self.ask("PUT", f"sessions/{self.name}/files/{PATH}", notebook(self.copy), headers)
        done = time.perf_counter()
        if told["contested"] or not told["landed"]:
            raise SystemExit(f"a save did not just land: {told}")
        seen = await self.shelf.last_seen(told["landed"])
        self.base, self.is_saving = told["version"], False
        self.take()
        return done - began, seen - began

    async def work(self, rest: float, until: float, found: list[tuple[float, float]]) -> None:
        """Saves again and again, as people do."""
        while (at := time.perf_counter() + random.expovariate(1 / rest)) < until:
            await asyncio.sleep(at - time.perf_counter())
            found.append(await self.save())


class Town:
    """One server with its collabs, sessions and readers."""

    def __init__(self, root: Path, sessions: int) -> None:
        self.root, self.count = root, sessions
        self.shelves: list[Shelf] = []
        self.sessions: list[Session] = []
        self.found: list[tuple[float, float]] = []
        self.parts: dict[str, int] = {}
        self.used: dict[str, float] = {}
        self.reading: list[asyncio.Task[None]] = []

    @contextmanager
    def served(self) -> Iterator[None]:
        """Its server, with everybody's account and collab."""
        command = [sys.executable, "-m", "gitcollab", "serve", "--root", str(self.root), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
            assert serving.stdout
            url = next(line.split()[1] for line in serving.stdout if line.startswith("  at "))
            children = Path(f"/proc/{serving.pid}/task/{serving.pid}/children").read_text().split()
            for part in ("writer", "web"):
                name = f"gitcollab.{part}".encode()
                ours = (int(p) for p in children if name in Path(f"/proc/{p}/cmdline").read_bytes())
                self.parts[part] = next(ours)
            try:
                self._settle(url)
                yield
            finally:
                serving.terminate()
                serving.wait(120)

    def _settle(self, url: str) -> None:
        opened = store.engine(store.file_url(self.root / "private" / "gitcollab.sqlite"))
        port = int(url.rpartition(":")[2])
        for first in range(0, self.count, IN_ONE):
            users = [f"p{number}" for number in range(first, min(first + IN_ONE, self.count))]
            with opened.begin() as conn:
                for user in users:
                    store.people.add_person(conn, user)
                tokens = [store.tokens.add_token(conn, user).secret for user in users]
            client = Client(url, tokens[0])
            shelf = Shelf(client.create(f"Work {first}")["id"], tokens[0])
            client.close()
            with opened.begin() as conn:
                for user in users[1:]:
                    members.set_member(conn, shelf.id, user, members.Role.EDITOR)
            told = zip(users, tokens, strict=True)
            shelf.sessions = [Session(shelf, port, token, user, n) for n, (user, token) in enumerate(told)]
            self.shelves.append(shelf)
            self.sessions += shelf.sessions
        opened.dispose()
        self.port = port

    async def open(self) -> None:
        """Opens every session and every reader's stream."""
        await at_once(shelf.sessions[0].begin() for shelf in self.shelves)
        await at_once(one.open() for shelf in self.shelves for one in shelf.sessions[1:])
        begun: list[asyncio.Event] = []
        for shelf in self.shelves:
            for number in range(READERS):
                begun.append(asyncio.Event())
                token = shelf.sessions[number % len(shelf.sessions)].token
                reading = self._read(shelf, token, number == 0, begun[-1])
                self.reading.append(asyncio.create_task(reading))
            await asyncio.gather(*(each.wait() for each in begun[-READERS:]))

    async def _read(self, shelf: Shelf, token: str, is_first: bool, begun: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        asked = f"GET /api/collabs/{shelf.id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        writer.write(f"{asked}Authorization: Bearer {token}\r\n\r\n".encode())
        while line := await reader.readline():
            if line.startswith(b"retry:"):
                begun.set()
            elif line.startswith(b"data: {") and (is_first or b'"kind":"landed"' in line):
                shelf.told(json.loads(line[6:]), is_first)
        raise SystemExit("a reader's stream has ended")

    async def work(self, rest: float, seconds: float) -> None:
        """Works for so many seconds; what is under way then is waited for."""
        before = {part: processor(pid) for part, pid in self.parts.items()}
        until = time.perf_counter() + seconds
        await asyncio.gather(*(one.work(rest, until, self.found) for one in self.sessions))
        for part, pid in self.parts.items():
            self.used[part] = self.used.get(part, 0.0) + processor(pid) - before[part]


async def at_once(waiting: Iterable[Awaitable[object]]) -> None:
    """Does all of them, so many at the same time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(each: Awaitable[object]) -> None:
        async with room:
            await each

    await asyncio.gather(*map(one, waiting))


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quantile(values: list[float], share: float) -> float:
    """The value that ``share`` of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def row(name: str, town: Town, took: float, few: Town) -> str:
    """One line of the table: times, and how often the few's they are."""
    cells = [name, f"{town.count:,}", f"{len(town.found):,}", f"{len(town.found) / took:.1f}"]
    for which in (0, 1):
        ours, theirs = ([each[which] for each in one.found] for one in (town, few))
        for share in (0.5, 0.99):
            ms, of_few = quantile(ours, share) * 1000, quantile(theirs, share) * 1000
            cells.append(f"{ms:.0f} ({ms / of_few:.1f})")
    cells += [f"{town.used[part] * 1000 / len(town.found):.1f}" for part in ("writer", "web")]
    return "| " + " | ".join(cells) + " |"


async def measured(towns: list[Town], asked: argparse.Namespace) -> None:
    """Lets both work in turns, then prints the table."""
    for town in towns:
        began = time.perf_counter()
        await town.open()
        print(
            f"{town.count} sessions opened in {time.perf_counter() - began:.0f} s",
            file=sys.stderr,
            flush=True,
        )
        await town.work(town.count / 20, 5)  # everything is cold at first
        town.found.clear()
        town.used.clear()
    for _ in range(asked.rounds):
        for town in towns:
            await town.work(asked.rest, asked.seconds * (LONGER if town is towns[0] else 1))
    print(
        "| | sessions | saves | saves/s | answered p50 ms | p99 | seen p50 ms | p99 | writer ms CPU | web |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, town in zip(("few", "many"), towns, strict=True):
        took = asked.rounds * asked.seconds * (LONGER if town is towns[0] else 1)
        print(row(name, town, took, towns[0]), flush=True)
    spread = [statistics.median(each[1] for each in town.found) for town in towns]
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f}; seen, median: {spread[1] / spread[0]:.2f} times")


def main() -> None:
    """Measures what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--rest", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        towns = [Town(Path(place) / str(count), count) for count in (asked.few, asked.many)]
        for town in towns:
            stack.enter_context(town.served())
        asyncio.run(measured(towns, asked))


if __name__ == "__main__":
    main()
