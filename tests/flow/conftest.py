"""Actors for the stages of the flow: people who save, and the daemon's acts on a real repository."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from gitcollab import notebooks
from gitcollab.flow import copies, deliver, items, land, points, settle, snapshot
from gitcollab.model import Item, Person, SessionName, Take
from gitcollab.repository import Repository


def notebook(*cells: tuple[str, str], **metadata: object) -> bytes:
    """A notebook in Jupyter's own form of (id, source) code cells."""
    document = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": name,
                "metadata": {},
                "outputs": [],
                "source": source.splitlines(keepends=True),
            }
            for name, source in cells
        ],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


class House:
    """A collab's repository, with the acts of the daemon as plain verbs and a clock that always advances."""

    def __init__(self, path: Path) -> None:
        self.repo = Repository.create(path)
        self._seconds = itertools.count()
        tree = self.repo.edit(None, {})
        root = self.repo.commit(tree, [], "Begin", author=Person(name="ana"), at=self.now())
        self.repo.move(points.MAIN, root, None)

    def now(self) -> str:
        seconds = next(self._seconds)
        return f"2026-11-20T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"

    def main(self, path: str) -> bytes | None:
        return points.bytes_at(self.repo, self.repo.head(points.MAIN) or "", path)

    def items(self) -> tuple[Item, ...]:
        return items.read_items(self.repo, self.repo.head(points.MAIN) or "")

    def settle(self, item: str, take: Take, source: str | None = None) -> str:
        for session in sessions(self.repo):
            self.land(session)
        decision = settle.Decision(item=item, take=take, user="ana", at=self.now(), source=source)
        return settle.settle(self.repo, decision)

    def land(self, session: SessionName) -> land.Landed | None:
        return land.land(self.repo, session, at=self.now(), is_maintainer=True)

    def deliver_all(self) -> None:
        for session in sessions(self.repo):
            deliver.deliver(self.repo, session, at=self.now())


def sessions(repo: Repository) -> list[SessionName]:
    """Every session with a branch."""
    return [SessionName.parse(ref) for ref in repo.heads("refs/heads/sessions/")]


class Participant:
    """A person with a session; saves land and are delivered to everybody unless told otherwise."""

    def __init__(self, house: House, user: str, name: str = "default") -> None:
        self.house, self.session = house, SessionName(user=user, name=name)
        house.repo.move(self.session.ref, house.repo.head(points.MAIN) or "", None)

    @property
    def head(self) -> str:
        return self.house.repo.head(self.session.ref) or ""

    def reads(self, path: str) -> bytes | None:
        return points.bytes_at(self.house.repo, self.head, path)

    def reads_stamped(self, path: str) -> bytes:
        return notebooks.stamp(self.reads(path) or b"", self.head)

    def saves(
        self, path: str, data: bytes | None, *, base: str | None = None, lands: bool = True
    ) -> snapshot.Snapshot:
        is_stamped = data is not None and path.endswith(".ipynb") and notebooks.strip(data)[1] is not None
        base = base or (None if is_stamped else self.head)
        saving = snapshot.Saving(session=self.session, path=path, data=data, base=base, at=self.house.now())
        saved = snapshot.snapshot(self.house.repo, saving)
        if lands:
            self.house.land(saved.session)
            self.house.deliver_all()
        return saved

    def renames(self, path: str, to: str) -> None:
        data = self.reads(path)
        saving = snapshot.Saving(session=self.session, path=path, to=to, data=data, at=self.house.now())
        snapshot.snapshot(self.house.repo, saving)
        self.house.land(self.session)
        self.house.deliver_all()

    def origin(self, path: str, data: bytes) -> copies.Copy:
        return copies.origin(self.house.repo, self.session, copies.Claim(path=path), data)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "c.git")


@pytest.fixture
def ana(house: House) -> Participant:
    return Participant(house, "ana")


@pytest.fixture
def ben(house: House) -> Participant:
    return Participant(house, "ben")


@pytest.fixture(name="notebook")
def _notebook() -> object:
    return notebook
