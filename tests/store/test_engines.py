"""A database is opened so that commits last, transactions wait for each other, and errors can be understood."""

from __future__ import annotations

import asyncio
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from gitcollab import store
from gitcollab.errors import BadInput, NoSpace, Unavailable, Unusable
from gitcollab.store import engines, people

only_sqlite = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as conn:
        return conn.execute(text(f"PRAGMA {name}")).scalar_one()


@only_sqlite
def test_sqlite_is_durable_and_keeps_its_references(engine: Engine) -> None:
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 15000}
    assert expected == {name: pragma(engine, name) for name in expected}


def test_a_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "private.sqlite"
    store.migrate(store.file_url(path))
    path.chmod(0o644)
    opened = store.engine(store.file_url(path))
    with opened.begin() as conn:
        people.add_person(conn, "ana")
        modes = {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}
    opened.dispose()
    assert {0o600} == modes


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:", "postgresql://h:port/db"]
)
def test_a_url_that_cannot_be_meant_is_bad_input(url: str) -> None:
    with pytest.raises(BadInput) as told:
        store.engine(url)
    assert "postgresql://" in told.value.hint or "sqlite://" in told.value.hint


def test_a_wrong_url_is_not_repeated_since_it_may_hold_a_password() -> None:
    with pytest.raises(BadInput) as told:
        store.engine("postgresql://me:hunter2@host:port/db")
    assert "hunter2" not in f"{told.value} {told.value.hint}"


def test_a_path_with_odd_characters_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "odd ?name#%41é.sqlite"
    store.migrate(store.file_url(path))
    assert path.exists()


def test_a_transaction_that_read_first_waits_its_turn_to_write(engine: Engine) -> None:
    """SQLite refuses to make a reader a writer after somebody else wrote; ours take the lock at their start."""
    both = threading.Barrier(2, timeout=120)
    failures: list[BaseException] = []

    def read_then_write(name: str) -> None:
        both.wait()
        try:
            with engine.begin() as conn:
                people.people(conn)
                people.add_person(conn, name)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read_then_write, args=(name,)) for name in ("ana", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    with engine.connect() as conn:
        assert ([], ["ana", "ben"]) == (failures, [one.name for one in people.people(conn)])


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(engine: Engine) -> None:
    with engine.begin() as writing:
        people.add_person(writing, "ana")
        with store.reading(engine).connect() as conn:
            assert () == people.people(conn)


async def test_the_same_functions_serve_an_event_loop(url: str) -> None:
    opened = store.async_engine(url)
    async with opened.begin() as conn:
        await conn.run_sync(people.add_person, "ana", "Ana")
    async with store.reading(opened).connect() as conn:
        assert "Ana" == (await conn.run_sync(people.person, "ana")).display
    await opened.dispose()


@only_sqlite
def test_a_database_that_stays_locked_is_unavailable(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "WAIT", 0.05)
    impatient = store.engine(url)
    with engine.begin(), pytest.raises(Unavailable), impatient.begin():
        pass
    impatient.dispose()


def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    opened = store.engine(store.file_url(tmp_path / "gone.sqlite"))
    (tmp_path / "gone.sqlite").unlink()
    (tmp_path / "gone.sqlite").mkdir()
    with pytest.raises(Unavailable), opened.connect():
        pass
    pytest.importorskip("psycopg")
    with pytest.raises(Unavailable), store.engine(f"postgresql://me@/db?host={tmp_path}").connect():
        pass


@only_sqlite
def test_a_full_disk_is_told_as_such(engine: Engine) -> None:
    with engine.begin() as conn:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        conn.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(NoSpace):
        crowd(engine)
    with engine.connect() as conn:
        assert () == people.people(conn)


def crowd(engine: Engine) -> None:
    with engine.begin() as conn:
        for number in range(2000):
            people.add_person(conn, f"person{number}", "x" * 200)


@pytest.mark.parametrize("odd", ["nul\0", "surrogate\ud800"])
def test_text_that_one_database_could_not_store_is_refused_by_all(conn: Connection, odd: str) -> None:
    with pytest.raises(BadInput):
        people.set_display(conn, odd, "Ana")


@pytest.mark.parametrize("content", [b"not a database at all " * 100, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_told_as_such(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.sqlite"
    path.write_bytes(content)
    with pytest.raises(Unusable) as told:
        store.migrate(store.file_url(path))
    assert ("damaged" in told.value.message, content) == (True, path.read_bytes())


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as told:
        store.engine(store.file_url(tmp_path / "gone" / "x.sqlite"))
    assert f"{tmp_path}/gone" in told.value.message


def test_threads_read_beside_an_event_loop_what_it_wrote(tmp_path: Path) -> None:
    url = store.file_url(tmp_path / "a.sqlite")
    store.migrate(url)

    opened = store.async_engine(url)

    async def write() -> None:
        async with opened.begin() as conn:
            await conn.run_sync(people.add_person, "ana")
        await opened.dispose()

    asyncio.run(write())
    read = store.beside(opened)
    assert read is not None
    with read.connect() as conn:
        assert ["ana"] == [one.name for one in people.people(conn)]
    read.dispose()
