"""kill -9 of a running service's writer while several people save and publish, over and over, at random moments."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BACK = 20.0
"""Seconds after which saves must be acknowledged again: two are promised, on a machine that does nothing else."""


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kills_at_random_moments_lose_nothing_that_was_acknowledged(
    a_server: Any,
    a_crowd: Any,
    tmp_path: Path,
    invariants: ModuleType,
    is_long: bool,
    figures: Callable[[str], None],
) -> None:
    kills, chance = 200 if is_long else 6, random.Random(4)
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
            publishing.join(60)
        crowd.__exit__()
        promised = crowd.promised()
        server.running.terminate()
        assert 0 == server.running.wait(60)
    assert [] == invariants.check(tmp_path / "root", promised)
    assert longest < BACK
    counts = f"{len(promised.saves)} saves and {len(promised.versions)} versions acknowledged, 0 lost"
    figures(f"kill -9 of the writer: {kills} times, {counts}, longest wait {longest:.1f} s")


def publishes(crowd: Any, is_over: threading.Event) -> None:
    """Ana publishes again and again; what the killed writer did not answer may or may not have been done."""
    while not is_over.wait(0.3):
        crowd.publishes()
    crowd.ana.close()  # this thread's connection


def kill_writer(server: Any) -> None:
    """Kills the writer, as soon as there is one."""
    while "writer" not in (parts := server.parts()):
        time.sleep(0.005)  # it is being replaced
    os.kill(parts["writer"], signal.SIGKILL)
