"""Upkeep: a crash is told from a clean stop, and what it left is cleared and looked at."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path

import anyio
import pytest

from gitcollab.collab import Place
from gitcollab.model import Person
from gitcollab.repository import Entry, Repository, loose
from gitcollab.repository import running as git
from gitcollab.writer import upkeep
from gitcollab.writer.upkeep import _pack, heal_all, running


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for name in ("collabs", "private"):
        (tmp_path / name).mkdir()
    return Place(tmp_path)


@pytest.fixture
def repo(place: Place) -> Repository:
    repo = Repository.create(place.repository("cabcdefghi"))
    tree = repo.edit(None, {})
    root = repo.commit(tree, [], "Begin", author=Person(name="ana"), at="2026-11-20T10:00:00Z")
    repo.move("refs/heads/main", root, None)
    return repo


def test_a_start_knows_whether_the_last_stop_was_clean(place):
    private = place.root / "private"
    with running(private) as since:
        assert since is None
    with running(private) as since:
        assert since is None
    with pytest.raises(KeyboardInterrupt), running(private):
        raise KeyboardInterrupt  # as a kill: nothing is tidied
    with running(private) as since:
        assert since == (private / "stopped-cleanly").stat().st_mtime


def test_a_stale_lock_no_longer_blocks(place, repo):
    lock = repo.path / "refs" / "heads" / "main.lock"
    lock.touch()
    heal_all(place, None)
    assert not lock.exists()


def test_an_object_damaged_by_a_crash_is_put_aside(place, repo, capsys):
    oid = repo.write_blob(b"half a notebook")
    repo.sync()
    path = repo.path / "objects" / oid[:2] / oid[2:]
    os.chmod(path, 0o644)
    path.write_bytes(path.read_bytes()[:5])
    heal_all(place, 0.0)
    assert not path.exists()
    assert Repository(repo.path).write_blob(b"half a notebook") == oid
    assert path.exists()


def test_packing_leaves_everything_in_place(repo):
    tip = repo.head("refs/heads/main")
    for n in range(1300):
        entry_tree = repo.edit(None, {"n.txt": _entry(repo, n)})
        tip = repo.commit(entry_tree, [tip], f"{n}", author=Person(name="ana"), at="2026-11-20T10:00:00Z")
    repo.move("refs/heads/main", tip, repo.head("refs/heads/main"))
    assert loose(repo.path).is_due
    _pack(repo.path)
    assert not loose(repo.path).is_due
    done = subprocess.run(["git", "-C", str(repo.path), "fsck", "--full"], capture_output=True, check=True)
    assert b"missing" not in done.stdout + done.stderr
    assert Repository(repo.path).head("refs/heads/main") == tip


def _entry(repo: Repository, number: int) -> Entry:
    return Entry(repo.write_blob(json.dumps({"n": number}).encode()))


async def test_a_stop_ends_the_packing_under_way(
    place: Place, repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def packs_for_ever(path: Path) -> None:
        begun.set()
        git.run(path, "-c", "alias.long=!exec sleep 1000", "long", deadline=1000)

    monkeypatch.setattr(upkeep, "PERIOD", 0.01)
    monkeypatch.setattr(upkeep, "_pack", packs_for_ever)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(upkeep.pack_as_it_grows, place)
            while not (begun.is_set() and git._RUNNING):  # noqa: ASYNC110  # another thread starts it
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
        while git._RUNNING:  # noqa: ASYNC110  # another thread waits for its end
            await anyio.sleep(0.01)
