"""The stage: the server as a process of its own on a fresh root, and the people who edit files in their directories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitcollab.client import Client
from gitcollab.demo.story import Act, NotAsTold, Notebook
from gitcollab.errors import GitcollabError, Unavailable, revive

START = 90.0  # seconds for the server to answer
STOP = 60.0  # seconds for it to end
DEADLINE = 25.0  # seconds for a step to come out as told


@dataclass
class House:
    """A server on ``place``/server; every command is run as a person would run it."""

    place: Path
    port: int = 0
    server: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        """The server's root."""
        return self.place / "server"

    def run(self, *words: str) -> Any:
        """Runs a command of gitcollab on this root and returns the JSON it prints; raises the error it tells."""
        ran = subprocess.run(
            self._command(*words, "--json"), env=self._environment(), capture_output=True, check=False
        )
        if ran.returncode:
            raise revive(
                "failed", ran.stderr.decode(errors="replace").strip(), f"in: gitcollab {' '.join(words)}"
            )
        return json.loads(ran.stdout)

    def start(self) -> str:
        """Starts the server and returns its address once it answers; Unavailable with its last words if it does not."""
        words = self.place / "server.out"
        with words.open("wb") as told:
            command = self._command("serve", "--root", str(self.root), "--port", str(self.port))
            self.server = subprocess.Popen(
                command, env=self._environment(), stdin=subprocess.DEVNULL, stdout=told, stderr=told
            )
        give_up = time.monotonic() + START
        while time.monotonic() < give_up and self.server.poll() is None:
            try:
                url = (self.root / "run" / "url").read_text(encoding="utf-8").strip()
                with Client(url, timeout=5) as client:
                    client.health()
                return url
            except (OSError, GitcollabError):
                time.sleep(0.1)
        last = words.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
        raise Unavailable(f"the server does not come up: {last or 'it says nothing'}", "is the port free?")

    def stop(self) -> int:
        """Stops the server as Ctrl-C does and returns its exit code."""
        if self.server is None:
            return 0
        self.server.terminate()
        try:
            return self.server.wait(timeout=STOP)
        except subprocess.TimeoutExpired:
            self.server.kill()
            return self.server.wait()

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "gitcollab", *words]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GITCOLLAB_")}
        return kept | {"GITCOLLAB_ROOT": str(self.root)}


@dataclass
class Actor:
    """A person with an account, a directory, and an editor that writes whole files in place."""

    name: str
    client: Client
    file: Path = Path()

    def sees(self) -> Notebook:
        """Returns the notebook as it lies in their directory."""
        notebook: Notebook = json.loads(self.file.read_bytes())
        return notebook

    def edits(self, acts: Iterable[Act]) -> None:
        """Opens the notebook, does the acts and saves, as Jupyter would."""
        notebook = self.sees()
        for act in acts:
            act.apply(notebook)
        self.file.write_bytes(as_saved(notebook))


def as_saved(notebook: Notebook) -> bytes:
    """Returns the bytes that Jupyter would write (nbformat 5: indent 1, sorted keys, a newline at the end)."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


@dataclass
class Watch:
    """Somebody who follows the event stream; what happened so far is in ``events``."""

    client: Client
    collab: str
    events: list[dict[str, Any]] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)
    is_wanted: bool = True
    trouble: Exception | None = None

    def start(self) -> None:
        """Begins to follow, from the collab's first event."""
        threading.Thread(target=self._follow, daemon=True, name="watch").start()

    def stop(self) -> None:
        """Stops at the next event."""
        self.is_wanted = False

    def _follow(self) -> None:
        try:
            for event in self.client.events(self.collab, after=0, is_wanted=lambda: self.is_wanted):
                with self.news:
                    self.events.append(event)
                    self.news.notify_all()
                if not self.is_wanted:
                    return
        except GitcollabError as why:
            self.trouble = why

    def until(self, why_not: Callable[[], str], within: float = DEADLINE) -> None:
        """Waits for ``why_not`` to have nothing to say; looks again at each event.

        NotAsTold after ``within`` seconds.
        """
        give_up = time.monotonic() + within
        while why := why_not():
            if time.monotonic() > give_up:
                raise NotAsTold(why)
            if self.trouble is not None and self.is_wanted:
                raise NotAsTold(f"the event stream ended: {self.trouble}")
            with self.news:
                self.news.wait(timeout=0.25)
