"""Jupyter's side: real servers, and what the extension does beside them."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from gitcollab_hooks.collaboration import Collaboration
from gitcollab_hooks.notes import Notes

LIMIT = 60.0
"""Seconds within which what should happen must."""


def book(**sources: str) -> dict[str, Any]:
    """A notebook of code cells by id."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": id,
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for id, source in sources.items()
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def as_bytes(notebook: dict[str, Any]) -> bytes:
    """As Jupyter writes it."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def sources(data: bytes) -> dict[str, str]:
    """The cells of a notebook by id."""
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(data)["cells"]}


def eventually(is_so: Callable[[], object], why: object = "") -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + LIMIT
    while not is_so():
        assert time.monotonic() < deadline, why
        time.sleep(0.02)


@dataclass
class Partner:
    """A person's Jupyter side, without Jupyter: what the front end and the hooks would say, one can say here."""

    one: Collaboration
    news: list[Any] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)

    def sync(self, path: str, *, is_saved: bool = True, **more: Any) -> Any:
        """What a tab says that has just loaded or saved a notebook; ``is_saved`` false: it has not."""
        digest = hashlib.sha256(self.one.file(path).read_bytes()).hexdigest() if is_saved else ""
        return self.one.sync({"path": path, "tab": "tab", "hash": digest, **more})

    def write(self, path: str, **sources: str) -> None:
        """What Jupyter does on a save: writes the file in place, with the stamp that the model has."""
        file = self.one.file(path)
        found = json.loads(file.read_bytes())
        made = book(**sources)
        made["metadata"] = found["metadata"]
        file.write_bytes(as_bytes(made))


@pytest.fixture
def partner(
    server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[str], Partner]]:
    """Makes the Jupyter side of a person, who serves the directory of their name."""
    made: list[Partner] = []

    def make(person: str, directory: Path | None = None) -> Partner:
        token = server.client(person).transport.token
        directory = directory or tmp_path / person
        directory.mkdir(exist_ok=True)
        news: list[Any] = []
        one = Collaboration(directory, news.append, Notes(tmp_path / f"{person}.json"))
        one.server = Named(server.url, token)  # type: ignore[assignment]
        one.taking._server = one.news._server = one.server
        one.start()
        made.append(Partner(one, news))
        return made[-1]

    yield make
    for each in made:
        each.one.stop()
        each.one.taking._thread.join(LIMIT)
        each.one.server.close()


class Named:
    """Finds the server as the environment of one person's Jupyter would name it; two persons share this test."""

    def __init__(self, url: str, token: str) -> None:
        from gitcollab.client import Client

        self.url, self._client = url, Client(url, token)

    def client(self) -> Any:
        """The client."""
        return self._client

    def close(self) -> None:
        """Closes the connection of this thread."""
        self._client.close()
