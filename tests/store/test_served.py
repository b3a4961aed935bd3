"""A service on PostgreSQL: the database crashes, freezes and comes back; saves are refused then, and none is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
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


@pytest.fixture
def own(cluster: Any) -> Iterator[Any]:
    """A PostgreSQL that a test may crash."""
    with tempfile.TemporaryDirectory(prefix="gitcollab-pg-") as place:
        running = type(cluster)(cluster.programs, Path(place))
        running.tell("CREATE DATABASE served")
        yield running
        running.run("pg_ctl", "-w", "-m", "immediate", "stop")


class Saver(threading.Thread):
    """Saves one notebook after the other as Ana, until told to stop; keeps what was acknowledged."""

    def __init__(self, url: str, token: str, collab: str) -> None:
        super().__init__()
        self.client, self.collab = Client(url, token), collab
        self.acknowledged: list[str] = []
        self.refused: list[GitcollabError] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Saves."""
        number = 0
        with self.client:
            while not self.over.is_set():
                number += 1
                try:
                    receipt = self.client.save(self.collab, "ana/default", "a.txt", b"%d\n" % number)
                except GitcollabError as error:
                    self.refused.append(error)
                    self.over.wait(0.1)
                else:
                    self.acknowledged.append(receipt["snapshot"])

    def goes_on(self) -> None:
        """Waits until three more saves were acknowledged."""
        count = len(self.acknowledged)
        until(lambda: len(self.acknowledged) >= count + 3)


def test_a_database_that_crashes_freezes_and_comes_back_costs_no_acknowledged_save(
    own: Any, root: Path, a_server: Callable[..., Any]
) -> None:
    url = own.url("served")
    with a_server(root, "--database", url, users=()) as server:
        token = account(url, "ana")
        with Client(server.url, token) as ana:
            collab = ana.create("Rain")["id"]
            ana.open_session(collab)
        saver = Saver(server.url, token, collab)
        saver.start()
        try:
            saver.goes_on()
            refused_second(root.with_name("other"), url)

            own.run("pg_ctl", "-w", "-m", "immediate", "stop")
            until(lambda: ready(server.url) == 503)
            until(lambda: health(server.url)["parts"]["database"] == "away")
            until(lambda: bool(saver.refused))
            assert (503, True) == refusal(server.url, token, collab)
            start(own)
            until(lambda: ready(server.url) == 200)
            saver.goes_on()

            frozen = frozen_all(own)
            until(lambda: ready(server.url) == 503)
            for pid in frozen:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            until(lambda: ready(server.url) == 200)
            saver.goes_on()

            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'served'"
            own.tell(ended)
            saver.goes_on()
        finally:
            saver.over.set()
            saver.join(120)
        assert {"unavailable"} == {error.code for error in saver.refused}
        with Client(server.url, token) as ana:
            known = history(ana, collab)
        assert [] == [each for each in saver.acknowledged if each not in known]
        told = journal(url, collab)
        assert list(range(1, len(told) + 1)) == [event.n for event in told]
        saved = [event.commit for event in told if type(event).__name__ == "Saved"]
        assert (len(saved), set()) == (len(set(saved)), set(saver.acknowledged) - set(saved))


def until(is_so: Callable[[], bool]) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def account(url: str, name: str) -> str:
    """Makes an account and returns its token."""
    opened = store.engine(url)
    with opened.begin() as conn:
        store.people.add_person(conn, name)
        token = store.tokens.add_token(conn, name).secret
    opened.dispose()
    return token


def history(client: Client, collab: str) -> set[str]:
    """The commits of Ana's session."""
    found: list[str] = []
    while page := client.log(
        collab, branch="sessions/ana/default", limit=1000, before=found[-1] if found else ""
    ):
        found += [each["commit"] for each in page]
    return set(found)


def journal(url: str, collab: str) -> tuple[Any, ...]:
    """All events of a collab."""
    opened = store.engine(url)
    with opened.connect() as conn:
        events = store.journal.since(conn, collab, 0, 100_000)
    opened.dispose()
    return events


def start(own: Any) -> None:
    """Starts the PostgreSQL again, as it was started first."""
    options = f"-k {own.place} -c listen_addresses='' -c fsync=off -c max_connections=120"
    own.run("pg_ctl", "-w", "-l", str(own.place / "log"), "-o", options, "start")


def frozen_all(own: Any) -> list[int]:
    """Stops the PostgreSQL: its first process, which starts no more then, and those that it started."""
    first = int((own.place / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(first, signal.SIGSTOP)
    found = [first]
    while more := {int(pid) for pid in children(first)} - {*found}:
        for pid in more:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        found += more
    return found


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def refused_second(root: Path, url: str) -> None:
    """A second service on the same database, with another root, says so and ends."""
    words = ["serve", "--root", str(root), "--port", "0", "--database", url]
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "gitcollab", *words],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert 2 == ran.returncode
    assert "another gitcollab serves this database" in ran.stderr


def health(url: str) -> dict[str, Any]:
    """What the service says of itself."""
    with urllib.request.urlopen(f"{url}/health", timeout=120) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def ready(url: str) -> int:
    """What a load balancer is told."""
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=120) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def refusal(url: str, token: str, collab: str) -> tuple[int, bool]:
    """The status with which a save is refused, and whether the answer says when to try again."""
    path = f"{url}/api/collabs/{collab}/sessions/ana/default/files/b.txt"
    asked = urllib.request.Request(path, b"1", {"Authorization": f"Bearer {token}"}, method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=90)
    with refused.value as error:
        return error.code, "Retry-After" in error.headers
