"""Repositories that people have already, and git as a stranger uses it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Dora Old"), ("EMAIL", "dora@example.org"))
}


class Repository:
    """Somebody's own repository, with its files."""

    def __init__(self, path: Path, *words: str) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "trunk", *words)

    def git(self, *words: str, **more: str) -> str:
        ran = subprocess.run(
            ["git", *words], cwd=self.path, env=os.environ | WHO | more, capture_output=True, text=True
        )
        assert 0 == ran.returncode, ran.stderr
        return ran.stdout.strip()

    def holds(self, files: dict[str, bytes], words: str = "work", **more: str) -> str:
        """Commits files; returns the commit."""
        for name, data in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_bytes(data)
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "-m", words, **more)
        return self.git("rev-parse", "HEAD")

    def bytes_of(self, what: str) -> bytes:
        return subprocess.run(
            ["git", "cat-file", "blob", what], cwd=self.path, capture_output=True, check=True
        ).stdout


def notebook(*sources: str) -> bytes:
    """A notebook as Jupyter writes it."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{n}",
            "metadata": {},
            "outputs": [],
            "source": text.splitlines(keepends=True),
        }
        for n, text in enumerate(sources)
    ]
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, sort_keys=True).encode() + b"\n"


@pytest.fixture(name="notebook")
def _notebook() -> object:
    return notebook


@pytest.fixture(name="opened")
def _opened(server) -> object:
    """A collab that is there, as a stranger's clone of it."""

    def opened(collab: str, place: Path) -> Repository:
        subprocess.run(
            ["git", "clone", "-q", str(server.root / "collabs" / f"{collab}.git"), str(place)], check=True
        )
        made = Repository.__new__(Repository)
        made.path = place
        return made

    return opened


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Dora's, with three commits, the last of which holds a notebook."""
    made = Repository(tmp_path / "tides study")
    made.holds({"README.md": b"Tides\n"}, "Begin")
    made.holds({"data/Ebbe und Flut \xc3\xa4.csv".encode("latin-1").decode(): b"1,2\n"}, "Data")
    made.holds({"tides.ipynb": notebook("x = 1")}, "The notebook")
    return made
