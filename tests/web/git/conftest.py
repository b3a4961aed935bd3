"""Somebody with a clone of a collab over HTTP, and what can be seen of the collab's repository from beside it."""

from __future__ import annotations

import base64
import contextlib
import itertools
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NUMBERS = itertools.count(1)
PATIENCE = 60.0
SOUND: tuple[str, list[str]] = ("", [])


class Cloner:
    """Somebody with a clone of a collab over HTTP and a token."""

    def __init__(self, server: Any, user: str, collab: str, path: Path) -> None:
        self.server, self.user, self.collab, self.path = server, user, collab, path
        self.client = server.client(user)
        basic = base64.b64encode(f"{user}:{server.tokens[user]}".encode()).decode()
        self.authorization = f"Basic {basic}"
        self.header = f"http.extraHeader=Authorization: {self.authorization}"
        self.url = f"{server.url}/git/{collab}.git"

    def begins(self, *words: str) -> Cloner:
        ran = subprocess.run(
            ["git", "-c", self.header, "clone", "-q", *words, self.url, str(self.path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        self.git("config", "user.name", self.user.title())
        self.git("config", "user.email", f"{self.user}@gitcollab.invalid")
        return self

    def tries(self, *words: str) -> tuple[int, str]:
        ran = subprocess.run(
            ["git", "-c", self.header, "-C", str(self.path), *words],
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        return ran.returncode, ran.stdout + ran.stderr

    def git(self, *words: str) -> str:
        code, said = self.tries(*words)
        assert code == 0, said
        return said.strip()

    def commits(self, path: str, data: bytes | str, message: str = "Edit") -> str:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def pushes(self, ref: str, *words: str) -> tuple[int, str]:
        return self.tries("push", *words, "origin", f"HEAD:{ref}")

    def shared(self, path: str) -> bytes:
        return self.client.file(self.collab, path).body


@pytest.fixture
def collab(server: Any) -> str:
    """A collab of Ana's in which Ben is an editor and Vic looks on."""
    ana, vic = server.client("ana"), server.client("vic")
    assert vic
    made = ana.create(f"Work {next(NUMBERS)}")["id"]
    ana.set_member(made, "ben", "editor")
    ana.set_member(made, "vic", "viewer")
    return made


@pytest.fixture
def clone(server: Any, collab: str, tmp_path: Path) -> Callable[..., Cloner]:
    def made(user: str, name: str = "clone", *words: str) -> Cloner:
        return Cloner(server, user, collab, tmp_path / f"{name}-{user}").begins(*words)

    return made


def repository(server: Any, collab: str) -> Path:
    return server.root / "collabs" / f"{collab}.git"


def refs(server: Any, collab: str) -> str:
    return subprocess.run(
        ["git", f"--git-dir={repository(server, collab)}", "for-each-ref"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def faults(server: Any, collab: str) -> tuple[str, list[str]]:
    """What git finds wrong with the repository, and what half-done things lie in it."""
    path = repository(server, collab)
    ran = subprocess.run(
        ["git", f"--git-dir={path}", "fsck", "--full", "--strict", "--no-progress", "--no-dangling"],
        capture_output=True,
        text=True,
        check=False,
    )
    deadline = time.monotonic() + PATIENCE
    while (left := half_done(path)) and time.monotonic() < deadline:
        time.sleep(0.05)  # what a killed program leaves is tidied up a moment after its end
    return ran.stdout + ran.stderr, [one.name for one in left]


def half_done(path: Path) -> list[Path]:
    return [*path.glob("objects/tmp_objdir-*"), *path.glob("objects/incoming-*"), *path.rglob("*.lock")]


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def peak(pid: int) -> int:
    """The most memory in bytes that the process has had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(each.split()[1]) * 1024 for each in lines if each.startswith("VmHWM"))


def requested(who: Cloner, method: str, path: str, *pieces: bytes, **headers: str) -> tuple[int, bytes]:
    """Speaks HTTP by hand and returns status and body; a server may answer before it has read all."""
    host, port = who.server.url.removeprefix("http://").split(":")
    body = b"".join(pieces)
    lines = [f"{method} {who.url.removeprefix(who.server.url)}{path} HTTP/1.1", f"Host: {host}:{port}"]
    lines += [f"Authorization: {who.authorization}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                answer += piece
    head, _, rest = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), rest
