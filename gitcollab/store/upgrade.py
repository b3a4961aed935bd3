"""Upgrades: the migrations that ship in the package, run at start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from gitcollab.errors import Unusable
from gitcollab.store.engines import engine
from gitcollab.store.schema import METADATA

if TYPE_CHECKING:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

SCRIPTS = Path(__file__).parent / "migrations"
LOCK = 0x67697463  # "gitc", the number of the advisory lock on PostgreSQL


def migrate(url: str) -> None:
    """Brings a database to this program's tables; does nothing where they are. All of it or none.

    Two programs that start at once take turns. Unusable if a newer program has changed the database.
    """
    opened = engine(url)
    try:
        with opened.begin() as conn:
            upgrade(conn)
    finally:
        opened.dispose()


def upgrade(conn: Connection) -> None:
    """Does what ``migrate`` does, in the caller's transaction."""
    from alembic.runtime.migration import MigrationContext

    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    scripts = _scripts()
    known = {script.revision for script in scripts.walk_revisions()}
    present = MigrationContext.configure(conn).get_current_heads()
    if not known.issuperset(present):
        raise Unusable(
            "the database was written by a newer gitcollab than this one",
            "install that version again, or restore the backup made before the upgrade",
            revision=", ".join(present),
        )
    _run(conn, scripts)


def _run(conn: Connection, scripts: ScriptDirectory) -> None:
    from alembic.runtime.environment import EnvironmentContext

    def steps(revision: Any, _context: object) -> Any:
        return scripts._upgrade_revs("head", revision)

    with _environment(EnvironmentContext, scripts, steps) as environment:
        environment.configure(connection=conn, target_metadata=METADATA, transactional_ddl=True)
        environment.run_migrations()


def _environment(kind: type[EnvironmentContext], scripts: ScriptDirectory, steps: Any) -> EnvironmentContext:
    from alembic.config import Config

    return kind(Config(), scripts, fn=steps)


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(SCRIPTS))
