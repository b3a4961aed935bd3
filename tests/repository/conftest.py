"""What the git room's tests share: a fresh repository, the git program as oracle, and a person."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitcollab.model import Person
from gitcollab.repository import Entry, Repository

Git = Callable[..., str]


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "c.git")


@pytest.fixture
def ana() -> Person:
    return Person(name="ana", display="Ana Lima")


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Runs the git program on a repository and returns what it printed; fails when it fails."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Git",
        "GIT_AUTHOR_EMAIL": "git@example.invalid",
        "GIT_COMMITTER_NAME": "Git",
        "GIT_COMMITTER_EMAIL": "git@example.invalid",
        "LC_ALL": "C",
    }

    def run(path: Path, *words: str, **more: object) -> str:
        done = subprocess.run(
            ["git", "-C", str(path), *words], env=env, capture_output=True, text=True, check=False, **more
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def commit(repo: Repository, ana: Person) -> Callable[..., str]:
    """Commits files, {path: content or None}, on top of parents; returns the id. Moves no ref."""
    clock = iter(range(10_000))

    def make(
        files: dict[str, str | None], *parents: str, message: str = "A change", at: str = "", **trailers: str
    ) -> str:
        edits = {
            path: None if text is None else Entry(repo.write_blob(text.encode()))
            for path, text in files.items()
        }
        tree = repo.edit(parents[0] if parents else None, edits)
        minutes, seconds = divmod(next(clock), 60)
        at = at or f"2026-11-20T{10 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}Z"
        return repo.commit(tree, parents, message, author=ana, at=at, trailers=trailers)

    return make
