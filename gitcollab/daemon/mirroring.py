"""Mirroring: the daemon brings mirrors up to date, after each publish, when it is asked, and again where that failed.

It looks at the refs themselves, so that nothing has to be remembered over a crash: what the remote has not taken yet
is what is to be pushed. Neither the writer nor anybody's act waits for a remote.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread
import msgspec
import structlog

from gitcollab import mirrors, store
from gitcollab.daemon.published import MAIN, published, refs_of, touched
from gitcollab.errors import GitcollabError
from gitcollab.mirrors import Mirrors, Pushing, Standing, Wish
from gitcollab.mirrors.pushing import delay, missing
from gitcollab.settings import Settings
from gitcollab.store import approvals, collabs

PERIOD = 2.0
"""Seconds between two looks at what is published."""

DEADLINE = 900.0
"""Seconds of one push."""

LOUD = 1 << 16
"""Bytes that git, and the remote through it, may say; the last ones count."""

log = structlog.get_logger("gitcollab.mirrors")


async def mirror_again_and_again(settings: Settings, database: str) -> None:
    """Keeps every mirror up to date, for ever; each in its own time."""
    rounds, busy = Rounds(settings, database), set[str]()

    async def bring(collab: str) -> None:
        try:
            await rounds.bring(collab)
        except (OSError, GitcollabError) as error:
            log.error("mirror", collab=collab, error=repr(error))
        finally:
            busy.discard(collab)

    async with anyio.create_task_group() as tasks:
        while True:
            due = await anyio.to_thread.run_sync(rounds.due)
            for collab in set(due) - busy:
                busy.add(collab)
                tasks.start_soon(bring, collab)
            await anyio.sleep(PERIOD)


class Rounds:
    """What is to be pushed, and pushing it."""

    def __init__(self, settings: Settings, database: str) -> None:
        self._engine = store.reading(store.engine(database))
        self._root, self._listed = settings.root, settings.hosts_of("mirror")
        self._mirrors = Mirrors(settings.root)
        self._seen: dict[str, tuple[object, dict[str, str]]] = {}

    def due(self) -> list[str]:
        """Returns the collabs whose mirror has something to be done now."""
        return [id for id in self._mirrors.ids() if self._repository(id).is_dir() and self._is_due(id)]

    def _is_due(self, collab: str) -> bool:
        wish, standing = self._mirrors.wish(collab), self._mirrors.standing(collab)
        if wish is None:
            return False
        if wish.asked != standing.asked:
            return True
        wanted = self._published(collab)
        if not missing(wanted, standing.refs):
            return False
        return wanted != _published_of(standing.tried) or time.time() >= standing.next_at

    async def bring(self, collab: str) -> None:
        """Pushes what the remote has not taken, and notes how it stands."""
        wish, standing = await anyio.to_thread.run_sync(self._read, collab)
        if wish is None:
            return
        wanted = await anyio.to_thread.run_sync(self._wanted, collab, wish)
        is_asked = wish.asked != standing.asked
        refs = missing(wanted, {} if is_asked else standing.refs)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        tried = {"tried": wanted, "asked": wish.asked, "at": now, "url": wish.url}
        begun = msgspec.structs.replace(standing, **tried)
        try:
            done = await self._pushed(collab, wish, refs, begun) if refs else _unmoved(begun)
        except GitcollabError as error:
            tries = standing.tries + 1
            failed = {
                "condition": "failed",
                "told": error.message,
                "tries": tries,
                "next_at": time.time() + delay(tries),
            }
            done = msgspec.structs.replace(begun, **failed)
        log.info("mirror", collab=collab, condition=done.condition, told=done.told)
        await anyio.to_thread.run_sync(self._mirrors.note, collab, done)

    def _read(self, collab: str) -> tuple[Wish | None, Standing]:
        return self._mirrors.wish(collab), self._mirrors.standing(collab)

    async def _pushed(self, collab: str, wish: Wish, refs: dict[str, str], before: Standing) -> Standing:
        remote = mirrors.checked(wish.url, self._listed)
        address = await anyio.to_thread.run_sync(mirrors.resolved, remote)
        pushing = Pushing(
            repository=self._repository(collab),
            remote=remote,
            address=address,
            wish=wish,
            room=self._mirrors.room(collab),
            refs=refs,
        )
        code, out, said = await _run(pushing.argv, pushing.environment)
        return mirrors.judged(pushing, before, time.time(), code, out, said)

    def _repository(self, collab: str) -> Path:
        return self._root / "collabs" / f"{collab}.git"

    def _wanted(self, collab: str, wish: Wish) -> dict[str, str]:
        """What the remote shall hold."""
        found = self._published(collab)
        return found | refs_of(self._repository(collab), MAIN) if wish.has_main else found

    def _published(self, collab: str) -> dict[str, str]:
        """What is published now and may be seen; git is asked only where something was touched."""
        repository = self._repository(collab)
        let_out = self._let_out(collab)
        seen = (touched(repository), let_out)
        if self._seen.get(collab, (None, {}))[0] != seen:
            self._seen[collab] = seen, published(repository, let_out)
        return self._seen[collab][1]

    def _let_out(self, collab: str) -> frozenset[str] | None:
        """The versions that may be seen elsewhere; None: all."""
        with self._engine.connect() as conn:
            if not collabs.collab(conn, collab).needs_approval:
                return None
            return frozenset(one.tag for one in approvals.approvals(conn, collab))


def _unmoved(standing: Standing) -> Standing:
    """How a mirror stands to which nothing has to go."""
    if standing.refs:
        return msgspec.structs.replace(standing, condition="done", told="", tries=0, next_at=0.0)
    return msgspec.structs.replace(
        standing, condition="waiting", told="nothing is published that may go there"
    )


def _published_of(refs: Mapping[str, str]) -> dict[str, str]:
    return {name: oid for name, oid in refs.items() if name != MAIN}


async def _run(argv: list[str], environment: dict[str, str]) -> tuple[int, str, str]:
    """Runs git to its end, or to the deadline's; nothing of it is left then."""
    out, said = bytearray(), bytearray()

    async def read(stream: anyio.abc.ByteReceiveStream, into: bytearray) -> None:
        async for piece in stream:
            into += piece
            del into[:-LOUD]

    with anyio.move_on_after(DEADLINE):
        async with await anyio.open_process(argv, stdin=subprocess.DEVNULL, env=environment) as running:
            if running.stdout is None or running.stderr is None:
                raise AssertionError("both are pipes")
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read, running.stdout, out)
                tasks.start_soon(read, running.stderr, said)
            code = await running.wait()
            return code, out.decode("utf-8", "replace"), said.decode("utf-8", "replace")
    return 1, "", f"no end after {DEADLINE:.0f} s"
