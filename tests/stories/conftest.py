"""Actors: a real `gitcollab serve`, people with accounts, directories and editors, and git as a stranger uses it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gitcollab.client import Client
from gitcollab.demo.stage import House, Watch, as_saved
from gitcollab.demo.story import NotAsTold
from gitcollab.notebooks import strip

SOURCE = str(Path(__file__).parents[2])
PEOPLE = ("ana", "ben", "cleo")
NUMBERS = itertools.count(1)
LONG = 120.0  # seconds within which anything that should happen must, on a busy machine


@dataclass
class Person:
    """Somebody with an account, who types commands and saves files."""

    name: str
    client: Client
    token: str
    home: Path

    def types(
        self, *words: str, cwd: Path | None = None, program: str = "main"
    ) -> subprocess.CompletedProcess[str]:
        """Types a command at home (or in ``cwd``)."""
        return subprocess.run(
            self._command(program, *words),
            cwd=cwd or self.home,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    @contextmanager
    def runs(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """Types a command that goes on running; it is ended with the block."""
        running = subprocess.Popen(
            self._command("main", *words), cwd=self.home, env=self._environment(), stderr=subprocess.DEVNULL
        )
        try:
            yield running
        finally:
            running.kill()
            running.wait()

    def _command(self, program: str, *words: str) -> list[str]:
        call = f"import sys; sys.argv[0] = 'gitcollab'; from gitcollab.cli import {program}; {program}()"
        return [sys.executable, "-P", "-c", call, *words]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GITCOLLAB_")}
        return kept | {"GITCOLLAB_URL": self.client.url, "GITCOLLAB_TOKEN": self.token, "PYTHONPATH": SOURCE}

    def told_contested(self, collab: str) -> Any:
        """What `contested --json` lists (which exits with 1 if there is anything)."""
        return json.loads(self.types("contested", collab, "--json").stdout)

    def told(self, *words: str, cwd: Path | None = None) -> Any:
        """Types a command with --json and returns what it prints; fails if the command does."""
        done = self.types(*words, "--json", cwd=cwd)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@dataclass
class Town:
    """A server and the people who use it."""

    house: House
    url: str
    people: dict[str, Person] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Person:
        return self.people[name]

    def git(self, *words: str, cwd: Path) -> str:
        """What git prints, run by somebody who knows nothing of gitcollab."""
        ran = subprocess.run(
            ["git", *words], cwd=cwd, capture_output=True, text=True, timeout=180, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def repository(self, collab: str) -> Path:
        return self.house.root / "collabs" / f"{collab}.git"


def opened(place: Path, port: int = 0) -> Town:
    """Starts a server on a fresh root below ``place`` with an account for everybody; 0 is any free port."""
    os.environ["PYTHONPATH"] = SOURCE  # the server's processes are this very code, installed or not
    house = House(place, port)
    tokens = {
        name: house.run("user", "add", name, *(["--admin"] if name == "ana" else []))["token"]
        for name in PEOPLE
    }
    # also on machines that do not let notebooks be kept apart from the server's files: these are our own
    (house.root / "gitcollab.toml").write_text('run_gates = "yes"\n', encoding="utf-8")
    town = Town(house, house.start())
    for name, token in tokens.items():
        home = place / name
        home.mkdir()
        town.people[name] = Person(name, Client(town.url, token), token, home)
    return town


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One server for all stories that leave it as it is."""
    town = opened(tmp_path_factory.mktemp("town"))
    yield town
    for person in town.people.values():
        person.client.close()
    assert town.house.stop() == 0


@pytest.fixture
def town(served: Town, tmp_path: Path) -> Town:
    """The server, with fresh homes for everybody."""
    for person in served.people.values():
        person.home = tmp_path / person.name
        person.home.mkdir()
    return served


@dataclass
class Shared:
    """A collab of Ana's that Ben is in, each with a file of the notebook; ``watch`` sees every event."""

    town: Town
    collab: str
    path: str
    ana: Path
    ben: Path
    watch: Watch

    @property
    def name(self) -> str:
        """The notebook's name without its suffix."""
        return self.path.removesuffix(".ipynb")

    def save(self, who: str, data: bytes) -> None:
        """An editor writes the file in place."""
        getattr(self, who).write_bytes(data)

    def main(self, at: str = "main") -> bytes:
        return self.town.ana.client.file(self.collab, self.path, at).body

    def until(self, is_so: Callable[[], object], what: str) -> None:
        """Waits for something to be so; looks again at each event."""
        try:
            self.watch.until(lambda: "" if is_so() else what, LONG)
        except NotAsTold:
            kinds = [(e["n"], e["kind"], e["user"]) for e in self.watch.events]
            pytest.fail(f"never: {what}\nevents: {kinds}\n{words(self.town)}")

    def until_all_have(self, data: bytes) -> None:
        """Waits until main and both files hold ``data``, the stamp aside."""
        self.until(lambda: self.main() == data, "main holds it")
        self.until(lambda: strip(self.ana.read_bytes())[0] == data, "Ana's file holds it")
        self.until(lambda: strip(self.ben.read_bytes())[0] == data, "Ben's file holds it")


def words(town: Town) -> str:
    """The end of the server's log."""
    log = town.house.root / "run" / "log"
    return log.read_text(errors="replace")[-3000:] if log.exists() else ""


@pytest.fixture
def shared(town: Town) -> Iterator[Shared]:
    """Ana has shared a notebook of two cells with Ben; its name is its own among all stories."""
    file = town.ana.home / f"work{next(NUMBERS)}.ipynb"
    file.write_bytes(book(a="x = 1\ny = 1\nz = 1\n", b="print(x)"))
    yield from share(town, file)


def share(town: Town, file: Path) -> Iterator[Shared]:
    """Ana shares a file with Ben; yields when he has it."""
    made = town.ana.told("share", "ben", str(file))
    watch = Watch(town.ana.client, made["id"])
    watch.start()
    together = Shared(town, made["id"], file.name, file, Path(made["directory"]) / file.name, watch)
    together.until(together.ben.exists, "Ben has the file")
    together.until(
        lambda: {"saved", "linked"} <= {event["kind"] for event in watch.events}, "the stream says so"
    )
    yield together
    watch.stop()


def book(**sources: str) -> bytes:
    """A notebook of code cells (id: source), as Jupyter writes it."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": id,
            "metadata": {},
            "outputs": [],
            "source": lines(text),
        }
        for id, text in sources.items()
    ]
    return as_saved({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def sources(data: bytes) -> dict[str, str]:
    """Cell ids and sources, in order."""
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(data)["cells"]}


def edited(data: bytes, **new: str) -> bytes:
    """The same notebook with other sources, its metadata (and stamp) as it was: what an editor saves."""
    notebook = json.loads(data)
    for cell in notebook["cells"]:
        if cell["id"] in new:
            cell["source"] = lines(new[cell["id"]])
    return as_saved(notebook)


@pytest.fixture
def actors() -> Any:
    """The functions of this file, for the stories (conftest cannot be imported by name)."""
    return sys.modules[__name__]
