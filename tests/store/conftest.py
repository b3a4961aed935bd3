"""Every test of the store runs on SQLite and, where its programs are installed, on a PostgreSQL of its own."""

from __future__ import annotations

import glob
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, delete, text

from gitcollab import store
from gitcollab.store import collabs, people
from gitcollab.store.schema import METADATA

NUMBERS = itertools.count()


class Cluster:
    """A PostgreSQL server on a private Unix socket, run by somebody who is not root (who may not run it)."""

    def __init__(self, programs: Path, place: Path) -> None:
        self.programs, self.place = programs, place
        self.who: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(place, nobody.pw_uid, nobody.pw_gid)
        # English order, so that a test notices text that is not compared by code point
        locale = ["--locale-provider=icu", "--icu-locale=en", "--locale=C.UTF-8", "--encoding=UTF8"]
        self.run("initdb", "-U", "gitcollab", "--auth=trust", "--no-sync", *locale)
        options = f"-k {place} -c listen_addresses='' -c fsync=off -c max_connections=120"
        self.run("pg_ctl", "-w", "-l", str(place / "log"), "-o", options, "start")

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.place / "data"), *arguments]
        done = subprocess.run(
            command, cwd=self.place, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, **self.who
        )
        assert 0 == done.returncode, done.stderr.decode()

    def url(self, name: str) -> str:
        return f"postgresql://gitcollab@/{name}?host={self.place}"

    def tell(self, statement: str) -> None:
        engine = create_engine(
            self.url("postgres").replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as conn:
            conn.execute(text(statement))
        engine.dispose()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    pytest.importorskip("psycopg")
    found = shutil.which("initdb") or next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="gitcollab-pg-") as place:
        running = Cluster(Path(found).resolve().parent, Path(place))
        yield running
        running.run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def empty(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if kind == "sqlite":
        yield store.file_url(tmp_path / "empty.sqlite")
        return
    cluster, name = request.getfixturevalue("cluster"), f"empty{next(NUMBERS)}"
    cluster.tell(f"CREATE DATABASE {name}")
    yield cluster.url(name)
    cluster.tell(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.sqlite"
    store.migrate(store.file_url(path))
    return path


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> Iterator[Engine]:
    """One database with all tables; making one for each test would take most of the time."""
    cluster.tell("CREATE DATABASE migrated")
    store.migrate(cluster.url("migrated"))
    opened = store.engine(cluster.url("migrated"))
    yield opened
    opened.dispose()


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with all tables, and nothing in them."""
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "migrated.sqlite")
        yield store.file_url(tmp_path / "migrated.sqlite")
        return
    opened: Engine = request.getfixturevalue("migrated")
    yield request.getfixturevalue("cluster").url("migrated")
    with opened.begin() as conn:
        conn.execute(text("SET LOCAL lock_timeout = '60s'"))
        for table in reversed(METADATA.sorted_tables):
            conn.execute(delete(table))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = store.engine(url)
    yield opened
    opened.dispose()


@pytest.fixture
def conn(engine: Engine) -> Iterator[Connection]:
    """One transaction, in which Ana, Ben, Cleo and Dan have accounts."""
    with engine.begin() as conn:
        for name in ("ana", "ben", "cleo", "dan"):
            people.add_person(conn, name, name.title())
        yield conn


@pytest.fixture
def collab(conn: Connection) -> str:
    """The id of Ana's collab ``ana:analysis``."""
    return collabs.add_collab(conn, collabs.new_id(), "Rain in Kenya", "analysis", (), "ana").id
