"""Engines: how a database is opened so that a commit survives a power cut and waits for its turn."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import TimeoutError as NoPlace
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection, QueuePool

from gitcollab.errors import BadInput, GitcollabError, NoSpace, Unavailable, Unusable
from gitcollab.store.together import Together
from gitcollab.store.turns import WriterConnection

WAIT = 15.0  # seconds that a transaction waits for another one's locks
THREADS = 32  # that may use one engine at the same time
CONNECTIONS = 16  # to PostgreSQL at most, of one process: by itself it takes 100 of all its clients
ANSWER = 30.0  # seconds that PostgreSQL may work on one statement

POOL: dict[str, Any] = {
    "pool_pre_ping": True,
    "pool_size": CONNECTIONS,
    "max_overflow": 0,
    "pool_timeout": WAIT,
    "connect_args": {
        "application_name": "gitcollab",
        "connect_timeout": 5,
        # a server that is gone without a word is noticed within seconds (tcp(7); libpq leaves them out for sockets)
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": round(WAIT * 1000),
    },
}
"""How connections to PostgreSQL are made and kept."""

SESSION = f"""SELECT set_config('statement_timeout', '{ANSWER:.0f}s', false),
    set_config('lock_timeout', '{WAIT:.0f}s', false),
    set_config('idle_in_transaction_session_timeout', '60s', false),
    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
        WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"""
"""What each connection to PostgreSQL says first: nothing waits for ever, and what was committed is durable."""

AnyEngine = TypeVar("AnyEngine", Engine, AsyncEngine)


class Patient(QueuePool):
    """Connections for threads; who has waited for one in vain is told what everybody is told of a busy database."""

    def connect(self) -> PoolProxiedConnection:
        """Returns a connection; Unavailable if none becomes free in time."""
        try:
            return super().connect()
        except NoPlace as error:
            raise busy() from error


class AsyncPatient(AsyncAdaptedQueuePool):
    """The same for an event loop."""

    def connect(self) -> PoolProxiedConnection:
        """Returns a connection; Unavailable if none becomes free in time."""
        try:
            return super().connect()
        except NoPlace as error:
            raise busy() from error


def busy() -> Unavailable:
    """The error for a database that has no room for one more just now."""
    return Unavailable("the database is busy", "try again in a moment")


def file_url(path: Path) -> str:
    """Returns the URL of the SQLite database in a file."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def engine(url: str) -> Engine:
    """Opens a database for threads. Transactions may write: on SQLite they take the write lock at their start.

    That is what ``engine.begin()`` is for; see ``reading`` for the others. A SQLite file is made with mode 0600,
    in WAL with ``synchronous=FULL``. BadInput if the URL is for no database that is supported.
    """
    parsed = _checked(url)
    if parsed.get_backend_name() == "sqlite":
        _own(parsed)
        given = {"timeout": WAIT, "factory": WriterConnection}
        opened = create_engine(
            parsed.set(drivername="sqlite"),
            connect_args=given,
            poolclass=Patient,
            pool_size=THREADS,
            pool_timeout=WAIT,
        )
    else:
        opened = create_engine(parsed.set(drivername="postgresql+psycopg"), poolclass=Patient, **POOL)
    return _prepared(opened)


def async_engine(url: str) -> AsyncEngine:
    """Opens a database for an event loop, as ``engine`` does; the room's functions run in ``conn.run_sync``.

    It must have been migrated before: making the file would block the loop.
    """
    parsed = _checked(url)
    if parsed.get_backend_name() == "sqlite":
        # as a file: URI, since SQLAlchemy looks up the working directory (which blocks) for any other path
        uri = parsed.set(
            drivername="sqlite+aiosqlite",
            database="file:" + quote(parsed.database or ""),
            query={"uri": "true"},
        )
        opened = create_async_engine(
            uri, connect_args={"timeout": WAIT}, poolclass=AsyncPatient, pool_timeout=WAIT
        )
    else:
        driver = parsed.set(drivername="postgresql+psycopg")
        opened = create_async_engine(driver, poolclass=AsyncPatient, **POOL)
    _prepared(opened.sync_engine)
    return opened


def reading(opened: AnyEngine) -> AnyEngine:
    """Returns the same engine for transactions that only read: they neither wait for a writer nor hold one up."""
    return opened.execution_options(is_reading=True, postgresql_readonly=True)


def beside(opened: AsyncEngine) -> Engine | None:
    """Returns an engine for threads to read the same SQLite database; None where the driver itself is asynchronous.

    A transaction that only reads is one turn of a thread that way; ``aiosqlite`` takes a turn for each of its steps,
    ten or more, which costs three to five times as much.
    """
    if opened.dialect.name != "sqlite":
        return None
    url = opened.url.set(drivername="sqlite")
    return reading(_prepared(create_engine(url, connect_args={"timeout": WAIT}, pool_size=THREADS)))


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() in {"sqlite", "postgresql"}:
            return parsed
    except Exception as error:  # make_url raises many kinds, and their texts may hold the password
        raise BadInput("the database URL cannot be read", "write sqlite:///PATH or postgresql://…") from error
    raise BadInput("no such kind of database", "write sqlite:///PATH or postgresql://…")


def _own(url: URL) -> None:
    """Makes the file, or an older one, readable by its owner only; SQLite gives its -wal and -shm the same mode."""
    if not url.database or url.database == ":memory:":
        raise BadInput("the SQLite database needs a file", "write sqlite:////absolute/path")
    try:
        os.close(os.open(url.database, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        os.chmod(url.database, 0o600)
    except OSError as error:
        why = f"the database {url.database} cannot be opened: {error.strerror}"
        raise Unavailable(why, "look at the directory, its owner and its mode") from error


def _prepared(opened: Engine) -> Engine:
    event.listen(opened, "handle_error", _told)
    opened.update_execution_options(together=Together(opened))
    if opened.dialect.name == "sqlite":
        event.listen(opened, "connect", _set_up)
        event.listen(opened, "begin", _begin)
    else:
        event.listen(opened, "connect", _agree)
    return opened


def _set_up(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: _begin does
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={WAIT * 1000:.0f}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _agree(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(SESSION)
    cursor.close()
    connection.commit()


def _begin(conn: Connection) -> None:
    # A transaction that has read and then wants to write is refused at once if another wrote in between,
    # whatever busy_timeout says (sqlite.org/isolation.html); one that locks at its start waits instead.
    is_reading = conn.get_execution_options().get("is_reading", False)
    driver = conn.connection.dbapi_connection
    if isinstance(driver, WriterConnection) and not is_reading:
        driver.take_turn(WAIT)
    conn.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")


def _told(context: ExceptionContext) -> None:
    """Tells people what a database's error means for them; errors that are ours pass as they are."""
    error = context.original_exception
    if isinstance(error, GitcollabError):
        raise error
    text = str(error).lower()
    if "disk is full" in text or getattr(error, "sqlstate", "") == "53100":
        raise NoSpace("the database's disk is full", "free some space; nothing was saved") from error
    if "disk i/o error" in text or "readonly database" in text:
        data = (
            {"errno": errno.EIO} if "i/o" in text else {}
        )  # after which no flush of this process is to be trusted
        why = "the disk refuses the database"
        raise Unavailable(why, "look at the server's disk; nothing was saved", **data) from error
    if "malformed" in text or "not a database" in text:
        raise Unusable("the database is damaged", "`gitcollab doctor` says what can be done") from error
    if context.is_disconnect or _is_busy(error, text):
        raise Unavailable("the database does not answer", "try again in a moment") from error


def _is_busy(error: BaseException, text: str) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return "locked" in text or "unable to open" in text
    state = getattr(error, "sqlstate", None)
    if state is None:
        # psycopg's, whose import is optional; without a state: no connection
        return type(error).__name__ == "OperationalError"
    # 55P03: a lock was not to be had; 25006: it takes no writes, since it is another's copy by now
    return state[:2] in {"08", "40", "53", "57"} or state in {"55P03", "25006"}
