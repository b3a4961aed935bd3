"""Several nodes on one PostgreSQL and one root: killed, frozen and stopped while others save, they lose no save."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gitcollab import store
from gitcollab.client import Client
from gitcollab.errors import GitcollabError
from gitcollab.store import tenure
from gitcollab.workers.limits import die_with

SESSION = "ana/default"


class Node:
    """A ``gitcollab serve`` that is one of several."""

    def __init__(self, name: str, root: Path, database: str) -> None:
        self.name, self.root, self.database = name, root, database
        self.url = ""
        self.running: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Starts it."""
        words = ["--root", str(self.root), "--port", "0", "--database", self.database, "--node", self.name]
        me = os.getpid()
        with self.root.with_name(f"{self.name}.out").open("ab") as out:
            self.running = subprocess.Popen(
                [sys.executable, "-P", "-m", "gitcollab", "serve", *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=lambda: die_with(me),
            )

    def start(self) -> None:
        """Starts it and waits until it answers, be it that it writes or that it passes on."""
        self.begin()
        until(self.answers)

    def answers(self) -> bool:
        """Whether it is there."""
        assert self.running is not None
        assert self.running.poll() is None, self.root.with_name(f"{self.name}.out").read_text()
        run = self.root / "run" / self.name
        with suppress(OSError, ValueError):
            holder = json.loads((run / "lock").read_bytes())
            if holder["pid"] == self.running.pid and holder.get("url") and (run / "url").exists():
                self.url = str(holder["url"])
                return True
        return False

    def all_of_it(self) -> list[int]:
        """The processes of the daemon and its parts, and what those have started."""
        assert self.running is not None
        found = [self.running.pid]
        for pid in found:
            with suppress(OSError):
                tasks = Path(f"/proc/{pid}/task").glob("*/children")
                found += [int(child) for task in tasks for child in task.read_text().split()]
        return found

    def freeze(self) -> None:
        """Stops it where it is."""
        for pid in self.all_of_it():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        for pid in self.all_of_it():
            os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kills the daemon; its parts end with it."""
        assert self.running is not None
        self.running.kill()
        self.running.wait(60)

    def stop(self) -> int:
        """Stops it as a person would; returns its status."""
        assert self.running is not None
        self.running.terminate()
        return self.running.wait(120)


class Saver(threading.Thread):
    """Saves a file of its own through one node, again and again; keeps what was acknowledged."""

    def __init__(self, node: Node, token: str, collab: str) -> None:
        super().__init__(daemon=True)
        self.node, self.token, self.collab = node, token, collab
        self.acknowledged: list[str] = []
        self.refused: list[GitcollabError] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Saves."""
        number = 0
        while not self.over.is_set():
            with Client(self.node.url, self.token) as client, suppress(Refused):
                while not self.over.is_set():
                    number += 1
                    self.acknowledged += self.saved(client, b"%d\n" % number)
            self.over.wait(0.2)

    def saved(self, client: Client, data: bytes) -> list[str]:
        """Saves once; no new commit where the client has asked a second time for what was done the first time."""
        try:
            receipt = client.save(self.collab, SESSION, f"{self.node.name}.txt", data)
            return [receipt["snapshot"]] if receipt["snapshot"] else []
        except GitcollabError as error:
            self.refused.append(error)
            raise Refused from error

    def goes_on(self) -> None:
        """Waits until three more saves were acknowledged."""
        count = len(self.acknowledged)
        until(lambda: len(self.acknowledged) >= count + 3)


class Refused(Exception):
    """A save was not taken."""


class Reader(threading.Thread):
    """Follows what happens through one node, and begins again after the last event it has when that breaks off."""

    def __init__(self, node: Node, token: str, collab: str) -> None:
        super().__init__(daemon=True)
        self.node, self.token, self.collab = node, token, collab
        self.numbers: list[int] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Reads."""
        while not self.over.is_set():
            with suppress(OSError, urllib.error.URLError, ValueError):
                self.read()
            self.over.wait(0.2)

    def read(self) -> None:
        """Reads one stream to its end."""
        last = self.numbers[-1] if self.numbers else 0
        path = f"{self.node.url}/api/collabs/{self.collab}/events?after={last}"
        asked = urllib.request.Request(path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(asked, timeout=20) as lines:
            for line in lines:
                if line.startswith(b"id: "):
                    self.numbers.append(int(line[4:]))
                if self.over.is_set():
                    return


def until(is_so: Callable[[], bool]) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + 240
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def database(cluster: Any) -> Iterator[str]:
    """An empty database."""
    cluster.tell("CREATE DATABASE nodes")
    yield cluster.url("nodes")
    cluster.tell("DROP DATABASE nodes WITH (FORCE)")


@pytest.fixture
def nodes(database: str, root: Path) -> Iterator[dict[str, Node]]:
    """Three nodes, of which none has been started."""
    found = {name: Node(name, root, database) for name in "abc"}
    yield found
    for node in found.values():
        if node.running is not None:
            with suppress(ProcessLookupError):
                node.thaw()
            node.kill()


def asked(database: str, question: Callable[[Any], Any]) -> Any:
    """What the database says."""
    opened = store.engine(database)
    try:
        with opened.begin() as conn:
            return question(conn)
    finally:
        opened.dispose()


def account(database: str) -> str:
    """Makes Ana's account and returns her token."""

    def made(conn: Any) -> str:
        store.people.add_person(conn, "ana")
        return store.tokens.add_token(conn, "ana").secret

    return str(asked(database, made))


def writes(database: str) -> str:
    """The node that had its turn last."""
    return str(asked(database, tenure.record)[-1].node)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nodes_that_are_killed_frozen_and_stopped_lose_no_acknowledged_save(
    nodes: dict[str, Node], database: str, root: Path
) -> None:
    nodes["a"].start()
    for name in "bc":
        nodes[name].begin()
    until(lambda: nodes["b"].answers() and nodes["c"].answers())
    assert "a" == writes(database)
    token = account(database)
    with Client(nodes["b"].url, token) as ana:
        collab = ana.create("Rain")["id"]
        ana.open_session(collab)
    savers = {name: Saver(node, token, collab) for name, node in nodes.items()}
    readers = [Reader(node, token, collab) for node in nodes.values()]
    for each in (*savers.values(), *readers):
        each.start()

    def all_go_on(but: str = "") -> None:
        for name, saver in savers.items():
            if name != but:
                saver.goes_on()

    all_go_on()
    nodes["a"].kill()
    until(lambda: writes(database) != "a")
    all_go_on(but="a")
    nodes["a"].start()
    all_go_on()

    frozen = writes(database)
    nodes[frozen].freeze()
    until(lambda: writes(database) != frozen)
    all_go_on(but=frozen)
    nodes[frozen].thaw()
    all_go_on()
    assert nodes[frozen].answers()

    stopped = writes(database)
    assert 0 == nodes[stopped].stop()
    until(lambda: writes(database) != stopped)
    all_go_on(but=stopped)
    nodes[stopped].start()
    all_go_on()

    for saver in savers.values():
        saver.over.set()
    for saver in savers.values():
        saver.join(120)
    told = asked(database, lambda conn: store.journal.since(conn, collab, 0, 1_000_000))
    until(lambda: all(reader.numbers[-1] == told[-1].n for reader in readers))
    for reader in readers:
        reader.over.set()

    count = len(told)
    assert list(range(1, count + 1)) == [event.n for event in told]
    assert [list(range(1, count + 1))] * 3 == [reader.numbers for reader in readers]
    acknowledged = {commit for saver in savers.values() for commit in saver.acknowledged}
    saved = [event.commit for event in told if type(event).__name__ == "Saved"]
    assert (len(saved), set()) == (len(set(saved)), acknowledged - set(saved))
    assert set() == acknowledged - history(nodes["c"].url, token, collab)
    check_one_wrote_at_a_time(database, root, collab)


def history(url: str, token: str, collab: str) -> set[str]:
    """The commits of Ana's session."""
    found: list[str] = []
    with Client(url, token) as ana:
        while page := ana.log(
            collab, branch=f"sessions/{SESSION}", limit=1000, before=found[-1] if found else ""
        ):
            found += [each["commit"] for each in page]
    return set(found)


def check_one_wrote_at_a_time(database: str, root: Path, collab: str) -> None:
    """Sees from the record of fences, and from git's own log of each branch, that nobody wrote beside another."""

    def fences(conn: Any) -> list[int]:
        events = store.schema.EVENTS
        of_it = events.select().where(events.c.collab == collab).order_by(events.c.n)
        return [row.fence for row in conn.execute(of_it)]

    record, used = asked(database, tenure.record), asked(database, fences)
    assert list(range(1, len(record) + 1)) == [one.fence for one in record]
    assert len(record) >= 4
    assert sorted(used) == used
    assert set(used) <= {one.fence for one in record}
    for log in sorted((root / "collabs" / f"{collab}.git" / "logs" / "refs" / "heads").rglob("*")):
        if log.is_file():
            moves = [line.split(" ")[:2] for line in log.read_text().splitlines()]
            assert [old for old, _ in moves[1:]] == [new for _, new in moves[:-1]], log.name


@pytest.mark.slow
def test_nodes_and_a_service_that_knows_of_none_keep_each_other_out(
    nodes: dict[str, Node], database: str, root: Path
) -> None:
    nodes["a"].start()
    alone = ["serve", "--port", "0", "--database", database, "--root"]
    assert "is served already" in refused(*alone, str(root))
    assert "another gitcollab serves this database" in refused(*alone, str(root.with_name("other")))
    again = [*alone, str(root), "--node", "a"]
    assert "is served already" in refused(*again)


def test_several_nodes_need_postgresql(root: Path) -> None:
    assert "several nodes need a PostgreSQL" in refused(
        "serve", "--port", "0", "--root", str(root), "--node", "a"
    )


def refused(*words: str) -> str:
    """What a command says that is not done."""
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "gitcollab", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 2 == ran.returncode, ran.stderr
    return ran.stderr
