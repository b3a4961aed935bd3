"""The end of a day, with a served root: everybody learns that all is saved, or what is not; old sessions grow thin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitcollab import condition, store
from gitcollab.client import Client
from gitcollab.condition import Evening

pytestmark = pytest.mark.slow
LONG_AGO = "2020-01-01T00:00:00Z"


def until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def typed(root: Path, *words: str) -> Any:
    command = [sys.executable, "-P", "-m", "gitcollab", *words, "--json"]
    ran = subprocess.run(
        command, env={**os.environ, "GITCOLLAB_ROOT": str(root)}, capture_output=True, text=True, check=False
    )
    return json.loads(ran.stdout)


def closed_long_ago(root: Path, collab: str) -> None:
    with store.engine(store.file_url(root / "private" / "gitcollab.sqlite")).begin() as conn:
        store.sessions.close_session(conn, collab, "ana", "old", LONG_AGO)
        store.sessions.open_session(conn, collab, "ana", "old")
        store.sessions.close_session(conn, collab, "ana", "old", LONG_AGO)


def test_an_evening_that_was_missed_is_made_up_for(a_server, tmp_path: Path) -> None:
    root, work = tmp_path / "root", tmp_path / "work"
    work.mkdir()
    (work / "notes.txt").write_text("today\n")
    (work / "elsewhere.txt").symlink_to("/etc/hostname")
    root.mkdir(mode=0o700)
    (root / "gitcollab.toml").write_text('evening = "00:00"\nthin_after = 30\nland = "request"\n')
    with a_server(root) as server:
        ana = server.client("ana")
        collab = ana.share(["ben"], [work])["id"]
        ana.open_session(collab, "old")
        for number in range(15):
            ana.save(collab, "ana/old", "log.txt", b"%d\n" % number)
        ana.close_session(collab, "ana/old")
        dense = ana.log(collab, branch="sessions/ana/old")
        tokens = server.tokens["ana"], server.tokens["ben"]
    closed_long_ago(root, collab)
    (work / "while-away.txt").write_text("nobody watches\n")
    condition.note_evening(root, Evening(at=LONG_AGO))
    with a_server(root, users=()) as server:
        ana, ben = (Client(server.url, token) for token in tokens)
        server.clients |= {"ana": ana, "ben": ben}  # closed with it
        until(lambda: ana.evening(collab))
        (told,) = ana.evening(collab)
        assert ([], [["elsewhere.txt", "outside"]]) == (told.get("unsaved", []), told["skipped"])
        assert b"nobody watches\n" == ana.file(collab, "while-away.txt", f"sessions/{told['session']}").body
        assert ["ben/default"] == [one["session"] for one in ben.evening(collab)]
        until(lambda: typed(root, "archives"))
        (one,) = typed(root, "archives")
        assert ("ana/old", dense[0]["commit"], 15) == (one["session"], one["tip"], one["commits"])
        until(lambda: 15 > len(ana.log(collab, branch="sessions/ana/old")))
        said = {check["name"]: check["said"] for check in typed(root, "doctor")["checks"]}
        assert ("1, ", True) == (said["archives"][:3], "1 skipped" in said["evening"])
        assert "back" == typed(root, "archives", "--bring-back", one["archive"])[0]["state"]
        ana.open_session(collab, "old")
        assert dense == ana.log(collab, branch="sessions/ana/old")
