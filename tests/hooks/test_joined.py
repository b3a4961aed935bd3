"""A directory that `gitcollab join` looks after, for a server that cannot see it: as live as one that it can."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitcollab.workers.limits import die_with

from .conftest import LIMIT, Partner, as_bytes, book, eventually, sources

Make = Callable[..., Partner]


@pytest.fixture
def ana(partner: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Partner:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = partner("ana")
    (made.one.root / "plan.ipynb").write_bytes(as_bytes(book(a="x = 1\n", b="y = 1\n")))
    return made


@pytest.fixture
def ben(server: Any, ana: Partner, partner: Make, tmp_path: Path) -> Iterator[Partner]:
    """Ben, whose directory a running `join` looks after."""
    collab = server.client("ana").share(["ben"], [ana.one.root / "plan.ipynb"])["id"]
    made = partner("ben")
    env = {**os.environ, "GITCOLLAB_URL": server.url, "GITCOLLAB_TOKEN": server.tokens["ben"]}
    me = os.getpid()
    with (tmp_path / "join.out").open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "gitcollab", "join", collab, str(made.one.root), "--session", "desk"],
            env={**env, "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=lambda: die_with(me),
        )
    with running:
        eventually((made.one.root / "plan.ipynb").exists, (tmp_path / "join.out").read_text)
        yield made
        running.terminate()
        running.wait(LIMIT)


def test_a_notebook_there_is_known_saved_and_patched(server: Any, ana: Partner, ben: Partner) -> None:
    opened = ben.sync("plan.ipynb")
    assert (True, "ben/desk", None) == (opened["tracked"], opened["session"], opened["patch"])
    assert {"path": "plan.ipynb", "is_notebook": True} == ben.one.open(opened["collab"])
    before = (ben.one.root / "plan.ipynb").read_bytes()
    ana.write("plan.ipynb", a="x = 2\n", b="y = 1\n")
    ana.sync("plan.ipynb")
    asked = {"is_saved": False, "version": opened["version"]}
    eventually(lambda: ben.sync("plan.ipynb", **asked)["patch"])
    assert ["a"] == [*ben.sync("plan.ipynb", **asked)["patch"]["cells"]]
    assert before == (ben.one.root / "plan.ipynb").read_bytes()
    ben.write("plan.ipynb", a="x = 1\n", b="y = 3\n")
    saved = ben.sync("plan.ipynb", version=opened["version"])
    assert saved["receipt"]["snapshot"]
    collab = opened["collab"]
    wanted = {"a": "x = 2\n", "b": "y = 3\n"}
    eventually(lambda: wanted == sources(server.client("ana").file(collab, "plan.ipynb").body))
    ben.one.release("plan.ipynb", "tab")
    eventually(lambda: wanted == sources((ben.one.root / "plan.ipynb").read_bytes()))
    assert [] == server.client("ana").contested(collab)
