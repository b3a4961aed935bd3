"""Rows: the one thing that the two databases write differently."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def add(conn: Connection, table: Table, row: Mapping[str, object]) -> bool:
    """Inserts a row unless its key is there already; tells whether it did.

    A caught IntegrityError would need a savepoint, and SQLite drops all of them when its disk is full.
    """
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    added = insert(table).values(row).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return conn.execute(added).rowcount == 1
