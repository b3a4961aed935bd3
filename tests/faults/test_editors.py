"""Editors that tear files, storms of events and strange files, through the writer of a running service."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BRANCH = "refs/heads/sessions/ana/default"
STORM = 40_000
"""More events than a kernel's queue holds (fs.inotify.max_queued_events is 16,384)."""

pytestmark = pytest.mark.slow


class Desk:
    """Ana's directory, shared in place, and what the service has of it."""

    def __init__(self, server: Any, directory: Path) -> None:
        self.server, self.at = server, directory
        directory.mkdir()
        (directory / "first.txt").write_text("here\n")
        self.id = server.client("ana").share(["ben"], [directory])["id"]
        self.repository = server.root / "collabs" / f"{self.id}.git"
        self.holds({"first.txt": b"here\n"})

    def git(self, *words: str) -> bytes:
        """What git prints in the collab's repository."""
        return subprocess.run(["git", *words], cwd=self.repository, capture_output=True, check=True).stdout

    def names(self) -> set[str]:
        """The files of Ana's branch."""
        return set(self.git("ls-tree", "-r", "-z", "--name-only", BRANCH).decode().split("\0")) - {
            "",
            "collab.toml",
        }

    def holds(self, files: dict[str, bytes], within: float = 300.0) -> float:
        """Waits until Ana's branch holds exactly these files; returns the seconds it took."""
        began = time.monotonic()
        while self.names() != set(files) or any(self.blob(path) != data for path, data in files.items()):
            assert time.monotonic() - began < within, sorted(self.names() ^ set(files))[:9]
            time.sleep(0.05)
        return time.monotonic() - began

    def blob(self, path: str) -> bytes:
        return self.git("cat-file", "blob", f"{BRANCH}:{path}")


@pytest.fixture
def desk(server: Any, tmp_path: Path) -> Desk:
    """A desk of the test's own."""
    return Desk(server, tmp_path / "work")


@pytest.mark.timeout(3600)
def test_no_torn_version_of_a_large_notebook_is_committed(
    desk: Desk, is_long: bool, often: Callable[[int, int], int], figures: Callable[[str], None]
) -> None:
    count, size = often(40, 1000), 10_000_000 if is_long else 2_000_000
    chance, path = random.Random(4), desk.at / "book.ipynb"
    versions = {}
    for number in range(count):
        data = book(number, size)
        versions[data[:60]] = data
        torn_save(path, data, is_marked=number % 2 == 0)
        time.sleep(chance.choice((0, 0, 0.1, 0.4, 0.8)))  # how long an editor's person takes
    desk.holds({"first.txt": b"here\n", "book.ipynb": data}, within=300)
    commits = desk.git("log", "--format=%H", BRANCH, "--", "book.ipynb").decode().split()
    for commit in commits:
        kept = desk.git("cat-file", "blob", f"{commit}:book.ipynb")
        assert kept == versions.get(kept[:60])
    figures(f"torn saves: {count} of {size / 1e6:.0f} MB, {len(commits)} versions committed, 0 torn")


def book(number: int, size: int) -> bytes:
    """A notebook in which every line tells which version it is of, and the first bytes too."""
    line = f"print({number}, '{'x' * 90}')\n"
    cell = {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": []}
    cells = [
        cell | {"id": f"cell-{n}", "source": [line] * 1000} for n in range(size // (1000 * (len(line) + 8)))
    ]
    named = {"cell_type": "markdown", "id": f"v{number:08}", "metadata": {}, "source": []}
    return json.dumps({"cells": [named, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def torn_save(path: Path, data: bytes, *, is_marked: bool) -> None:
    """Truncates and rewrites in place, piece by piece; ``is_marked`` as Jupyter does, with the old file beside it."""
    marker = path.with_name(f".~{path.name}")
    if is_marked and path.exists():
        marker.write_bytes(path.read_bytes())
    with open(path, "wb", buffering=0) as file:
        for at in range(0, len(data), 1 << 17):
            file.write(data[at : at + (1 << 17)])
            time.sleep(0.001)
    marker.unlink(missing_ok=True)


def test_saves_made_while_the_writer_stood_still_and_its_queue_ran_over_are_found(
    desk: Desk, figures: Callable[[str], None]
) -> None:
    files = {f"data/{n}.txt": b"old\n" for n in range(20)} | {"first.txt": b"here\n"}
    write(desk.at, files)
    desk.holds(files)
    writer = desk.server.parts()["writer"]
    os.kill(writer, signal.SIGSTOP)
    try:
        for number in range(STORM // 2):
            (desk.at / f".~{number}").touch()
            (desk.at / f".~{number}").unlink()
        files = {f"data/{n}.txt": b"new\n" for n in range(40)} | {
            "deep/er/and/deeper.txt": b"made meanwhile\n"
        }
        write(desk.at, files)
        (desk.at / "first.txt").unlink()
    finally:
        os.kill(writer, signal.SIGCONT)
    took = desk.holds(files)
    figures(f"{STORM} events while the writer was stopped: all 42 changes found, after {took:.1f} s")


def test_files_written_at_once_into_directories_just_made_are_found(
    desk: Desk, figures: Callable[[str], None]
) -> None:
    files = {f"new-{n}/a/b/c/{n}.txt": f"{n}\n".encode() for n in range(100)}
    write(desk.at, files)
    took = desk.holds(files | {"first.txt": b"here\n"})
    figures(f"mkdir -p and write: 100 of 100 found, after {took:.1f} s")


@pytest.mark.timeout(3600)
def test_a_file_in_one_of_very_many_directories_is_found(
    desk: Desk, often: Callable[[int, int], int], figures: Callable[[str], None]
) -> None:
    count = often(2_000, 100_000)
    for number in range(count):
        (desk.at / f"d{number // 1000}" / f"{number}").mkdir(parents=True)
    last = f"d{(count - 1) // 1000}/{count - 1}/a.txt"
    write(desk.at, {last: b"found\n"})
    took = desk.holds({"first.txt": b"here\n", last: b"found\n"}, within=1800)
    figures(f"{count} directories: a file in the last one is found after {took:.1f} s")


def test_strange_files_are_left_alone_and_stop_nothing(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("nobody shared this\n")
    os.mkfifo(desk.at / "pipe.txt")
    os.symlink("loop-b", desk.at / "loop-a")
    os.symlink("loop-a", desk.at / "loop-b")
    os.symlink(".", desk.at / "self")
    os.symlink(tmp_path, desk.at / "outside")
    os.symlink(secret, desk.at / "secret.txt")
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(desk.at / "socket.txt"))
    if os.geteuid() == 0:
        os.mknod(desk.at / "zero.txt", 0o20666, os.makedev(1, 5))
    (Path(os.fsdecode(os.fsencode(desk.at) + b"/caf\xe9.txt"))).write_bytes(b"not a name in UTF-8\n")
    write(desk.at, {"after.txt": b"still here\n"})
    desk.holds({"first.txt": b"here\n", "after.txt": b"still here\n"})
    reached = desk.git("log", "--all", "--name-only", "--format=").decode().split()
    assert {"first.txt", "after.txt", "collab.toml"} == set(reached)
    assert b"nobody shared this" not in desk.git("log", "--all", "-p")


def write(directory: Path, files: dict[str, bytes]) -> None:
    """Makes what directories are missing and writes each file at once."""
    for path, data in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
