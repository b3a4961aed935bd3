"""Publishing: decided in a turn, its gates passed elsewhere and without one, then done in a second turn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import anyio
import anyio.to_thread
import msgspec
import structlog

from gitcollab import acts
from gitcollab.collab import Collab, Waiting
from gitcollab.errors import Moved, Unavailable
from gitcollab.events import SaveWanted
from gitcollab.flow.gating import Found, Job
from gitcollab.flow.publish import refused
from gitcollab.model import Shortcoming, Version

AT_ONCE = 2
"""Jobs under way at once; others wait for them."""

GRACE = 30.0
"""Seconds that a job may take beyond its own time: to begin, and to wait for its end."""

SAVING = 4.0
"""Seconds that editors get to save what they have unsaved."""

RECENT = 3600.0
"""Seconds: who has told of unsaved work longer ago than that has gone away, and is not waited for."""

Done = TypeVar("Done")
InTurn = Callable[[Callable[[], Done]], Awaitable[Done]]

log = structlog.get_logger("gitcollab.writer")


class Publishing:
    """Publishes notebooks; holds no collab and no thread while something is run."""

    def __init__(self) -> None:
        self._places = anyio.CapacityLimiter(AT_ONCE)
        self._underway: set[tuple[str, str]] = set()

    async def publish(self, collab: Collab, act: acts.Publish, in_turn: InTurn[Version | Waiting]) -> Version:
        """Publishes a notebook. ``in_turn`` does something with the collab, in a thread.

        Raises what the collab raises, NotClean for gates that were not passed, Moved if somebody was faster.
        """
        await self._ask_to_save(collab, act)
        made = await in_turn(lambda: collab.publish(act))
        if isinstance(made, Version):
            return made
        mine = (collab.id, made.decided.path)
        if mine in self._underway:
            raise Moved(
                f"{made.decided.path} is being published by somebody just now", "see what comes of it"
            )
        self._underway.add(mine)
        try:
            if found := await self._passed(made.jobs):
                raise refused(found)
        finally:
            self._underway.discard(mine)
        decided = made.decided
        done = await in_turn(lambda: collab.publish(act, decided))
        assert isinstance(done, Version)  # noqa: S101  # all gates are passed
        return done

    async def _passed(self, jobs: tuple[Job, ...]) -> list[Shortcoming]:
        """Passes the gates one after the other; what the first ones find is reason enough not to try the others."""
        for job in jobs:
            found = await anyio.to_thread.run_sync(run_job, job, limiter=self._places, abandon_on_cancel=True)
            if found.shortcomings:
                return list(found.shortcomings)
        return []

    async def _ask_to_save(self, collab: Collab, act: acts.Publish) -> None:
        """Asks editors with unsaved work on the notebook to save it, and waits for that a little."""
        if not await anyio.to_thread.run_sync(self._is_unsaved, collab, act):
            return
        wanted = SaveWanted(collab=collab.id, user=act.actor.user, path=act.notebook, seconds=SAVING)
        await anyio.to_thread.run_sync(collab.tell, wanted)
        until = time.monotonic() + SAVING
        while time.monotonic() < until and await anyio.to_thread.run_sync(self._is_unsaved, collab, act):  # noqa: ASYNC110
            await anyio.sleep(0.1)

    def _is_unsaved(self, collab: Collab, act: acts.Publish) -> bool:
        now = datetime.now(UTC).timestamp()
        told = collab.unsaved(act.notebook).values()
        return any(now - datetime.fromisoformat(at).timestamp() < RECENT for at in told)


def run_job(job: Job) -> Found:
    """Does a job in processes of its own, which are all gone when this returns. Blocks.

    :raises Unavailable: it did not end as it should; nothing is known of the gate.
    """
    command = [sys.executable, "-P", "-m", "gitcollab.runner", str(os.getpid())]
    with tempfile.TemporaryDirectory(prefix="gitcollab-run-", ignore_cleanup_errors=True) as scratch:
        told = msgspec.json.encode(msgspec.structs.replace(job, scratch=scratch))
        # it ends with this very thread, which waits for it
        runner = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        try:
            written = runner.communicate(told, job.seconds + GRACE)[0]
            return msgspec.json.decode(written, type=Found)
        except (subprocess.TimeoutExpired, OSError, msgspec.MsgspecError) as error:
            log.error("a gate did not end as it should", gate=job.gate, error=repr(error))
            raise Unavailable(
                f"the gate {job.gate!r} could not be asked", "try again; see the log"
            ) from error
        finally:
            if runner.poll() is None:
                os.killpg(runner.pid, signal.SIGKILL)
                runner.communicate()
