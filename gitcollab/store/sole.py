"""Sole: one service writes a PostgreSQL database; a second one is refused, for it would not see the first one's files.

For SQLite the root's lock says the same.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, text

from gitcollab.errors import GitcollabError, Unusable
from gitcollab.store.engines import engine
from gitcollab.store.upgrade import LOCK

TAKE = text("SELECT pg_try_advisory_lock(:lock, :lock)")
SHARE = text("SELECT pg_try_advisory_lock_shared(:lock, :lock)")
LEAVE = text("SELECT pg_advisory_unlock(:lock, :lock)")
SHARE_LEAVE = text("SELECT pg_advisory_unlock_shared(:lock, :lock)")
KEPT = text(
    """SELECT set_config('idle_in_transaction_session_timeout', '0', false),
    set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),
    set_config('tcp_keepalives_count', '3', false)"""
)
"""So that the lock of a machine that is gone ends within seconds."""


class Sole:
    """The right to be a database's only writer, held by a connection of its own. For one thread at a time.

    Nodes that take turns share it (``among_nodes``), so that a service which knows of no turns is kept out.
    """

    def __init__(self, url: str, *, among_nodes: bool = False) -> None:
        self._engine: Engine = engine(url)
        self._take, self._leave = (SHARE, SHARE_LEAVE) if among_nodes else (TAKE, LEAVE)
        self._is_shared = self._engine.dialect.name == "postgresql"
        self._held: Connection | None = None

    def take(self) -> None:
        """Takes the right, or sees that it is still ours; after a lost connection takes it anew.

        Unusable if another service has it by now, Unavailable if the database does not answer.
        """
        if not self._is_shared:
            return
        if self._held is not None:
            try:
                self._held.execute(text("SELECT 1"))
                return
            except GitcollabError:
                self._drop()
                raise
        self._begin()

    def release(self) -> None:
        """Gives the right up, at once: the database notices a closed connection a moment later."""
        if self._held is not None:
            with suppress(GitcollabError):
                self._held.execute(self._leave, {"lock": LOCK})
        self._drop()
        self._engine.dispose()

    def _begin(self) -> None:
        conn = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        given: dict[str, Any] = {"lock": LOCK}
        if conn.execute(self._take, given).scalar():
            conn.execute(KEPT)
            self._held = conn
            return
        conn.invalidate()
        conn.close()
        raise Unusable(
            "another gitcollab serves this database",
            "stop that one first, or give this one a database of its own; several need names: `--node`",
        )

    def _drop(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.invalidate()  # a lock outlives the transaction: only a closed connection gives it up
            held.close()
