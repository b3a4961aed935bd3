"""The spare: of several nodes on one database and one root one writes; the others stand by, and pass on who comes.

A node has its turn by a tenure in the database (``store.tenure``), which it puts off as long as it lives. Its number,
the fence, is in every transaction of the journal and in the name of the repositories' directory (``fence``).
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable

import anyio
import anyio.to_thread
import structlog

from gitcollab import store
from gitcollab.daemon.fence import fence_in, point
from gitcollab.daemon.relay import Relay
from gitcollab.errors import BadInput, GitcollabError, Unusable
from gitcollab.settings import Settings
from gitcollab.store import Sole, tenure
from gitcollab.store.tenure import Tenure

TERM = 10.0
"""Seconds after which the turn of a node that says nothing is over."""

RENEW = 2.5
"""Seconds between two words of a node that writes."""

LOOK = 1.0
"""Seconds between two looks of a node that stands by."""

log = structlog.get_logger("gitcollab.nodes")


class Turn:
    """One node's turn to write: its fence, and the name of the repositories' directory meanwhile."""

    def __init__(self, settings: Settings, sole: Sole, fence: int) -> None:
        self._root, self._sole, self.fence = settings.root, sole, fence
        self._engine = store.engine(settings.database)
        self.among = fence_in(settings.root, fence)
        self.is_lost = False

    async def keep(self) -> None:
        """Puts the end off again and again; returns when another node has taken over."""
        while not self.is_lost:
            await anyio.sleep(RENEW)
            try:
                self.is_lost = not await anyio.to_thread.run_sync(self._renewed)
            except (
                GitcollabError
            ) as error:  # nobody can take over either; where another has, nothing is written
                log.warning("the database is away", error=error.message)
        log.error("another node has taken over", fence=self.fence)

    def end(self) -> None:
        """Gives the turn back, if it is still this node's: another may take over at once."""
        try:
            with self._engine.begin() as conn:
                tenure.give_back(conn, self.fence)
        except GitcollabError as error:  # then it runs out
            log.warning("not given back", error=error.message)
        self._engine.dispose()

    def _renewed(self) -> bool:
        with self._engine.begin() as conn:
            if not tenure.renew(conn, self.fence, TERM):
                return False
        try:
            point(self._root, self.among)
            self._sole.take()
        except OSError as error:
            log.warning("the root cannot be written", error=str(error))
        except Unusable:  # a service that knows of no turns: the database was away, and that one was faster
            return False
        return True


class Spare:
    """A node that waits for its turn; ``url`` is where it listens."""

    def __init__(self, settings: Settings, listener: socket.socket, url: str) -> None:
        """Unusable if a service that knows of no other nodes has the database."""
        if not settings.database.startswith("postgresql"):
            raise BadInput("several nodes need a PostgreSQL", "name it: --database postgresql://…")
        self._settings, self._address = settings, settings.address or url
        self._relay = Relay(listener)
        self.sole = Sole(settings.database, among_nodes=True)
        self.sole.take()
        store.migrate(settings.database, settings.private)
        self._engine = store.engine(settings.database)
        self._leader = Tenure(node="", address="", fence=0)

    def serve(self, begin: Callable[[Turn], None], stand_by: Callable[[], None]) -> None:
        """Waits for its turn, does what is to be ``begun``, and waits again if that ended by another's taking over.

        Returns when it is asked to stop. ``stand_by`` is told each time that it begins to wait.
        """
        while (turn := self._awaited(stand_by)) is not None:
            try:
                begin(turn)
            finally:
                turn.end()
            if not turn.is_lost:
                return

    def close(self) -> None:
        """Lets go of the database."""
        self.sole.release()
        self._engine.dispose()

    def _awaited(self, stand_by: Callable[[], None]) -> Turn | None:
        taken = self._looked()
        if taken is None:
            stand_by()
            try:
                taken = asyncio.run(self._wait())
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from None
        try:
            return None if taken is None else Turn(self._settings, self.sole, taken.fence)
        except Unusable:
            if self._looked() is not None:
                raise
            return self._awaited(stand_by)  # it slept for so long that another has its turn by now

    async def _wait(self) -> Tenure | None:
        taken: list[Tenure] = []
        self._relay.lead_to(self._leader.address)

        async def look(scope: anyio.CancelScope) -> None:
            while not taken:
                await anyio.sleep(LOOK)
                try:
                    taken.extend(filter(None, [await anyio.to_thread.run_sync(self._looked)]))
                    self._relay.lead_to(self._leader.address)
                except Unusable:
                    raise
                except GitcollabError as error:
                    log.warning("the database is away", error=error.message)
            scope.cancel()

        async def heed(scope: anyio.CancelScope) -> None:
            with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
                async for number in signals:
                    log.info("asked to stop", signal=number.name)
                    break
            scope.cancel()

        async with anyio.create_task_group() as group:
            for work in (look, heed):
                group.start_soon(work, group.cancel_scope)
            group.start_soon(self._relay.run)
        return taken[0] if taken else None

    def _looked(self) -> Tenure | None:
        """Takes the turn if nobody has it; None, and ``_leader`` is whose it is, if somebody has."""
        self.sole.take()
        with self._engine.begin() as conn:
            found = tenure.take(conn, self._settings.node, self._address, TERM)
        if found.node == self._settings.node:
            log.info("it is this node's turn", fence=found.fence)
            return found
        if found != self._leader:
            log.info("standing by", node=found.node, address=found.address, fence=found.fence)
        self._leader = found
        return None
