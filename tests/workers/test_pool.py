"""Whatever a job does costs its own request and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from gitcollab import acts, wire
from gitcollab.errors import GitcollabError, NotFound, Unavailable
from gitcollab.model import Actor

HOSTILE = Path(__file__).with_name("hostile.py")


def asked(at: str, user: str = "ana") -> acts.Resolve:
    return acts.Resolve(actor=Actor(user=user), collab="caaaaaaaaa", at=at)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    listener = wire.listen(tmp_path / "workers.sock")
    command = [sys.executable, str(HOSTILE), str(listener.fileno())]
    with listener, subprocess.Popen(command, pass_fds=[listener.fileno()]) as running:
        yield running
        running.terminate()


@pytest.fixture
def errands(tmp_path: Path, pool: object) -> wire.Errands:
    return wire.Errands(tmp_path / "workers.sock")


async def test_jobs_are_answered_and_errors_told(errands: wire.Errands) -> None:
    assert "main" == await errands.call(asked("main"))
    with pytest.raises(NotFound):
        await errands.call(asked("nowhere"))


@pytest.mark.parametrize("kind", ["spin", "sleep", "crash", "exit"])
async def test_a_job_that_hangs_or_crashes_costs_one_answer_and_a_respawn(
    errands: wire.Errands, kind: str
) -> None:
    with pytest.raises(Unavailable, match="too long or too much memory"):
        await errands.call(asked(kind))
    answers = await asyncio.gather(*(errands.call(asked("pid")) for _ in range(8)))
    assert 8 == len(answers)


@pytest.mark.parametrize("kind", ["eat", "gulp"])
async def test_a_job_that_takes_too_much_memory_is_told_so(errands: wire.Errands, kind: str) -> None:
    with pytest.raises(GitcollabError, match="too much memory"):
        await errands.call(asked(kind))
    assert "main" == await errands.call(asked("main"))


async def test_others_are_answered_while_one_worker_hangs(errands: wire.Errands) -> None:
    stuck = asyncio.ensure_future(errands.call(asked("spin")))
    answered = 0
    while not stuck.done():
        assert "main" == await errands.call(asked("main"))
        answered += not stuck.done()
    assert answered > 0
    with pytest.raises(Unavailable):
        await stuck


async def test_a_job_that_killed_two_workers_is_refused_whoever_asks(errands: wire.Errands) -> None:
    for user in ("ana", "ben"):
        with pytest.raises(Unavailable, match="was stopped"):
            await errands.call(asked("crash:1", user))
    said = ""
    with anyio.fail_after(60):
        while "not tried again for now" not in said:  # the pool may not have heard of the second death yet
            with pytest.raises(Unavailable) as refused:
                await errands.call(asked("crash:1", "cleo"))
            said = str(refused.value)
    with pytest.raises(Unavailable, match="was stopped"):
        await errands.call(asked("crash:2"))


async def test_a_worker_that_is_killed_is_replaced(errands: wire.Errands) -> None:
    for _ in range(5):
        worker = int(await errands.call(asked("pid")))
        os.kill(worker, signal.SIGKILL)
        await ended(worker)  # what is dying may still be given a call, which ends with it
    assert "main" == await errands.call(asked("main"))


async def test_what_a_job_started_ends_with_its_worker(errands: wire.Errands) -> None:
    child = int(await errands.call(asked("child")))
    worker = int(Path(f"/proc/{child}/stat").read_text().split()[3])
    os.kill(worker, signal.SIGKILL)
    await ended(child)


async def test_a_crash_leaves_no_core_dump(errands: wire.Errands) -> None:
    assert "0" == await errands.call(asked("limit"))


async def test_workers_end_with_their_pool_however_it_ends(
    errands: wire.Errands, pool: subprocess.Popen[bytes]
) -> None:
    workers = {int(await errands.call(asked("pid"))) for _ in range(20)}
    pool.kill()
    await ended(*workers)


async def test_sigterm_ends_the_pool_at_once(errands: wire.Errands, pool: subprocess.Popen[bytes]) -> None:
    await errands.call(asked("main"))
    pool.terminate()
    assert 0 == await anyio.to_thread.run_sync(lambda: pool.wait(60))


async def ended(*pids: int) -> None:
    """Waits for the end of these processes; there is no event for the end of a stranger."""
    with anyio.fail_after(60):
        while any(map(is_running, pids)):  # noqa: ASYNC110
            await anyio.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
