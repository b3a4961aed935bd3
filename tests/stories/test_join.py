"""Cleo works on another machine: nothing but HTTP between her directory and the collab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitcollab.notebooks import strip


def invitation(shared) -> str:
    return shared.town.ana.told("invite", shared.collab)["link"]


def test_a_link_is_all_that_is_needed_and_once_exchanges_both_ways(shared, actors) -> None:
    cleo = shared.town.cleo
    done = cleo.types("join", invitation(shared), "desk", "--once", "--json")
    assert 0 == done.returncode, done.stderr
    told = json.loads(done.stdout)
    assert (shared.collab, "cleo/default") == (told["collab"], told["session"])
    file = cleo.home / "desk" / shared.path
    assert shared.main() == strip(file.read_bytes())[0]
    file.write_bytes(actors.edited(file.read_bytes(), b="print('Cleo')"))
    shared.save("ana", actors.edited(shared.ana.read_bytes(), a="x = 11"))
    shared.until(lambda: b"x = 11" in shared.main(), "Ana's edit lands")
    assert 0 == cleo.types("join", shared.collab, "desk", "--once").returncode
    both = {"a": "x = 11", "b": "print('Cleo')"}
    shared.until(lambda: both == actors.sources(shared.ben.read_bytes()), "Ben has both edits")
    assert both == actors.sources(file.read_bytes())
    assert [shared.path] == [p.name for p in file.parent.iterdir() if p.name != "collab.toml"]


def test_the_same_line_from_afar_is_contested_and_nobody_loses_theirs(shared, actors) -> None:
    cleo = shared.town.cleo
    assert 0 == cleo.types("join", invitation(shared), "desk", "--once").returncode
    file = cleo.home / "desk" / shared.path
    file.write_bytes(actors.edited(file.read_bytes(), b="print('Cleo')"))
    shared.save("ana", actors.edited(shared.ana.read_bytes(), b="print('Ana')"))
    shared.until(lambda: b"'Ana'" in shared.main(), "Ana's edit lands")
    assert 0 == cleo.types("join", shared.collab, "desk", "--once").returncode
    (item,) = cleo.told_contested(shared.collab)
    assert ("print('Ana')", "print('Cleo')", "cleo") == (item["shared"], item["session"], item["user"])
    assert "print('Cleo')" == actors.sources(file.read_bytes())["b"]


def test_join_keeps_running_until_its_person_leaves(shared, actors) -> None:
    cleo = shared.town.cleo
    with cleo.runs("join", invitation(shared), "desk") as joining:
        file = cleo.home / "desk" / shared.path
        shared.until(file.exists, "Cleo has the notebook")
        shared.save("ana", actors.edited(shared.ana.read_bytes(), a="x = 12"))
        shared.until(lambda: b"x = 12" in file.read_bytes(), "Ana's edit reaches Cleo")
        file.write_bytes(actors.edited(file.read_bytes(), b="print(12)"))
        shared.until(lambda: b"print(12)" in shared.ana.read_bytes(), "Cleo's edit reaches Ana")
        done = cleo.types("leave", cwd=file.parent)
        assert 0 == done.returncode, done.stderr
        assert 0 == joining.wait(timeout=120)
    assert file.exists()


def test_a_link_that_was_revoked_opens_nothing(shared) -> None:
    made = shared.town.ana.told("invite", shared.collab)
    shared.town.ana.types("revoke", shared.collab, made["id"])
    done = shared.town.cleo.types("join", made["link"], "desk", "--once")
    assert (3, False) == (done.returncode, (shared.town.cleo.home / "desk").exists())


def test_git_clones_over_http_with_a_token_as_password(shared, tmp_path: Path) -> None:
    url = f"{shared.town.url}/git/{shared.collab}.git"
    asked = tmp_path / "askpass"
    asked.write_text(f"#!{sys.executable}\nprint({shared.town.ben.token!r})\n")
    asked.chmod(0o700)
    clone = subprocess.run(
        ["git", "clone", "-q", url.replace("http://", "http://ben@"), str(tmp_path / "clone")],
        env={**os.environ, "GIT_ASKPASS": str(asked)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (0, "") == (clone.returncode, clone.stderr)
    assert shared.main() == (tmp_path / "clone" / shared.path).read_bytes()
    stranger = subprocess.run(
        ["git", "ls-remote", url],
        capture_output=True,
        timeout=180,
        check=False,
        env={**os.environ, "GIT_ASKPASS": "false"},
    )
    assert stranger.returncode != 0


@pytest.fixture(autouse=True)
def fresh_memory(hermetic: Path) -> None:
    """What `join` remembers lies in the test's own home."""
    assert not (hermetic / ".local" / "state").exists()
