"""Two people on machines of their own, both without the server for long: then everything meets, nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitcollab.client import Client
from gitcollab.notebooks import strip

EDITS = 6
"""Saves of each person while the server is away."""


class Far:
    """Somebody whose machine runs `gitcollab join` beside a directory, in a home of its own."""

    def __init__(self, town: Any, name: str, collab: str) -> None:
        self.person, self.collab = getattr(town, name), collab
        self.desk = self.person.home / "desk"
        self.state = self.person.home / "state"
        self.lines = self.person.home / "told"
        self.running: subprocess.Popen[bytes] | None = None

    def joins(self) -> None:
        env = self.person._environment() | {"XDG_STATE_HOME": str(self.state)}
        words = self.person._command("main", "join", self.collab, str(self.desk), "--json")
        with self.lines.open("ab") as told:
            self.running = subprocess.Popen(words, cwd=self.person.home, env=env, stderr=told)

    def ends(self, number: int = signal.SIGKILL) -> None:
        assert self.running is not None
        self.running.send_signal(number)
        self.running.wait()

    def heard(self, news: str) -> int:
        told = self.lines.read_bytes().splitlines(keepends=True) if self.lines.exists() else []
        return sum(line.endswith(b"}\n") and json.loads(line)["news"] == news for line in told)

    def writes(self, path: str, data: bytes) -> None:
        (self.desk / path).write_bytes(data)

    def reads(self, path: str) -> bytes:
        return strip((self.desk / path).read_bytes())[0]


def until(is_so: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + 240
    while True:
        try:
            if is_so():
                return
        except OSError:
            pass  # a file that is just being written
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture
def far(tmp_path: Path, actors: Any) -> Iterator[tuple[Any, Far, Far]]:
    """Ana and Ben, joined to a collab with a notebook; the server answers at one port for ever."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    town = actors.opened(tmp_path, port)
    collab = town.ana.client.create("Far")["id"]
    town.ana.client.set_member(collab, "ben", "editor")
    ana, ben = Far(town, "ana", collab), Far(town, "ben", collab)
    for each in (ana, ben):
        each.joins()
        until(lambda each=each: (each.desk / "collab.toml").exists(), "joined")
    cells = {f"c{n}": f"x = {n}" for n in range(EDITS)}
    ana.writes("book.ipynb", actors.book(a="a = 0", both="x = 0", b="b = 0", **cells))
    until(lambda: (ben.desk / "book.ipynb").exists(), "Ben has the notebook")
    until(lambda: ana.heard("saved"), "Ana knows that it was saved")
    yield town, ana, ben
    for each in (ana, ben):
        each.ends()
        each.person.client.close()
    assert town.house.stop() == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_long_work_without_the_server_meets(far: tuple[Any, Far, Far], actors: Any) -> None:
    town, ana, ben = far
    assert town.house.server is not None
    os.kill(town.house.server.pid, signal.SIGKILL)
    town.house.server.wait()
    for number in range(1, EDITS + 1):
        for each, cell in ((ana, "a"), (ben, "b")):
            data = (each.desk / "book.ipynb").read_bytes()
            each.writes("book.ipynb", actors.edited(data, **{cell: f"{cell} = {number}"}))
            until(lambda each=each, number=number: each.heard("kept") >= number, "kept")
    for each in (ana, ben):
        name = each.person.name
        data = actors.edited((each.desk / "book.ipynb").read_bytes(), both=f"x = '{name}'")
        each.writes("book.ipynb", data)
        until(lambda each=each: each.heard("kept") > EDITS, "kept")
    ben.ends()
    ben.joins()
    until(lambda: ben.heard("joined") == 2, "Ben's begins again without the server")
    assert (ana.heard("offline") >= 1, ana.heard("online")) == (True, 0)
    town.url = town.house.start()
    until(lambda: ana.heard("online") and ben.heard("online"), "both are back")
    agreed = {"a": f"a = {EDITS}", "b": f"b = {EDITS}"}
    until(
        lambda: all(
            agreed.items() <= actors.sources(each.reads("book.ipynb")).items() for each in (ana, ben)
        ),
        "each has the other's work",
    )
    asking = Client(town.url, ana.person.token)
    until(lambda: len(asking.contested(ana.collab)) == 1, "one place is contested")
    (item,) = asking.contested(ana.collab)
    assert {"x = 'ana'", "x = 'ben'"} == {item["shared"], item["session"]}
    mine = {each: actors.sources(each.reads("book.ipynb"))["both"] for each in (ana, ben)}
    assert {ana: "x = 'ana'", ben: "x = 'ben'"} == mine
    for each, cell in ((ana, "a"), (ben, "b")):
        wanted = [f"{cell} = {number}" for number in range(1, EDITS + 1)]
        assert wanted == [text for text in saved(asking, each, cell, actors) if text in wanted]
    asking.close()


def saved(client: Client, far: Far, cell: str, actors: Any) -> list[str]:
    """What a cell was, oldest first, in the snapshots of a person's session; each once."""
    log = client.log(far.collab, path="book.ipynb", limit=500)
    mine = [one for one in log if (one["act"], one["user"]) == ("snapshot", far.person.name)]
    books = [strip(client.file(far.collab, "book.ipynb", one["commit"]).body)[0] for one in reversed(mine)]
    return list(dict.fromkeys(actors.sources(book)[cell] for book in books))
