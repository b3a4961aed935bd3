"""Dumps: a whole store as lines of JSON, the same from every database, and back."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, LargeBinary, MetaData, Table, func, insert, select, text

from gitcollab.errors import BadInput
from gitcollab.store.upgrade import migrate_to, revision_of

BATCH = 500
"""Rows that are written at once."""

VERSIONS = "alembic_version"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a dump: which tables these are."""

    revision: str


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One row of a table; bytes are in base 64."""

    table: str
    values: dict[str, Any]


def dump(engine: Engine) -> Iterator[bytes]:
    """Yields the lines of a dump of one moment: first the tables' revision, then the rows, referenced ones first."""
    with engine.connect() as conn:
        if engine.dialect.name == "postgresql":
            conn.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            conn.execute(text("SET LOCAL statement_timeout = 0"))
            conn.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield _line(Head(revision=revision_of(conn)))
        tables = MetaData()
        tables.reflect(conn)
        for table in tables.sorted_tables:
            if table.name != VERSIONS:
                for row in conn.execute(table.select()).mappings():
                    yield _line(
                        Row(str(table.name), {str(name): _plain(value) for name, value in row.items()})
                    )


def load(url: str, lines: Iterable[bytes]) -> dict[str, int]:
    """Fills a database that has no tables yet; returns how many rows each table got. All of it or none.

    :raises BadInput: these lines are no dump, or the database is not empty.
    """
    rest = iter(lines)
    try:
        head = msgspec.json.decode(next(rest, b""), type=Head)
    except msgspec.DecodeError as error:
        raise BadInput("this is no dump of a store", "take the file as `backup` wrote it") from error
    with migrate_to(url, head.revision) as conn:
        tables = MetaData()
        tables.reflect(conn)
        counts: dict[str, int] = {}
        rows = (msgspec.json.decode(line, type=Row) for line in rest)
        for name, group in itertools.groupby(rows, lambda row: row.table):
            table = tables.tables[name]
            while batch := list(itertools.islice(group, BATCH)):
                conn.execute(insert(table), [_typed(table, row.values) for row in batch])
                counts[name] = counts.get(name, 0) + len(batch)
        _count_on(conn, tables)
    return counts


def _line(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _typed(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    return {
        name: base64.b64decode(value) if name in binary and value is not None else value
        for name, value in values.items()
    }


def _count_on(conn: Connection, tables: MetaData) -> None:
    """Lets PostgreSQL's counters go on behind the rows that now stand there."""
    if conn.dialect.name != "postgresql":
        return
    for table in tables.sorted_tables:
        for column in table.primary_key.columns:
            counter = conn.execute(select(func.pg_get_serial_sequence(table.name, column.name))).scalar()
            if counter:
                newest = select(func.coalesce(func.max(column), 1)).scalar_subquery()
                conn.execute(select(func.setval(counter, newest)))
