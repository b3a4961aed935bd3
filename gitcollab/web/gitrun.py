"""One run of the git program for one request: fed, relayed with back-pressure, watched, and ended with its client."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

import structlog
from starlette.types import Send

from gitcollab.errors import Forbidden, GitcollabError, Unavailable
from gitcollab.web.githooks import Line

CHUNK = 64 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limits:
    """Bounds of one run: seconds without a byte in either direction, seconds in all, bytes of a request, of memory.

    ``recheck`` is how many seconds pass between two looks whether the asker still has access; ``pack_size`` bounds a
    push in bytes.
    """

    idle: float = 60.0
    whole: float = 3600.0
    recheck: float = 0.5
    grace: float = 2.0
    request_size: int = 64 * 1024 * 1024
    pack_size: int = 2 * 1024**3
    memory: int = 4 * 1024**3
    cpu: int = 900


class Fed(Protocol):
    """A body as a run reads it."""

    def pieces(self) -> AsyncIterator[bytes]:
        """Yields the plain bytes."""

    async def gone(self) -> None:
        """Returns when the client has gone."""


class Companion(Protocol):
    """What goes on beside a run: it holds pipes of the program's, and answers at them until it is cancelled."""

    @property
    def line(self) -> Line:
        """The pipes."""

    async def hold(self) -> None:
        """Answers."""


class Runs:
    """The runs under way, by collab and person: who loses access loses theirs at once."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, str], set[Run]] = {}

    @contextmanager
    def entered(self, collab: str, user: str, run: Run) -> Iterator[None]:
        """Counts ``run`` as under way for the block."""
        mine = self._under_way.setdefault((collab, user), set())
        mine.add(run)
        try:
            yield
        finally:
            mine.discard(run)
            if not mine:
                self._under_way.pop((collab, user), None)

    def under_way(self) -> frozenset[tuple[str, str]]:
        """Returns the collab and person of each run; nobody's name is empty."""
        return frozenset(self._under_way)

    def users(self, collab: str) -> frozenset[str]:
        """Returns whose runs are under way in a collab."""
        return frozenset(user for one, user in self._under_way if one == collab)

    def end(self, collab: str, user: str) -> int:
        """Ends every run of a person in a collab, and the programs with them; returns how many there were."""
        ended = tuple(self._under_way.get((collab, user), ()))
        for run in ended:
            run.end()
        return len(ended)


class Run:
    """Runs ``argv`` once. ``still_allowed`` raises when the asker's access has ended; ``beside`` goes on with it."""

    def __init__(
        self,
        argv: list[str],
        env: dict[str, str],
        limits: Limits,
        still_allowed: Callable[[], Awaitable[None]],
        beside: Companion | None = None,
    ) -> None:
        self._argv, self._env, self._limits = argv, env, limits
        self._still_allowed, self._beside = still_allowed, beside
        self._moved_at = time.monotonic()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Ends it from outside: its asker may not go on."""
        self._ended.set()

    async def serve(self, body: Fed, send: Send, content_type: str, preamble: bytes = b"") -> None:
        """Feeds the body to the program and sends what it says.

        Raises TooLarge or BadInput for the body, Unavailable when the program fails or the time is up; returns quietly
        when the client goes away. The program is gone in every case.
        """
        async with self._running() as process:
            errors = asyncio.create_task(_tail(process))
            work = [
                asyncio.create_task(self._feed(process, body)),
                asyncio.create_task(self._relay(process, send, content_type, preamble)),
                asyncio.create_task(self._watch()),
                *([asyncio.create_task(self._beside.hold())] if self._beside else []),
            ]
            try:
                done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            except ConnectionResetError:
                return
            except GitcollabError:
                log.warning("git ended early", argv=self._argv[-3:], said=await _soon(errors))
                raise
            finally:
                await _cancelled(*work, errors)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[Process]:
        line = self._beside.line if self._beside else None
        process = await asyncio.create_subprocess_exec(
            *self._argv,
            env=self._env,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
            pass_fds=line.descriptors if line else (),
        )
        if line:
            line.hand_over()
        with suppress(ProcessLookupError):  # it may have ended already
            resource.prlimit(process.pid, resource.RLIMIT_AS, (self._limits.memory, self._limits.memory))
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (self._limits.cpu, self._limits.cpu))
        try:
            yield process
        finally:
            await asyncio.shield(self._end(process))

    async def _feed(self, process: Process, body: Fed) -> None:
        stdin = process.stdin
        assert stdin is not None  # noqa: S101 - opened as a pipe
        is_open = True
        async for piece in body.pieces():
            self._moved_at = time.monotonic()
            if is_open:
                stdin.write(piece)
                is_open = await _drained(stdin)
        stdin.close()
        await body.gone()
        raise ConnectionResetError("the client has gone")

    async def _relay(self, process: Process, send: Send, content_type: str, preamble: bytes) -> None:
        stdout = process.stdout
        assert stdout is not None  # noqa: S101 - opened as a pipe
        chunk = await stdout.read(CHUNK)
        if not chunk and await process.wait() != 0:
            raise Unavailable(
                "the repository cannot be read just now", "try again; the server's log says more"
            )
        headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        chunk = preamble + chunk
        while chunk:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            self._moved_at = time.monotonic()
            chunk = await stdout.read(CHUNK)
        if await process.wait() != 0:
            raise Unavailable("git stopped in the middle of its answer", "try again")
        await send({"type": "http.response.body", "body": b""})

    async def _watch(self) -> None:
        """Raises when nothing has moved for too long, the time is up, or access has ended."""
        start = time.monotonic()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), min(self._limits.recheck, self._limits.idle / 4))
            if self._ended.is_set():
                raise Forbidden("your access has ended", "ask an owner of the collab")
            now = time.monotonic()
            if now - self._moved_at > self._limits.idle or now - start > self._limits.whole:
                raise Unavailable("the connection was idle or open for too long", "try again")
            await self._still_allowed()

    async def _end(self, process: Process) -> None:
        """Ends the program and all that it has started; they share a group of their own.

        One that receives a push is let go first: it then clears its quarantine away, which those that are all struck
        at once do not. Its pipes are read out as well: until they are, asyncio does not call a program ended
        (cpython#119710).
        """
        if process.stdin:
            process.stdin.close()
        pipes = filter(None, (process.stdout, process.stderr))
        rest = [asyncio.create_task(pipe.read()) for pipe in pipes]
        if self._beside:
            self._beside.line.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self._limits.grace)
        for number, wait in ((signal.SIGTERM, self._limits.grace), (signal.SIGKILL, None)):
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), wait)
                break
        await asyncio.gather(*rest)


async def _drained(stdin: asyncio.StreamWriter) -> bool:
    try:
        await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return False  # the program has heard enough; the rest of the body is read and dropped
    return True


async def _tail(process: Process) -> str:
    """Reads all that the program complains of, and keeps the end of it."""
    kept = b""
    assert process.stderr is not None  # noqa: S101 - opened as a pipe
    while data := await process.stderr.read(CHUNK):
        kept = (kept + data)[-2000:]
    return kept.decode("utf-8", "replace").strip()


async def _soon(task: asyncio.Task[str]) -> str:
    try:
        return await asyncio.wait_for(asyncio.shield(task), 0.5)
    except TimeoutError:
        return ""


async def _cancelled(*tasks: asyncio.Task[None] | asyncio.Task[str]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
