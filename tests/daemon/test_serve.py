"""One served root, from its first start to its end, and what is refused before anything is started."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from gitcollab.client import Client


def test_a_first_start_makes_everything_and_tells_how_to_sign_in(root: Path, a_server: Any) -> None:
    with a_server(root, users=()) as server:
        while "Ctrl-C" not in (told := root.with_name("root.out").read_text()):
            time.sleep(0.01)  # it is told a moment after the server is ready
        assert f"at {server.url}" in told
        assert f"{server.url}/signin?code=gcs_" in told
        token = (root / "private" / "token").read_text().strip()
        owner = Client(server.url, token)
        assert owner.me()["is_admin"]
        owner.close()
        assert {"workers", "writer", "web"} == set(server.parts())
        assert "gcs_" not in (root / "run" / "log").read_text()
        assert not any(token in words for words in command_lines())
    assert not (root / "run" / "url").exists()
    assert [] == list((root / "run").glob("*.sock*"))
    with a_server(root, users=()):
        assert "signin" not in root.with_name("root.out").read_text()


def test_nothing_below_the_root_can_be_read_by_others(server: Any) -> None:
    server.client("ana").create("Shared")
    open_to_others = [
        path
        for place in ("private", "run", "collabs")
        for path in (server.root / place, *(server.root / place).rglob("*"))
        if is_open(path)
    ]
    assert [] == open_to_others


def is_open(path: Path) -> bool:
    """Whether others may use a file; one that is gone by now, of the service at work, they may not."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return not stat.S_ISLNK(found.st_mode) and bool(found.st_mode & 0o077)


def test_a_second_daemon_is_refused_at_once_and_told_who_the_first_is(server: Any) -> None:
    for _ in range(5):
        ran = serve("--root", str(server.root), "--port", "0")
        assert 2 == ran.returncode
        assert f"is served already by process {server.running.pid} since" in ran.stderr
        assert server.url in ran.stderr
    assert server.client("ana").me()["name"] == "ana"


def test_a_port_that_is_taken_is_said_before_anything_is_started(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ran = serve("--root", str(root), "--port", str(other.getsockname()[1]))
    assert (2, "") == (ran.returncode, ran.stdout)
    assert "is taken by another program" in ran.stderr
    assert "--port" in ran.stderr
    assert [] == list((root / "private").iterdir())


def test_a_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = serve("--root", str(tmp_path / "file" / "root"))
    assert 2 == ran.returncode
    assert "cannot be written" in ran.stderr


def test_ctrl_c_stops_all_parts_in_order(root: Path, a_server: Any) -> None:
    with a_server(root) as server:
        parts = server.parts()
        server.running.send_signal(signal.SIGINT)
        assert 0 == server.running.wait(120)
        assert not any(Path(f"/proc/{pid}").exists() for pid in parts.values())


def test_parts_end_with_a_daemon_that_is_killed_and_the_next_one_takes_over(
    root: Path, a_server: Any
) -> None:
    with a_server(root) as server:
        collab = server.client("ana").create("Kept")["id"]
        server.running.kill()
        server.running.wait()
        with a_server(root, users=()) as second:
            again = Client(second.url, server.tokens["ana"])
            assert collab in [each["id"] for each in again.collabs()]
            again.close()


def test_health_tells_of_each_part_without_a_sign_in(server: Any) -> None:
    parts = ("writer", "workers", "database")
    while (told := health(server))["parts"] != dict.fromkeys(parts, "ok"):
        assert set(parts) == told["parts"].keys()
        time.sleep(0.1)  # on a busy machine one may answer a moment too late
    assert "ok" == told["status"]


def health(server: Any) -> Any:
    with urllib.request.urlopen(f"{server.url}/health") as answer:
        return json.load(answer)


def serve(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "gitcollab", "serve", *words],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def command_lines() -> list[str]:
    """What ``ps`` shows of every program of this user, environments too."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end meanwhile
            found += [(path / name).read_bytes().decode(errors="replace") for name in ("cmdline", "environ")]
    assert any("pytest" in words for words in found)
    return found
