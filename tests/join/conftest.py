"""Ana and Ben on machines of their own, each with a directory, and a served root."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gitcollab import errors
from gitcollab.client import Client
from gitcollab.client.transport import Answer, Transport
from gitcollab.flow.watch import Pace
from gitcollab.join import News, Progress, State, join
from gitcollab.notebooks import strip

QUICK = Pace(quiet=0.03, most=0.3, grace=0.15, period=5.0)


class Cable(Transport):
    """A connection that can be pulled."""

    is_cut = False

    def ask(self, *args: object, **kwargs: object) -> Answer:
        if self.is_cut:
            raise errors.Unavailable("the cable is out")
        return super().ask(*args, **kwargs)  # type: ignore[arg-type]


class Asking:
    """The person's own questions to the server, in a thread: the event loop may not wait for a socket."""

    def __init__(self, client: Client) -> None:
        self._client, self._thread = client, ThreadPoolExecutor(1)

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        return lambda *args, **more: self._thread.submit(getattr(self._client, verb), *args, **more).result()

    def end(self) -> None:
        self.close()
        self._thread.shutdown()


class Participant:
    """A person with a directory."""

    def __init__(self, server: Any, user: str, directory: Path, collab: str) -> None:
        self.client, self.user, self.directory, self.collab = Client(server.url), user, directory, collab
        self.client.transport = Cable(server.url, server.tokens[user])
        self.asks = Asking(Client(server.url, server.tokens[user]))
        self.told: list[Progress] = []
        self.does_mean_it = False
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def hear(self, progress: Progress) -> bool:
        self.told.append(progress)
        if self._loop:
            self._loop.call_soon_threadsafe(self._news.set)
        return self.does_mean_it

    def write(self, path: str, text: str | bytes) -> None:
        (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
        (self.directory / path).write_bytes(text if isinstance(text, bytes) else text.encode())

    def read(self, path: str) -> str | None:
        try:
            return (self.directory / path).read_text()
        except FileNotFoundError:
            return None

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.directory.rglob("*") if path.is_file() and ".git" not in path.parts)
        return {path.relative_to(self.directory).as_posix(): strip(path.read_bytes())[0] for path in found}

    async def exchange(self, name: str = "desk") -> State:
        return await join(
            self.client, self.collab, self.directory, name=name, once=True, on_progress=self.hear, pace=QUICK
        )

    @contextlib.asynccontextmanager
    async def joined(self) -> AsyncIterator[asyncio.Task[State]]:
        self._loop = asyncio.get_running_loop()
        coming = join(
            self.client, self.collab, self.directory, name="desk", on_progress=self.hear, pace=QUICK
        )
        task = asyncio.create_task(coming)
        try:
            await self.until(lambda: self.heard(News.JOINED) != [] or task.done())
            yield task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, errors.GitcollabError):
                await task

    async def until(self, is_so: Callable[[], bool], seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            while not is_so():
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 0.5)

    async def has(self, path: str, text: str | None) -> None:
        await self.until(lambda: self.read(path) == text)

    def heard(self, news: News) -> list[str]:
        return [progress.path for progress in self.told if progress.news is news]

    def shared(self, path: str) -> str:
        return strip(self.asks.file(self.collab, path).body)[0].decode()

    def saves(self) -> int:
        return sum(entry["act"] == "snapshot" for entry in self.asks.log(self.collab, limit=1000))


@pytest.fixture
def ana(server: Any, tmp_path: Path) -> Iterator[Participant]:
    (tmp_path / "ana").mkdir()
    person = Participant(server, "ana", tmp_path / "ana", "")
    person.collab = person.asks.create("Analysis")["id"]
    yield person
    person.asks.end()


@pytest.fixture
def ben(server: Any, ana: Participant, tmp_path: Path) -> Iterator[Participant]:
    ana.asks.set_member(ana.collab, "ben", "editor")
    (tmp_path / "ben").mkdir()
    person = Participant(server, "ben", tmp_path / "ben", ana.collab)
    yield person
    person.asks.end()


def poem(**changed: str) -> str:
    lines = {f"line{n}": f"line {n}\n" for n in range(20)} | {
        key: f"{text}\n" for key, text in changed.items()
    }
    return "".join(lines.values())


def notebook(*sources: str) -> str:
    cells = [
        {"cell_type": "markdown", "id": f"cell{n}", "metadata": {}, "source": [source]}
        for n, source in enumerate(sources)
    ]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1) + "\n"
