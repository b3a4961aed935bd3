"""Who runs the service sees how it is: numbers, a log with no secret in it, and a stop that tells everybody."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gitcollab import store
from gitcollab.client import Client
from gitcollab.daemon import serving
from gitcollab.errors import GitcollabError
from gitcollab.store import people, tokens, upgrade

SECRET = "the-yield-was-4711-tons"  # what stands in a cell


def notebook(source: str) -> bytes:
    """A notebook of one cell."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source}
    cell |= {"outputs": [], "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.fixture(scope="module")
def used(server: Any) -> Any:
    """A server at which Ana has shared and saved, and Ben was refused something; with the collab's id."""
    ana = server.client("ana")
    collab = ana.create("Yields")["id"]
    ana.open_session(collab)
    for number in range(3):
        ana.save(collab, "ana/default", "a.ipynb", notebook(f"{SECRET} = {number}"))
    server.collab, server.link = collab, ana.invite(collab)["link"]
    return server


def numbers(server: Any) -> dict[str, float]:
    """What the server measures, by name and labels."""
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    assert len(pairs) == len(dict(pairs)), "a number is told twice"
    return {name: float(value) for name, value in pairs}


def lines_of(server: Any) -> list[dict[str, Any]]:
    """The log, line by line."""
    return [json.loads(line) for line in (server.root / "run" / "log").read_text().splitlines()]


def test_what_happened_is_measured_without_a_name_or_content(used: Any) -> None:
    found = numbers(used)
    assert 3 == found['gitcollab_writer_act_seconds_count{act="Save",outcome="done"}']
    assert 3 == found['gitcollab_writer_landed_seconds_count{by="asked"}']
    assert 3 == found['gitcollab_writer_events_total{kind="saved"}']
    assert 0 == found["gitcollab_writer_acts_underway"]
    assert {1.0} == {found[f"gitcollab_daemon_{part}_starts"] for part in ("writer", "web", "workers")}
    assert 0 == found["gitcollab_workers_stopped_at_work"]
    told = " ".join(found)
    assert not [word for word in (SECRET, used.collab, "ana", "a.ipynb") if word in told]


def test_a_stream_is_counted_while_it_is_open(used: Any) -> None:
    with streaming(used, used.collab) as reader:
        assert 1 == numbers(used)["gitcollab_web_streams"]
        used.client("ana").save(used.collab, "ana/default", "b.ipynb", notebook("1"))
        heard = b""
        while b"event: landed" not in heard:
            heard += reader.recv(65536)
    deadline = time.monotonic() + 120
    while (found := numbers(used))["gitcollab_web_streams"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (0, True) == (found["gitcollab_web_streams"], found["gitcollab_web_streamed_seconds_count"] > 0)


def test_a_reader_that_falls_behind_and_comes_back_has_every_event_once(used: Any) -> None:
    with Client(used.url, used.tokens["ana"]) as ana, streaming(used, used.collab) as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for number in range(30):
            ana.save(used.collab, "ana/default", "c.ipynb", notebook(f"{number} {'x' * 3000}"))
        heard = b""
        while heard.count(b"event: landed") < 30:
            heard += lazy.recv(65536)
    numbers_seen = [int(each) for each in re.findall(rb"^id: (\d+)\r?$", heard, re.MULTILINE)]
    assert list(range(numbers_seen[0], numbers_seen[-1] + 1)) == numbers_seen


def test_each_line_of_a_save_names_collab_session_and_commit_and_none_a_secret(used: Any) -> None:
    saves = [line for line in lines_of(used) if line.get("act") == "Save"]
    assert {(used.collab, "ana/default", "done")} == {
        (line["collab"], line["session"], line["outcome"]) for line in saves
    }
    assert all(re.fullmatch("[0-9a-f]{40}", line["snapshot"]) for line in saves)
    text = (used.root / "run" / "log").read_text()
    secrets = [SECRET, *used.tokens.values(), used.link.rpartition("/")[2]]
    assert [] == [secret for secret in secrets if secret in text]


def test_a_log_that_has_grown_long_is_set_aside_while_others_write_to_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("ab", buffering=0) as written:
        written.write(b"old\n")
        serving.set_aside(path)
        written.write(b"new\n")
    assert (b"old\n", b"new\n") == (path.with_name("log.old").read_bytes(), path.read_bytes())


def test_a_stop_says_farewell_and_loses_nothing(root: Path, a_server: Any) -> None:
    saved: list[str] = []
    going = threading.Event()

    def save(url: str, token: str, collab: str) -> None:
        with Client(url, token) as client, suppress(GitcollabError):  # it stops
            for number in range(1000):
                saved.append(client.save(collab, "ana/default", "a.ipynb", notebook(str(number)))["snapshot"])
                going.set()

    with a_server(root) as server:
        ana = server.client("ana")
        collab = ana.create("Yields")["id"]
        ana.open_session(collab)
        with streaming(server, collab) as reader:
            told = (server.url, server.tokens["ana"], collab)
            saving = threading.Thread(target=save, args=told)
            saving.start()
            assert going.wait(60)
            server.running.terminate()
            heard = b""
            while chunk := reader.recv(65536):
                heard += chunk
        assert b"event: farewell" in heard
        assert 0 == server.running.wait(60)
        saving.join(60)
    with a_server(root, users=()) as server, Client(server.url, token_of(root, "ana")) as again:
        known = {each["commit"] for each in again.log(collab, branch="sessions/ana/default", limit=1000)}
        assert [] == [commit for commit in saved if commit not in known]


def address(server: Any) -> tuple[str, int]:
    """Where the server listens."""
    return "127.0.0.1", int(server.url.rpartition(":")[2])


@contextmanager
def streaming(server: Any, collab: str) -> Iterator[socket.socket]:
    """Ana's open event stream, of which the beginning has come."""
    with socket.create_connection(address(server)) as reader:
        asked = f"GET /api/collabs/{collab}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        reader.sendall(f"{asked}Authorization: Bearer {server.tokens['ana']}\r\n\r\n".encode())
        assert reader.recv(4096).startswith(b"HTTP/1.1 200")
        yield reader


def test_a_root_of_the_first_release_is_upgraded_with_a_copy_kept(root: Path, a_server: Any) -> None:
    (root / "private").mkdir(mode=0o700)
    file = root / "private" / "gitcollab.sqlite"
    opened = store.engine(store.file_url(file))
    with opened.begin() as conn:
        upgrade.upgrade(conn, "0001")
        conn.exec_driver_sql(
            "INSERT INTO people (name, display, password, is_admin, created_at) "
            "VALUES ('ana', 'Ana', '', true, '2026-01-01T00:00:00Z')"
        )
    opened.dispose()
    with a_server(root, users=("ben",)) as server:
        assert "ben" == server.client("ben").me()["name"]
        with Client(server.url, token_of(root, "ana")) as ana:
            assert ana.me()["is_admin"]
    kept = [path for path in file.parent.iterdir() if ".before-" in path.name]
    old = store.engine(store.file_url(kept[0]))
    with old.connect() as conn:
        assert "0001" == upgrade.revision_of(conn)
    old.dispose()


def token_of(root: Path, user: str) -> str:
    """A fresh token of somebody who has an account."""
    opened = store.engine(store.file_url(root / "private" / "gitcollab.sqlite"))
    try:
        with opened.begin() as conn:
            assert people.person(conn, user)
            return tokens.add_token(conn, user, "a test").secret
    finally:
        opened.dispose()
