"""Turns: how the threads of one process wait for SQLite's write lock.

SQLite lets who waits sleep and try again, longer each time, so some wait a hundred times as long as others
(sqlite3_busy_timeout). Within a process a lock hands the turn on at once.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import defaultdict
from typing import Any

from gitcollab.errors import Unavailable

_LINES: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class WriterConnection(sqlite3.Connection):
    """A connection to SQLite that stands in line with the others of its process before it writes."""

    def __init__(self, database: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(database, *args, **kwargs)
        self._line = _LINES[os.path.realpath(database)]
        self._has_turn = False

    def take_turn(self, seconds: float) -> None:
        """Waits until no other thread writes; the turn ends with the transaction. Unavailable after ``seconds``."""
        if not self._has_turn and not self._line.acquire(timeout=seconds):
            raise Unavailable("the database is busy", "try again in a moment")
        self._has_turn = True

    def commit(self) -> None:
        """Commits, and ends the turn."""
        try:
            super().commit()
        finally:
            self._end_turn()

    def rollback(self) -> None:
        """Rolls back, and ends the turn."""
        try:
            super().rollback()
        finally:
            self._end_turn()

    def close(self) -> None:
        """Closes, and ends the turn."""
        super().close()
        self._end_turn(is_closed=True)

    def _end_turn(self, *, is_closed: bool = False) -> None:
        # A commit that SQLite refuses for now leaves the transaction open: its turn goes on
        if self._has_turn and (is_closed or not self.in_transaction):
            self._has_turn = False
            self._line.release()
