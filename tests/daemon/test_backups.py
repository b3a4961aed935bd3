"""Backups that a served root makes by itself."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest


def chosen(root: Path, place: Path) -> None:
    """Chooses where, and to make the next one at once."""
    root.mkdir(mode=0o700, exist_ok=True)
    (root / "gitcollab.toml").write_text(f'backup = "{place}"\nbackup_hours = 0.0001\n')


@pytest.mark.timeout(300)
def test_a_served_root_makes_backups_again_and_again(root: Path, a_server: Any, tmp_path: Path) -> None:
    chosen(root, tmp_path / "copies")
    with a_server(root):
        while len(made := list((tmp_path / "copies").glob("manifests/*.json"))) < 2:
            time.sleep(0.1)
        assert all(json.loads(one.read_bytes())["store"] for one in made)


@pytest.mark.timeout(300)
def test_a_backup_that_fails_is_in_the_log_and_the_server_goes_on(
    root: Path, a_server: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no directory")
    chosen(root, tmp_path / "file")
    with a_server(root) as server:
        while "no backup" not in (root / "run" / "log").read_text():
            time.sleep(0.1)
        assert "ana" == server.client("ana").me()["name"]
