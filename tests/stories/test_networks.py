"""Two people in networks of their own, cut off from the server for an hour's worth of saves: then everything meets."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gitcollab import store
from gitcollab.client import Client
from gitcollab.notebooks import strip

pytestmark = [pytest.mark.slow, pytest.mark.networks, pytest.mark.timeout(600)]

SOURCE = str(Path(__file__).parents[2])
EDITS = 12
"""Saves of each person while the line is cut: one in five minutes of an hour."""
SERVER, PORT = "10.123.0.1", 8474
NEW_NETWORK = 0x40000000
JOIN = "import sys; sys.argv[0] = 'gitcollab'; from gitcollab.cli import main; main()"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=60)


class Networks:
    """The server's network and one for each person, with a line to the server that can be cut."""

    def __init__(self) -> None:
        self.names = {who: f"gc{os.getpid()}{who}" for who in ("server", "ana", "ben")}
        for name in self.names.values():
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        for number, who in enumerate(("ana", "ben"), start=2):
            here, there = f"to-{who}", "line"
            ends = ("name", here, "type", "veth", "peer", "name", there, "netns", self.names[who])
            ip("-n", self.names["server"], "link", "add", *ends)
            ip("-n", self.names["server"], "addr", "add", SERVER, "peer", f"10.123.0.{number}", "dev", here)
            ip("-n", self.names["server"], "link", "set", here, "up")
            ip("-n", self.names[who], "addr", "add", f"10.123.0.{number}", "peer", SERVER, "dev", there)
            self.line(who, "up")

    def line(self, who: str, state: str) -> None:
        ip("-n", self.names[who], "link", "set", "line", state)

    def running(self, who: str, *words: str, **more: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["ip", "netns", "exec", self.names[who], *words], **more)

    def enter(self, who: str) -> None:
        """Puts this thread, and no other one, into a network."""
        handle = os.open(f"/run/netns/{self.names[who]}", os.O_RDONLY)
        assert 0 == ctypes.CDLL(None, use_errno=True).setns(handle, NEW_NETWORK)
        os.close(handle)

    def end(self) -> None:
        for name in self.names.values():
            ip("netns", "delete", name)


class Far:
    """Somebody whose machine runs `gitcollab join` beside a directory."""

    def __init__(self, networks: Networks, name: str, home: Path, token: str) -> None:
        self.networks, self.name, self.home, self.desk = networks, name, home, home / "desk"
        self.desk.mkdir(parents=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GITCOLLAB_")}
        own = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "PYTHONPATH": SOURCE}
        self.env = kept | own | {"GITCOLLAB_URL": f"http://{SERVER}:{PORT}", "GITCOLLAB_TOKEN": token}
        self.running: subprocess.Popen[bytes] | None = None

    def joins(self, collab: str) -> None:
        words = (sys.executable, "-P", "-c", JOIN, "join", collab, str(self.desk), "--json")
        with (self.home / "told").open("ab") as told:
            self.running = self.networks.running(
                self.name, *words, cwd=self.home, env=self.env, stderr=told, stdin=subprocess.DEVNULL
            )

    def heard(self, news: str) -> int:
        told = (self.home / "told").read_bytes().splitlines(keepends=True)
        return sum(line.endswith(b"}\n") and json.loads(line)["news"] == news for line in told)

    def ends(self) -> None:
        if self.running:
            self.running.kill()
            self.running.wait()


def until(is_so: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + 240
    while True:
        try:
            if is_so():
                return
        except (OSError, ValueError, KeyError):
            pass  # a file that is just being written
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture
def networks() -> Iterator[Networks]:
    made = Networks()
    yield made
    made.end()


@pytest.fixture
def far(
    networks: Networks, tmp_path: Path, actors: Any
) -> Iterator[tuple[ThreadPoolExecutor, Client, Far, Far]]:
    root = tmp_path / "root"
    root.mkdir(mode=0o700)
    words = (sys.executable, "-P", "-m", "gitcollab", "serve", "--root", str(root))
    env = {key: value for key, value in os.environ.items() if not key.startswith("GITCOLLAB_")}
    env |= {"PYTHONPATH": SOURCE, "HOME": str(tmp_path)}
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = networks.running("server", *words, "--host", SERVER, "--port", str(PORT), env=env, **quiet)
    opened = None
    people: list[Far] = []
    asking = ThreadPoolExecutor(1, initializer=networks.enter, initargs=("server",))
    try:
        until(lambda: (root / "run" / "url").exists(), "the server serves")
        opened = store.engine(store.file_url(root / "private" / "gitcollab.sqlite"))
        tokens = {}
        for name in ("ana", "ben"):
            with opened.begin() as conn:
                store.people.add_person(conn, name)
                tokens[name] = store.tokens.add_token(conn, name, "a test").secret
            people.append(Far(networks, name, tmp_path / name, tokens[name]))
        client = Client(f"http://{SERVER}:{PORT}", tokens["ana"])
        yield asking, client, people[0], people[1]
        asking.submit(client.close).result()
    finally:
        for each in people:
            each.ends()
        if opened:
            opened.dispose()
        asking.shutdown()
        server.terminate()
        server.wait(60)


def test_an_hour_without_a_line_on_both_sides_meets(
    far: tuple[ThreadPoolExecutor, Client, Far, Far], networks: Networks, actors: Any
) -> None:
    thread, client, ana, ben = far

    def asked(verb: str, *words: Any, **more: Any) -> Any:
        return thread.submit(getattr(client, verb), *words, **more).result()

    collab = asked("create", "Far")["id"]
    asked("set_member", collab, "ben", "editor")
    (ana.desk / "book.ipynb").write_bytes(actors.book(a="a = 0", middle="x = 0", b="b = 0"))
    for each in (ana, ben):
        each.joins(collab)
    until(lambda: (ben.desk / "book.ipynb").exists(), "Ben has the notebook")
    until(lambda: ana.heard("saved"), "Ana knows that it was saved")
    for each in (ana, ben):
        networks.line(each.name, "down")
    for number in range(1, EDITS + 1):
        for each, cell in ((ana, "a"), (ben, "b")):
            file = each.desk / "book.ipynb"
            file.write_bytes(actors.edited(file.read_bytes(), **{cell: f"{cell} = {number}"}))
        for each in (ana, ben):
            until(lambda each=each, number=number: each.heard("kept") >= number, "kept")
    assert (0, 0) == (ana.heard("online"), ben.heard("online"))
    for each in (ana, ben):
        networks.line(each.name, "up")
    wanted = {"a": f"a = {EDITS}", "middle": "x = 0", "b": f"b = {EDITS}"}
    for each in (ana, ben):
        file = each.desk / "book.ipynb"
        until(lambda file=file: wanted == actors.sources(strip(file.read_bytes())[0]), f"{each.name} has all")
    assert [] == asked("contested", collab)
    log = asked("log", collab, path="book.ipynb", limit=500)
    for each, cell in ((ana, "a"), (ben, "b")):
        mine = [one["commit"] for one in log if (one["act"], one["user"]) == ("snapshot", each.name)]
        books = [strip(asked("file", collab, "book.ipynb", commit).body)[0] for commit in mine]
        texts = {actors.sources(book)[cell] for book in books}
        assert {f"{cell} = {number}" for number in range(1, EDITS + 1)} <= texts, "each save is a snapshot"
