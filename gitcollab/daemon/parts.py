"""A part: one process of the daemon, kept going for as long as it is wanted."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import anyio
import msgspec
import structlog

from gitcollab import measures
from gitcollab.errors import GitcollabError, Unavailable
from gitcollab.model import Value
from gitcollab.workers.limits import die_with, scrubbed

START = 120.0
"""Seconds that a part may take until it answers: the writer may have a large root to look through."""

SOON = 10.0
"""Seconds: a part that ends sooner, time after time, is started again more and more slowly."""

TRIES = 6
"""Starts without one answer after which the daemon gives up, if the part has never worked: what has worked is kept
trying, for a disk that fails or is full today may be well tomorrow, and reading goes on meanwhile."""

PAUSE = 5.0
"""Seconds between two starts at most."""

WATCH = 5.0
"""Seconds between two looks at a part."""

SILENCE = 60.0
"""Seconds without an answer after which a part is taken to hang and is killed."""

log = structlog.get_logger("gitcollab.daemon")


class Plan(Value):
    """How a part is started: its module, arguments, what it is told on standard input, and descriptors it inherits.

    ``grace`` is how many seconds it gets to stop; its starts are counted in ``run``.
    """

    module: str
    arguments: tuple[str, ...] = ()
    told: dict[str, Any] | None = None
    fds: tuple[int, ...] = ()
    grace: float = 10.0
    environment: Mapping[str, str] = msgspec.field(default_factory=dict)  # besides what every part gets
    run: Path | None = None  # ROOT/run


class Part:
    """One process: started, told, watched, replaced and stopped. ``answers`` raises unless the part works."""

    def __init__(
        self,
        plan: Plan,
        root: Path,
        answers: Callable[[], Awaitable[None]],
        log_file: IO[bytes] | None = None,
    ) -> None:
        self.plan = plan
        self.root = root
        self.answers = answers
        self.log_file = log_file
        self.child: subprocess.Popen[bytes] | None = None
        self.ready = anyio.Event()
        self.is_wanted = True
        self.starts = 0
        self.has_ever_worked = False

    @property
    def name(self) -> str:
        """What it is called: ``writer``, ``web`` or ``workers``."""
        return self.plan.module.rpartition(".")[2]

    def start(self) -> None:
        """Starts the process, which loads its libraries and waits to be told."""
        parent = os.getpid()
        out = self.log_file or 2
        command = [sys.executable, "-P", "-m", self.plan.module, *self.plan.arguments]
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            cwd=self.root,
            env={**scrubbed(os.environ), **self.plan.environment},
            pass_fds=self.plan.fds,
            process_group=0,  # Ctrl-C in a terminal is for the daemon, which stops its parts in order
            preexec_fn=lambda: die_with(parent),  # safe: the daemon has one thread
        )
        self.starts += 1
        run = self.plan.run or self.root / "run"
        measures.note(run, "daemon", measures.noted(run, "daemon") | {f"{self.name}_starts": self.starts})

    def tell(self) -> None:
        """Tells the process what it needs; it begins."""
        told = self.child.stdin if self.child else None
        assert told is not None  # noqa: S101  # start made it
        with suppress(BrokenPipeError), told:  # it has ended, which keep sees
            told.write(msgspec.json.encode(self.plan.told or {}))

    async def keep(self) -> None:
        """Runs until the part is no longer wanted, replacing the process whenever it ends.

        Unavailable if it has never worked and ends before it does, time after time.
        """
        stillborn = hasty = 0
        while True:
            began = time.monotonic()
            if self.child is None:
                self.start()
                self.tell()
            has_worked = await self._live()
            self.has_ever_worked |= has_worked
            if not self.is_wanted:
                return
            stillborn = 0 if has_worked else stillborn + 1
            hasty = hasty + 1 if time.monotonic() - began < SOON else 0
            if stillborn >= TRIES and not self.has_ever_worked:
                raise Unavailable(
                    f"The {self.name} ends as soon as it begins", f"its log is {self._log_name()}"
                )
            await anyio.sleep(min(PAUSE, 0.1 * 2 ** (hasty - 3)) if hasty > 3 else 0)

    async def stop(self) -> None:
        """Asks the process to end, waits for it, and ends it if it takes longer than its grace."""
        self.is_wanted = False
        child = self.child
        if child is None:
            return
        if child.returncode is None:
            os.kill(
                child.pid, signal.SIGTERM
            )  # not child.terminate(), which would wait for it and forget its group
        with anyio.move_on_after(self.plan.grace):
            await ended(child)
            return
        log.warning("killed, for it took too long to stop", name=self.name, grace=self.plan.grace)
        self.end()

    def end(self) -> None:
        """Kills the process and all it started."""
        if self.child:
            _end_group(self.child)
            self.child.wait()

    async def _live(self) -> bool:
        """Returns when the process has ended, by itself or because it hung: whether it ever answered."""
        child = self.child
        assert child is not None  # noqa: S101  # keep started it
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch)
            await ended(child)
            group.cancel_scope.cancel()
        self.child = None
        has_worked = self.ready.is_set()
        if self.is_wanted:
            self.ready = anyio.Event() if has_worked else self.ready
            log.error("a part ended", name=self.name, status=child.returncode, starts=self.starts)
        return has_worked

    async def _watch(self) -> None:
        patience, silent = START, 0.0
        while silent < patience:
            pause = WATCH if self.ready.is_set() else 0.02
            looked = time.monotonic()
            try:
                await self.answers()
            except (GitcollabError, OSError):
                await anyio.sleep(pause)
                silent += time.monotonic() - looked
                continue
            patience, silent = SILENCE, 0.0
            self.ready.set()
            await anyio.sleep(WATCH)
        log.error("killed, for it does not answer", name=self.name, silent=round(silent))
        self.end()

    def _log_name(self) -> str:
        return str(self.log_file.name) if self.log_file else "on standard error"


async def ended(child: subprocess.Popen[bytes]) -> None:
    """Returns when the process has ended, and with it all it started; its status is then in ``returncode``."""
    if child.returncode is not None:
        return
    over = asyncio.Event()
    watch = os.pidfd_open(child.pid)
    loop = asyncio.get_running_loop()
    loop.add_reader(watch, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(watch)
        os.close(watch)
    _end_group(child)
    child.wait()


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """Kills the process and what it started. Only before it is waited for: later its number may be another's."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


async def stop_all(parts: Sequence[Part]) -> None:
    """Stops the parts in reverse order."""
    for part in reversed(parts):
        await part.stop()
