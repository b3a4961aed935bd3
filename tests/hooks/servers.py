"""Real Jupyter servers with the extension, each a program of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitcollab.workers.limits import die_with

from .conftest import LIMIT, eventually

TOKEN = "a-token"


@dataclass
class Jupyter:
    """A running Jupyter server."""

    directory: Path
    url: str

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str = TOKEN, who: str = ""
    ) -> tuple[int, Any]:
        """Status and body of an answer. ``who`` asks, where Jupyter knows several people."""
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.url}{path}", data, method=method)
        if token:
            asked.add_header("Authorization", f"token {token}")
        if who:
            asked.add_header("X-Who", who)
        try:
            with urllib.request.urlopen(asked, timeout=LIMIT) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def save(self, path: str, content: Any, *, who: str = "") -> int:
        """Saves a notebook as the front end does."""
        asked = {"type": "notebook", "content": content}
        return self.ask("PUT", f"/api/contents/{path}", asked, who=who)[0]


@contextmanager
def running(server: Any, person: str, place: Path, *words: str, base_url: str = "/") -> Iterator[Jupyter]:
    """Runs a person's Jupyter, which serves ``place`` and finds gitcollab by its environment."""
    server.client(person)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
        *(f"--ServerApp.root_dir={place}", "--ServerApp.jpserver_extensions=gitcollab_hooks=True"),
        *(f"--ServerApp.base_url={base_url}", *words),
    ]
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    where = {
        "GITCOLLAB_URL": server.url,
        "GITCOLLAB_TOKEN": server.tokens[person],
        "HOME": str(place / "home"),
    }
    me = os.getpid()
    with (
        (place / "log").open("wb") as log,
        subprocess.Popen(
            command, env={**kept, **where}, stdout=log, stderr=log, preexec_fn=lambda: die_with(me)
        ) as program,
    ):
        one = Jupyter(place, f"http://127.0.0.1:{port}{base_url.rstrip('/')}")
        eventually(lambda: answers(one), lambda: (place / "log").read_text())
        yield one
        program.terminate()
        program.wait(LIMIT)
    said = (place / "log").read_text()
    assert "Traceback" not in said, said


def answers(one: Jupyter) -> bool:
    try:
        return 200 == one.ask("GET", "/api/status")[0]
    except OSError:
        time.sleep(0.05)
        return False
