"""`gitcollab doctor` says what is wrong and how to mend it."""

from __future__ import annotations

import json
from pathlib import Path

from gitcollab.cli import accounts
from gitcollab.repository import Repository


def told(done) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["state"], check["hint"]) for check in json.loads(done.stdout)["checks"]}


def test_a_root_without_its_server_is_not_well(typed, root: Path) -> None:
    accounts.add(root, "ana")
    done = typed("doctor", "--json", GITCOLLAB_ROOT=str(root))
    assert 1 == done.returncode, done.stderr
    found = told(done)
    assert ("bad", f"start it: gitcollab serve --root {root}") == found["server"]
    assert {"git", "root", "private", "locks", "database", "repositories", "workspaces"} <= {
        name for name, (state, _) in found.items() if state == "good"
    }


def test_open_permissions_left_locks_and_damage_are_named(typed, root: Path) -> None:
    accounts.add(root, "ana")
    (root / "private").chmod(0o755)
    (root / "collabs").mkdir()
    Repository.create(root / "collabs" / "cabcdefg23.git")
    loose = root / "collabs" / "cabcdefg23.git" / "objects" / "aa"
    loose.mkdir()
    (loose / ("b" * 38)).write_bytes(b"no object")
    (root / "collabs" / "cabcdefg23.git" / "HEAD.lock").touch()
    found = told(typed("doctor", "--json", GITCOLLAB_ROOT=str(root)))
    assert ("bad", f"chmod 700 {root / 'private'}") == found["private"]
    assert "bad" == found["locks"][0]
    assert "bad" == found["repository cabcdefg23"][0]


def test_a_root_that_is_not_there_is_told(typed, tmp_path: Path) -> None:
    done = typed("doctor", GITCOLLAB_ROOT=str(tmp_path / "none"))
    assert 1 == done.returncode
    assert "✗ root" in done.stdout
