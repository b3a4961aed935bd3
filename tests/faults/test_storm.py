"""kill -9 of a running service's writer while several people save and publish, over and over, at random moments."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gitcollab.errors import Unavailable


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kills_at_random_moments_lose_nothing_that_was_acknowledged(
    a_server: Any,
    a_crowd: Any,
    tmp_path: Path,
    invariants: ModuleType,
    often: Callable[[int, int], int],
    figures: Callable[[str], None],
) -> None:
    kills, chance = often(6, 200), random.Random(4)
    longest = 0.0
    with a_server(tmp_path / "root") as server, a_crowd(server) as crowd:
        crowd.savers[0].more(1)
        is_over = threading.Event()
        publishing = threading.Thread(target=publishes, args=(crowd, is_over))
        publishing.start()
        try:
            for _ in range(kills):
                time.sleep(chance.uniform(0, 0.4))  # the moment is random, not awaited
                kill_writer(server)
                longest = max(longest, *(saver.more(1) for saver in crowd.savers))
        finally:
            is_over.set()
            publishing.join(240)
        crowd.__exit__()
        promised = crowd.promised()
        server.running.terminate()
        assert 0 == server.running.wait(240)
    assert [] == invariants.check(tmp_path / "root", promised)
    counts = f"{len(promised.saves)} saves and {len(promised.versions)} versions acknowledged, 0 lost"
    figures(f"kill -9 of the writer: {kills} times, {counts}, longest wait {longest:.1f} s")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kills_while_workspaces_are_written_change_nobodys_files_and_deliver_them_all(
    a_server: Any, tmp_path: Path, often: Callable[[int, int], int], figures: Callable[[str], None]
) -> None:
    kills, chance = often(4, 60), random.Random(4)
    (work := tmp_path / "work").mkdir()
    (work / "ana.txt").write_text("0\n")
    with a_server(tmp_path / "root") as server:
        shared = server.client("ana").share(["ben"], [work])
        desks = {"ana": work, "ben": Path(shared["directory"])}
        written = {}
        for number in range(kills):
            for user, desk in desks.items():
                for name in (f"{user}.txt", f"{user}-{number % 3}.txt"):
                    written[name] = f"{user} {number}\n" * chance.randrange(1, 5000)
                    (desk / name).write_text(written[name])
            time.sleep(chance.uniform(0, 1.5))  # the moment is random, not awaited
            kill_writer(server)
        took = settled(desks, written)
        assert [] == answered(lambda: server.client("ana").contested(shared["id"]))
        sessions = answered(lambda: server.client("ana").sessions(shared["id"]))
        assert ["ana", "ben"] == [one["user"] for one in sessions]
    figures(f"kill -9 with workspaces: {kills} times, all {len(written)} files in both after {took:.1f} s")


def answered(ask: Callable[[], Any]) -> Any:
    """The answer, as soon as there is one: all may be in its place while the killed writer is still away."""
    began = time.monotonic()
    while True:
        try:
            return ask()
        except Unavailable:
            assert time.monotonic() - began < 240
            time.sleep(0.1)


def settled(desks: dict[str, Path], written: dict[str, str]) -> float:
    """Waits until every workspace holds what everybody wrote; nobody's own file may ever be another."""
    began = time.monotonic()
    while any(text(desk / name) != data for desk in desks.values() for name, data in written.items()):
        for user, desk in desks.items():
            own = {name: data for name, data in written.items() if name.startswith(user)}
            assert own == {name: text(desk / name) for name in own}
        assert time.monotonic() - began < 400
        time.sleep(0.1)
    return time.monotonic() - began


def text(path: Path) -> str:
    """What a file holds, nothing if it is not there."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def publishes(crowd: Any, is_over: threading.Event) -> None:
    """Ana publishes again and again; what the killed writer did not answer may or may not have been done."""
    while not is_over.wait(0.3):
        crowd.publishes()
    crowd.ana.close()  # this thread's connection


def kill_writer(server: Any) -> None:
    """Kills the writer, as soon as there is one."""
    while "writer" not in (parts := server.parts()):
        time.sleep(0.005)  # it is being replaced
    with suppress(ProcessLookupError):  # the one before has just ended
        os.kill(parts["writer"], signal.SIGKILL)
