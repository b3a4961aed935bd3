"""A part is kept going for as long as it is wanted, and not longer."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import msgspec
import pytest
from blockbuster import BlockBuster

from gitcollab.daemon import parts
from gitcollab.daemon.parts import Part, Plan
from gitcollab.errors import Unavailable


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def may_start(unblocked: BlockBuster) -> None:
    """A part dies with the thread that started it, so the daemon starts it on its loop, which serves nobody."""
    for name in ("os.read", "io.BufferedWriter.write", "os.stat"):
        unblocked.functions[name].can_block_in("gitcollab/daemon/parts.py", {"start", "tell"})


class Diary:
    """What the part noted, and whether it counts as answering."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_silent = False

    def lines(self) -> list[str]:
        return self.path.read_text().split() if self.path.exists() else []

    async def answers(self) -> None:
        if self.is_silent or "began" not in await anyio.to_thread.run_sync(self.lines):
            raise Unavailable("not yet")


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


def part(diary: Diary, *, grace: float = 60.0, **told: bool) -> Part:
    plan = Plan(module="fake_part", arguments=(str(diary.path),), told=told, grace=grace)
    return Part(plan, diary.path.parent, diary.answers)


@asynccontextmanager
async def kept(one: Part) -> AsyncIterator[Part]:
    async with anyio.create_task_group() as group:
        group.start_soon(one.keep)
        await one.ready.wait()
        yield one
        await one.stop()


async def test_it_is_started_told_and_stopped(diary: Diary) -> None:
    async with kept(part(diary)):
        assert ["began"] == diary.lines()
    assert ["began", "stopped"] == diary.lines()


async def test_one_that_is_killed_is_replaced_at_once(diary: Diary) -> None:
    async with kept(part(diary)) as one:
        for time in (2, 3):
            assert one.child
            os.kill(one.child.pid, signal.SIGKILL)
            with anyio.fail_after(60):
                while len(diary.lines()) < time:  # noqa: ASYNC110  # another process writes it
                    await anyio.sleep(0.01)
    assert ["began", "began", "began", "stopped"] == diary.lines()


async def test_one_that_does_not_stop_is_killed_after_its_grace(diary: Diary) -> None:
    async with kept(part(diary, grace=0.2, is_deaf=True)) as one:
        child = one.child
    assert child
    assert -signal.SIGKILL == child.returncode


async def test_one_that_hangs_is_killed_and_replaced(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "WATCH", 0.05)
    monkeypatch.setattr(parts, "SILENCE", 0.2)
    async with kept(part(diary)):
        diary.is_silent = True
        with anyio.fail_after(60):
            while len(diary.lines()) < 2:  # noqa: ASYNC110  # another process writes it
                await anyio.sleep(0.01)
        diary.is_silent = False


async def test_one_that_never_works_is_given_up_with_a_clear_error(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "TRIES", 2)
    with pytest.raises(Unavailable, match="fake_part ends as soon as it begins"):
        await part(diary, fails=True).keep()


async def test_one_that_has_worked_is_tried_for_ever(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "TRIES", 2)
    monkeypatch.setattr(parts, "PAUSE", 0.01)
    async with kept(part(diary)) as one:
        one.plan, diary.is_silent = msgspec.structs.replace(one.plan, module="no_such_part"), True
        assert one.child
        os.kill(one.child.pid, signal.SIGKILL)
        with anyio.fail_after(60):
            while one.starts < 5:  # noqa: ASYNC110  # another process ends
                await anyio.sleep(0.01)
            one.plan, diary.is_silent = msgspec.structs.replace(one.plan, module="fake_part"), False
            while diary.lines() != ["began", "began"]:  # noqa: ASYNC110  # another process writes it
                await anyio.sleep(0.01)


async def test_parts_stop_in_reverse(tmp_path: Path) -> None:
    stopped: list[str] = []

    class Noting(Part):
        async def stop(self) -> None:
            stopped.append(self.name)

    plans = [Plan(module=f"gitcollab.{name}") for name in ("workers", "writer", "web")]
    await parts.stop_all([Noting(plan, tmp_path, anyio.lowlevel.checkpoint) for plan in plans])
    assert ["web", "writer", "workers"] == stopped
