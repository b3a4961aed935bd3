"""Killing a part in the middle of work: what was acknowledged is there, what was not is done or not, and it goes on."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from gitcollab.client import Client
from gitcollab.errors import GitcollabError, Unavailable


class Saver:
    """Ana, who saves a growing file over and over and remembers what was acknowledged."""

    def __init__(self, client: Client, collab: str) -> None:
        self.client = client
        self.collab = collab
        self.acknowledged: dict[str, bytes] = {}
        self.refused: list[GitcollabError] = []
        self.is_wanted = threading.Event()
        self.thread = threading.Thread(target=self._save)

    def __enter__(self) -> Saver:
        self.is_wanted.set()
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_wanted.clear()
        self.thread.join(240)

    def wait(self, count: int) -> float:
        """Waits for ``count`` more acknowledgements and returns the seconds it took."""
        begun, before = time.monotonic(), len(self.acknowledged)
        while len(self.acknowledged) < before + count:
            assert time.monotonic() - begun < 240
            time.sleep(0.005)
        return time.monotonic() - begun

    def _save(self) -> None:
        lines: list[str] = []
        for number in itertools.count():
            if not self.is_wanted.is_set():
                break
            lines.append(f"line {number}")
            data = "\n".join(lines).encode()
            try:
                receipt = self.client.save(self.collab, "ana/default", "notes.txt", data)
                self.acknowledged[receipt["version"]] = data
            except Unavailable as error:
                self.refused.append(error)
        self.client.close()


@pytest.fixture
def saver(server: Any) -> Iterator[Saver]:
    ana = server.client("ana")
    collab = ana.create("Kills")["id"]
    ana.open_session(collab)
    with Saver(Client(server.url, server.tokens["ana"]), collab) as saver:
        yield saver


def kill(server: Any, part: str) -> None:
    while part not in (parts := server.parts()):
        time.sleep(0.005)  # it is being replaced
    with suppress(ProcessLookupError):  # the one before has just ended
        os.kill(parts[part], signal.SIGKILL)


@pytest.mark.parametrize("part", ["writer", "web", "workers"])
def test_a_part_that_is_killed_is_back_and_nothing_acknowledged_is_lost(
    server: Any, saver: Saver, part: str
) -> None:
    saver.wait(5)
    for _ in range(3):
        kill(server, part)
        saver.wait(2)
    saver.__exit__()
    all_is_there(server, saver)


def test_reading_goes_on_when_the_pool_is_killed(server: Any, saver: Saver) -> None:
    saver.wait(1)
    for _ in range(3):
        kill(server, "workers")
        assert "notes.txt" in seconds_until(
            lambda: [f["path"] for f in server.client("ana").files(saver.collab)]
        )


def all_is_there(server: Any, saver: Saver) -> None:
    """Every acknowledged save is in the session's history, byte for byte; the repository is sound."""
    repository = server.root / "collabs" / f"{saver.collab}.git"

    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=repository, capture_output=True, check=True).stdout

    kept = set(git("rev-list", "refs/heads/sessions/ana/default").decode().split())
    for version, data in saver.acknowledged.items():
        assert version in kept
        assert data == git("cat-file", "blob", f"{version}:notes.txt")
    assert b"" == git("fsck", "--full", "--strict", "--no-dangling")
    assert [] == list(repository.rglob("*.lock"))
    numbers = [event["n"] for event in events(server, saver.collab)]
    assert list(range(1, len(numbers) + 1)) == numbers


def events(server: Any, collab: str) -> list[Any]:
    """The journal, as the store has it."""
    from gitcollab import store

    opened = store.engine(store.file_url(server.root / "private" / "gitcollab.sqlite"))
    try:
        with store.reading(opened).begin() as conn:
            found = store.journal.since(conn, collab, 0, 10**6)
            return [{"n": event.n} for event in found]
    finally:
        opened.dispose()


def seconds_until(ask: Callable[[], Any]) -> Any:
    """Asks until it is answered and returns the answer; it must come while a service may be away."""
    begun = time.monotonic()
    while True:
        try:
            return ask()
        except Unavailable:
            assert time.monotonic() - begun < 240
            time.sleep(0.02)
