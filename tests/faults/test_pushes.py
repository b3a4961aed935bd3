"""Pushes that are killed in the middle, from either side: wholly there and told of once, or not there at all."""

from __future__ import annotations

import base64
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gitcollab import store
from gitcollab.events import Landed, Saved

BRANCH = "refs/heads/sessions/ana/laptop"
pytestmark = pytest.mark.slow

SIZE = 2_000_000
"""Bytes of each push, so that it can be struck while it is under way."""


class Pusher:
    """Ana, who commits and pushes from a clone, and remembers which tips were acknowledged."""

    def __init__(self, server: Any, collab: str, path: Path) -> None:
        self.server, self.collab, self.path = server, collab, path
        basic = base64.b64encode(f"ana:{server.tokens['ana']}".encode()).decode()
        self.header = f"http.extraHeader=Authorization: Basic {basic}"
        self.acknowledged: list[str] = []
        self.number = 0
        url = f"{server.url}/git/{collab}.git"
        subprocess.run(["git", "-c", self.header, "clone", "-q", url, str(path)], check=True)
        self.git("config", "user.name", "Ana")
        self.git("config", "user.email", "ana@gitcollab.invalid")

    def git(self, *words: str) -> str:
        ran = subprocess.run(
            ["git", "-C", str(self.path), *words], capture_output=True, text=True, check=True
        )
        return ran.stdout.strip()

    def commits(self) -> str:
        self.number += 1
        (self.path / "data.bin").write_bytes(random.Random(self.number).randbytes(SIZE))
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"Number {self.number}")
        return self.git("rev-parse", "HEAD")

    def begins(self) -> subprocess.Popen[bytes]:
        words = ["git", "-c", self.header, "-C", str(self.path), "push", "-q", "origin", f"HEAD:{BRANCH}"]
        return subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True)

    def pushes(self) -> bool:
        tip, running = self.commits(), self.begins()
        return self.ends(tip, running)

    def ends(self, tip: str, running: subprocess.Popen[bytes]) -> bool:
        if running.wait(110) == 0:
            self.acknowledged.append(tip)
        return running.returncode == 0


@pytest.fixture
def pusher(server: Any, tmp_path: Path) -> Iterator[Pusher]:
    ana = server.client("ana")
    pusher = Pusher(server, ana.create("Pushes")["id"], tmp_path / "clone")
    assert pusher.pushes()
    yield pusher
    until(lambda: pusher.pushes())  # it goes on
    all_is_there(pusher)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def all_is_there(pusher: Pusher) -> None:
    """Every acknowledged tip is on the branch and told of, once and in order; the repository is sound and tidy."""
    repository = pusher.server.root / "collabs" / f"{pusher.collab}.git"

    def git(*words: str) -> str:
        ran = subprocess.run(["git", *words], cwd=repository, capture_output=True, text=True, check=True)
        return ran.stdout

    line = git("rev-list", "--reverse", "--first-parent", BRANCH).split()
    assert set(pusher.acknowledged) <= set(line)
    assert line[-1] == git("rev-parse", "refs/heads/main^2").strip()
    until(lambda: not [*repository.glob("objects/tmp_objdir-*"), *repository.rglob("*.lock")])
    assert "" == git("fsck", "--full", "--strict", "--no-dangling", "--no-progress")
    told = events(pusher)
    assert list(range(1, len(told) + 1)) == [event.n for event in told]
    saved = [event.commit for event in told if isinstance(event, Saved)]
    assert set(pusher.acknowledged) <= set(saved)
    assert saved == [oid for oid in line if oid in saved]
    landed = [event.snapshot for event in told if isinstance(event, Landed)]
    assert (set(landed) <= set(saved), landed[-1:]) == (True, saved[-1:])


def events(pusher: Pusher) -> list[Any]:
    opened = store.engine(store.file_url(pusher.server.root / "private" / "gitcollab.sqlite"))
    try:
        with store.reading(opened).begin() as conn:
            return list(store.journal.since(conn, pusher.collab, 0, 10**6))
    finally:
        opened.dispose()


def strike(server: Any, part: str) -> None:
    while part not in (parts := server.parts()):
        time.sleep(0.005)  # it is being replaced
    with suppress(ProcessLookupError):  # the one before has just ended
        os.kill(parts[part], signal.SIGKILL)


@pytest.mark.parametrize("part", ["writer", "web"])
def test_a_part_that_is_killed_during_a_push_leaves_nothing_half_done(
    server: Any, pusher: Pusher, part: str, often: Callable[[int, int], int]
) -> None:
    chance = random.Random(part)
    for _ in range(often(3, 200)):
        tip, running = pusher.commits(), pusher.begins()
        time.sleep(chance.uniform(0, 0.4))  # any moment will do
        strike(server, part)
        pusher.ends(tip, running)


def test_a_client_that_is_killed_leaves_nothing_half_done(
    pusher: Pusher, often: Callable[[int, int], int]
) -> None:
    chance = random.Random(5)
    for _ in range(often(4, 200)):
        tip, running = pusher.commits(), pusher.begins()
        time.sleep(chance.uniform(0, 0.4))  # any moment will do
        os.killpg(running.pid, signal.SIGKILL)
        pusher.ends(tip, running)
