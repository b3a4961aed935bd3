"""Migrations make exactly the tables of the schema, once, whoever starts at the same time."""

from __future__ import annotations

import multiprocessing
import stat
import warnings
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from gitcollab import store
from gitcollab.errors import Unusable
from gitcollab.store import people, upgrade
from gitcollab.store.schema import METADATA


def test_migrations_result_in_the_schema(engine: Engine) -> None:
    with engine.connect() as conn:
        context = MigrationContext.configure(
            conn, opts={"compare_type": True, "compare_server_default": True}
        )
        assert [] == compare_metadata(context, METADATA)


def test_migrations_name_and_bind_everything_as_the_schema_does(empty: str, engine: Engine) -> None:
    """What alembic does not compare: primary keys, constraint names, order and nullability of columns."""
    made = store.engine(empty)
    METADATA.create_all(made)
    assert shape(made) == shape(engine)
    made.dispose()


def shape(engine: Engine) -> dict[str, object]:
    found = inspect(engine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            table: (
                [(one["name"], str(one["type"]), one["nullable"]) for one in found.get_columns(table)],
                found.get_pk_constraint(table),
                sorted(found.get_foreign_keys(table), key=str),
                sorted(found.get_unique_constraints(table), key=str),
                sorted(found.get_indexes(table), key=str),
            )
            for table in found.get_table_names()
            if table != "alembic_version"
        }


def test_migrating_again_changes_nothing(empty: str) -> None:
    store.migrate(empty)
    opened = store.engine(empty)
    before = shape(opened)
    store.migrate(empty)
    assert before == shape(opened)
    opened.dispose()


@pytest.mark.slow
def test_programs_that_start_at_once_take_turns(empty: str) -> None:
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=store.migrate, args=(empty,)) for _ in range(4)]
    for program in programs:
        program.start()
    for program in programs:
        program.join(300)
    assert [0] * 4 == [program.exitcode for program in programs]
    opened = store.engine(empty)
    assert set(METADATA.tables) | {"alembic_version"} == set(inspect(opened).get_table_names())
    opened.dispose()


@pytest.fixture
def old(empty: str) -> str:
    """The URL of a database that the first release has made and put somebody in."""
    opened = store.engine(empty)
    with opened.begin() as conn:
        upgrade.upgrade(conn, "0001")
        conn.execute(text("INSERT INTO people VALUES ('ana', 'Ana', '', false, '2026-01-01T00:00:00Z')"))
    opened.dispose()
    return empty


def test_an_older_database_is_brought_up_with_what_is_in_it(old: str) -> None:
    store.migrate(old)
    opened = store.engine(old)
    with opened.connect() as conn:
        assert (True, "Ana") == (upgrade.is_current(conn), people.person(conn, "ana").display)
    opened.dispose()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_an_older_file_is_copied_before_it_is_changed(old: str, tmp_path: Path) -> None:
    newest = upgrade._scripts().get_current_head()
    store.migrate(old)
    store.migrate(old)
    (copy,) = tmp_path.glob("*.before-*")
    assert (f"empty.sqlite.before-{newest}", 0o600) == (copy.name, stat.S_IMODE(copy.stat().st_mode))
    opened = store.engine(store.file_url(copy))
    with opened.connect() as conn:
        assert ("0001", 1) == (
            conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one(),
            conn.execute(text("SELECT count(*) FROM people")).scalar_one(),
        )
    opened.dispose()


def test_a_migration_that_fails_leaves_nothing_behind(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("killed")

    run = upgrade._run
    monkeypatch.setattr(upgrade, "_run", lambda *given: (run(*given), fail()))
    with pytest.raises(RuntimeError):
        store.migrate(empty)
    opened = store.engine(empty)
    assert [] == inspect(opened).get_table_names()
    opened.dispose()


def test_a_newer_database_is_refused_and_left_alone(empty: str) -> None:
    store.migrate(empty)
    opened = store.engine(empty)
    with opened.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.dispose()
    with pytest.raises(Unusable) as told:
        store.migrate(empty)
    assert ("newer" in told.value.message, "9999") == (True, told.value.data["revision"])


def test_migrations_are_one_line() -> None:
    revisions = [script.revision for script in upgrade._scripts().walk_revisions()]
    assert sorted(revisions, reverse=True) == revisions
