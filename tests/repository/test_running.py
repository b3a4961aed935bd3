"""Git under way ends when it is told to, and with the process that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from gitcollab.errors import Unavailable
from gitcollab.repository import Repository, end_running, running

LONG = ("-c", "alias.long=!exec sleep 1000", "long")
"""A git command that takes long, in a program that it has started."""

PARENT = f"""
import sys
from pathlib import Path
from gitcollab.repository.running import run
run(Path(sys.argv[1]), *{LONG!r}, deadline=1000)
"""


def below(pid: int, count: int) -> list[int]:
    """The processes below one that takes long, once so many are there."""
    found: list[int] = []
    while len(found) < count:
        found, level = [], [pid]
        while level := [child for one in level for child in children(one)]:
            found += level
        time.sleep(0.01)
    return found


def children(pid: int) -> list[int]:
    found = []
    with suppress(OSError):  # a thread of it has just ended
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(one) for one in path.read_text().split()]
    return found


def await_end(pids: list[int]) -> None:
    """Returns when none of them runs any more; a zombie does not."""
    while any(is_running(pid) for pid in pids):
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_is_under_way_is_ended_and_who_waits_is_told(repo: Repository) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(running.attempt, repo.path, *LONG, deadline=1000)
        while not running._RUNNING:
            time.sleep(0.01)
        (child,) = list(running._RUNNING)
        programs = below(child.pid, 1)
        end_running()
        assert waiting.result(60) == (-signal.SIGKILL, "")
    await_end(programs)
    assert running._RUNNING == set()


def test_it_ends_with_the_process_that_started_it_however_that_ends(repo: Repository) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(repo.path)]) as parent:
        git = next(iter(below(parent.pid, 2)))
        os.kill(parent.pid, signal.SIGKILL)
    await_end([git])


def test_what_takes_too_long_is_ended(repo: Repository) -> None:
    with pytest.raises(Unavailable, match="took longer than 0 s"):
        running.attempt(repo.path, *LONG, deadline=0.01)


def test_what_git_says_is_returned(repo: Repository) -> None:
    assert running.run(repo.path, "rev-parse", "--is-bare-repository", deadline=60) == "true"
    code, said = running.attempt(repo.path, "rev-parse", "--verify", "nothing", deadline=60)
    assert (code, "Needed a single revision" in said) == (128, True)
