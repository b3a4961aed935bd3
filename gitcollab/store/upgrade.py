"""Upgrades: the migrations that ship in the package, run at start."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, text

from gitcollab.errors import BadInput, Unusable
from gitcollab.store.engines import engine, reading
from gitcollab.store.schema import METADATA

if TYPE_CHECKING:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

SCRIPTS = Path(__file__).parent / "migrations"
LOCK = 0x67697463  # "gitc", the number of the advisory lock on PostgreSQL


def migrate(url: str, kept: Path | None = None) -> None:
    """Brings a database to this program's tables; does nothing where they are. All of it or none.

    Two programs that start at once take turns. A SQLite file with older tables is first copied to
    ``FILE.before-REVISION``, those of another database are dumped (see ``dump``) to ``postgresql.before-REVISION`` in
    the directory ``kept``. Unusable if a newer program has changed the database.
    """
    opened = engine(url)
    try:
        with reading(opened).connect() as conn:
            is_older = bool(_revisions(conn)) and not is_current(conn)
        if is_older and opened.dialect.name == "sqlite":
            _copy(Path(str(opened.url.database)))
        elif is_older and kept is not None:
            _dump(opened, kept / f"postgresql.before-{_scripts().get_current_head()}")
        with opened.begin() as conn:
            upgrade(conn)
    finally:
        opened.dispose()


def upgrade(conn: Connection, to: str = "head") -> None:
    """Does what ``migrate`` does, in the caller's transaction and without a copy; ``to`` is the last step."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET LOCAL lock_timeout = 0"))
        conn.execute(text("SET LOCAL statement_timeout = 0"))
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    if not is_current(conn):
        _run(conn, _scripts(), to)


@contextmanager
def migrate_to(url: str, revision: str) -> Iterator[Connection]:
    """Makes the tables of a revision in an empty database, lets the caller fill them, then upgrades them.

    :raises BadInput: the database has tables. Unusable: this program is older than that revision.
    """
    opened = engine(url)
    try:
        with opened.begin() as conn:
            if _revisions(conn):
                raise BadInput("there is a database already", "restore into an empty one")
            if revision not in {script.revision for script in _scripts().walk_revisions()}:
                raise Unusable(
                    "this was written by a newer gitcollab than this one", "install that version first"
                )
            _run(conn, _scripts(), revision)
            yield conn
            upgrade(conn)
    finally:
        opened.dispose()


def revision_of(conn: Connection) -> str:
    """Returns which revision a database's tables are of."""
    return ", ".join(_revisions(conn))


def is_current(conn: Connection) -> bool:
    """Tells whether the tables are this program's. Unusable if they are a newer one's."""
    scripts, present = _scripts(), _revisions(conn)
    known = {script.revision for script in scripts.walk_revisions()}
    if not known.issuperset(present):
        raise Unusable(
            "the database was written by a newer gitcollab than this one",
            "install that version again, or restore the copy made before the upgrade",
            revision=", ".join(present),
        )
    return set(present) == set(scripts.get_heads())


def _revisions(conn: Connection) -> tuple[str, ...]:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(conn).get_current_heads()


def _copy(file: Path) -> None:
    """Copies a database as it stands, once: a second try does not overwrite the copy of the first."""
    target = file.with_name(f"{file.name}.before-{_scripts().get_current_head()}")
    if target.exists():
        return
    number, partial = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    os.close(number)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(partial)) as copy:
        source.backup(copy)
    os.rename(partial, target)


def _dump(opened: Engine, target: Path) -> None:
    from gitcollab.store.dump import dump

    if target.exists():
        return
    number, partial = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    with os.fdopen(number, "wb") as file:
        file.writelines(dump(opened))
        file.flush()
        os.fsync(file.fileno())
    os.rename(partial, target)


def _run(conn: Connection, scripts: ScriptDirectory, to: str) -> None:
    from alembic.runtime.environment import EnvironmentContext

    def steps(revision: Any, _context: object) -> Any:
        return scripts._upgrade_revs(to, revision)

    with _environment(EnvironmentContext, scripts, steps) as environment:
        environment.configure(connection=conn, target_metadata=METADATA, transactional_ddl=True)
        environment.run_migrations()


def _environment(kind: type[EnvironmentContext], scripts: ScriptDirectory, steps: Any) -> EnvironmentContext:
    from alembic.config import Config

    return kind(Config(), scripts, fn=steps)


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(SCRIPTS))
