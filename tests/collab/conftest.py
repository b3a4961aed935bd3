"""A collab with its store, as the writer holds it, and people who act in plain verbs."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitcollab import acts, notebooks, store
from gitcollab.collab import Collab, Given, Place
from gitcollab.events import AnyEvent
from gitcollab.flow.charter import Charter
from gitcollab.flow.items import read_items
from gitcollab.flow.points import MAIN, bytes_at
from gitcollab.model import Actor, Item, Receipt, Role, SessionName, Take
from gitcollab.repository import Repository
from gitcollab.store import collabs, journal, members, people

ID = "cabcdefghi"
GIT = ("git", "-c", "protocol.file.allow=always")


def notebook(*cells: tuple[str, str]) -> bytes:
    """A notebook in Jupyter's own form of (id, source) code cells."""
    made = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": name,
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for name, source in cells
    ]
    document = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


class Stage:
    """One collab of Ana's in which Ben is an editor and Vic a viewer."""

    def __init__(self, root: Path) -> None:
        url = store.file_url(root / "db.sqlite")
        store.migrate(url)
        self.engine = store.engine(url)
        place = Place(root)
        place.repository(ID).parent.mkdir()
        self.told: list[AnyEvent] = []
        self.hear: Callable[[AnyEvent], object] = lambda event: None
        clock = (f"2026-11-20T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z" for n in itertools.count())
        self.given = Given(place=place, engine=self.engine, clock=lambda: next(clock), tell=self._tell)
        with self.engine.begin() as conn:
            for name in ("ana", "ben", "vic", "out"):
                people.add_person(conn, name)
            collabs.add_collab(conn, ID, "work", "", (), "ana")
            members.set_member(conn, ID, "ben", Role.EDITOR)
            members.set_member(conn, ID, "vic", Role.VIEWER)
        self.collab = Collab.begin(ID, self.given, Charter(title="work"), "ana")
        self.repo = Repository(place.repository(ID))

    def _tell(self, event: AnyEvent) -> None:
        self.told.append(event)
        self.hear(event)

    def restart(self) -> tuple[AnyEvent, ...]:
        self.told.clear()
        self.collab = Collab(ID, self.given)
        return self.collab.recover()

    def main(self, path: str) -> bytes | None:
        return bytes_at(self.repo, self.repo.head(MAIN) or "", path)

    def items(self) -> tuple[Item, ...]:
        return read_items(self.repo, self.repo.head(MAIN) or "")

    def events(self) -> list[AnyEvent]:
        with self.engine.connect() as conn:
            return list(journal.since(conn, ID, 0, 10_000))

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events()]

    def settle(self, user: str, item: str, take: Take, **more: object) -> Receipt:
        return self.collab.settle(
            acts.Settle(actor=Actor(user=user), collab=ID, item=item, take=take, **more)
        )


class Person:
    """Somebody with an open session."""

    def __init__(self, stage: Stage, user: str, name: str = "default") -> None:
        self.stage, self.user = stage, user
        act = acts.OpenSession(actor=Actor(user=user), collab=ID, name=name)
        self.opened = stage.collab.open_session(act)
        self.session = SessionName.parse(self.opened.session)

    @property
    def head(self) -> str:
        return self.stage.repo.head(self.session.ref) or ""

    def reads(self, path: str) -> bytes | None:
        return bytes_at(self.stage.repo, self.head, path)

    def loads(self, path: str) -> bytes:
        """The file as an editor gets it, with its stamp."""
        return notebooks.stamp(self.reads(path) or b"", self.head)

    def saves(self, path: str, data: bytes | None, base: str | None = None, **more: object) -> Receipt:
        who = {"actor": Actor(user=self.user), "collab": ID, "session": self.session}
        return self.stage.collab.save(acts.Save(**who, path=path, data=data, base=base, **more))

    def leaves(self) -> None:
        who = {"actor": Actor(user=self.user), "collab": ID, "session": self.session}
        self.stage.collab.close_session(acts.CloseSession(**who))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def ana(stage: Stage) -> Person:
    return Person(stage, "ana")


@pytest.fixture
def ben(stage: Stage) -> Person:
    return Person(stage, "ben")


@pytest.fixture(name="person")
def _person() -> type[Person]:
    return Person


@pytest.fixture(name="notebook")
def _notebook() -> object:
    return notebook


class Clone:
    """Somebody's clone, made and pushed by stock git; ``push`` brings the objects and asks the collab."""

    def __init__(self, stage: Stage, path: Path, user: str) -> None:
        self.stage, self.path, self.user = stage, path, user
        self.served = str(stage.given.place.repository(ID))
        subprocess.run(["git", "clone", "-q", self.served, str(path)], check=True)
        self.git("config", "user.name", user.title())
        self.git("config", "user.email", f"{user}@uni.example")

    def git(self, *words: str, **more: str) -> str:
        ran = subprocess.run(
            ["git", "-C", str(self.path), *words],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | more,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def writes(self, path: str, data: bytes | str) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())

    def commits(self, path: str, data: bytes | str, message: str = "Edit", **more: str) -> str:
        self.writes(path, data)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, **more)
        return self.git("rev-parse", "HEAD")

    def pulls(self, *words: str) -> None:
        self.git("fetch", "-q", "origin")
        self.git("merge", "-q", "--no-edit", *words, "origin/main")

    def pushes(self, ref: str, **more: object) -> acts.Pushed:
        new = self.git("rev-parse", "HEAD")
        subprocess.run([*GIT, f"--git-dir={self.served}", "fetch", "-q", str(self.path), "HEAD"], check=True)
        full = f"refs/heads/{ref}"
        seen = {"old": self.stage.repo.head(full), "new": new} | more
        act = acts.Push(actor=Actor(user=self.user), collab=ID, ref=full, **seen)
        return self.stage.collab.push(act)


@pytest.fixture(name="clone")
def _clone(stage: Stage, ana: Person, tmp_path: Path) -> Callable[[str], Clone]:
    ana.saves("text.txt", b"one\ntwo\nthree\n")
    return lambda user: Clone(stage, tmp_path / f"clone-{user}", user)
