"""Cleo works inside a git repository that she has already: it stays hers, and the collab leaves a branch there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gitcollab.notebooks import strip

WHO = {f"GIT_{role}_{what}": "cleo" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(place: Path, *words: str) -> str:
    ran = subprocess.run(
        ["git", *words], cwd=place, env=os.environ | WHO, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


def own(place: Path) -> dict[str, bytes]:
    """What git itself keeps of a repository, but for objects."""
    files = (path for path in (place / ".git").rglob("*") if path.is_file() and "objects" not in path.parts)
    return {str(path.relative_to(place)): path.read_bytes() for path in files}


@pytest.fixture
def repository(shared) -> Path:
    """A repository of Cleo's with a commit, a staged change, a hook and a setting of her own."""
    place = shared.town.cleo.home / "project"
    place.mkdir()
    git(place, "init", "-q", "-b", "trunk")
    (place / "paper.txt").write_text("one\n")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "Begin")
    (place / "paper.txt").write_text("two\n")
    git(place, "add", "-A")
    git(place, "config", "core.commentChar", ";")
    hook = place / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    return place


def test_it_stays_as_it_was_and_the_work_is_left_as_a_branch(shared, actors, repository: Path) -> None:
    cleo, desk = shared.town.cleo, repository / "joint"
    before = own(repository)
    link = shared.town.ana.told("invite", shared.collab)["link"]
    assert 0 == cleo.types("join", link, str(desk), "--once").returncode
    file = desk / shared.path
    file.write_bytes(actors.edited(file.read_bytes(), b="print('Cleo')"))
    assert 0 == cleo.types("join", shared.collab, str(desk), "--once").returncode
    assert before == own(repository)
    told = cleo.told("leave", cwd=desk)
    branch = told["own_branch"]
    after = own(repository)
    new = {f".git/refs/heads/{branch}", f".git/logs/refs/heads/{branch}"}
    assert (before, new) == ({name: after[name] for name in before}, after.keys() - before.keys())
    assert "refs/heads/trunk" == git(repository, "symbolic-ref", "HEAD")
    assert strip(file.read_bytes())[0] == git_bytes(repository, f"{branch}:{shared.path}")
    assert f"Save {shared.path}" in git(repository, "log", "--format=%s", branch).splitlines()
    elsewhere = cleo.home / "elsewhere.git"
    git(cleo.home, "init", "-q", "--bare", str(elsewhere))
    git(repository, "push", "-q", str(elsewhere), branch)
    assert git(repository, "rev-parse", branch) == git(elsewhere, "rev-parse", branch)


def git_bytes(place: Path, what: str) -> bytes:
    return subprocess.run(
        ["git", "cat-file", "blob", what], cwd=place, capture_output=True, check=True
    ).stdout


@pytest.fixture(autouse=True)
def fresh_memory(hermetic: Path) -> None:
    """What `join` remembers lies in the test's own home."""
    assert not (hermetic / ".local" / "state").exists()
