"""Crashes: whatever call to the system is the last one, or fails, nothing acknowledged is lost and all heals.

A save is run in a child that dies, or is refused, at its n-th call; n goes up until the save runs through.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitcollab.errors import GitcollabError
from gitcollab.model import Person
from gitcollab.repository import Entry, Repository, TagExists, faults, heal, mend

MAIN, OTHER = "refs/heads/main", "refs/heads/sessions/ana/default"
CALLS = ("open", "write", "fsync", "rename", "mkdir", "unlink", "close", "rmdir")
WRITING = ("open", "write", "fsync", "rename", "mkdir", "close")
"""The calls that a full or failing disk refuses; the others only free."""
ANA = Person(name="ana")
AT = "2026-11-20T10:00:00Z"
DIED, ACKNOWLEDGED, REFUSED = 9, 0, 3

Act = Callable[[Repository], None]


def save(repo: Repository, ref: str = MAIN, text: bytes = b"new\n") -> None:
    tip = repo.head(ref)
    tree = repo.edit(tip, {"deep/er/a.txt": Entry(repo.write_blob(text))})
    repo.move(ref, repo.commit(tree, [tip] if tip else [], "Save", author=ANA, at=AT), tip)


def save_together(repo: Repository) -> None:
    with repo.barrier():
        save(repo)
        save(repo, OTHER)
        save(repo, OTHER, b"newer\n")


def publish(repo: Repository) -> None:
    save(repo)
    tip = repo.head(MAIN)
    assert tip
    repo.tag("a/v1.0.0", tip, "One", author=ANA, at=AT)
    repo.move("refs/heads/blessed", tip, None)


def drop(repo: Repository) -> None:
    old = repo.head("refs/heads/old")
    assert old
    repo.drop("refs/heads/old", old)


class Counted:
    """Lets calls to the system through until the n-th, which is ``instead``."""

    def __init__(self, last: int, instead: Callable[[], object]) -> None:
        self.left, self.instead = last, instead

    def wrap(self, call: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **kwargs: object) -> object:
            self.left -= 1
            if self.left == 0:
                self.instead()
            return call(*args, **kwargs)

        return counted

    def install(self) -> None:
        for name in CALLS:
            setattr(os, name, self.wrap(getattr(os, name)))


def in_child(path: Path, act: Act, last: int, instead: Callable[[], object]) -> int:
    """Runs the act in a fork whose n-th call is replaced; returns how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        repo = Repository(path)
        repo.refs.patience = 0.05
        Counted(last, instead).install()
        act(repo)
    except (GitcollabError, OSError):
        os._exit(REFUSED)
    except BaseException:
        os._exit(1)
    os._exit(ACKNOWLEDGED)


@pytest.fixture
def old(repo, git) -> dict[str, str]:
    """A repository with some history, packed, and a loose ref beside packed ones."""
    save(repo, text=b"old\n")
    repo.move("refs/heads/old", repo.head(MAIN), None)
    git(repo.path, "repack", "-adq")
    git(repo.path, "pack-refs", "--all")
    save(repo, text=b"older\n")
    return repo.heads("refs/")


def points(repo: Repository, act: Act, instead: Callable[[], object]) -> Iterator[tuple[int, Repository]]:
    """Yields, for each point at which the act was interrupted, how it ended and a copy of what it left."""
    for last in range(1, 1000):
        path = repo.path.with_name(f"copy-{last}.git")
        shutil.copytree(repo.path, path)
        ended = in_child(path, act, last, instead)
        yield ended, Repository(path)
        shutil.rmtree(path)
        if ended == ACKNOWLEDGED:
            return


ACTS = {"save": save, "save together": save_together, "publish": publish, "drop": drop}
DONE = {
    "save": lambda refs, old: refs[MAIN] != old[MAIN],
    "save together": lambda refs, old: refs[MAIN] != old[MAIN] and OTHER in refs,
    "publish": lambda refs, old: (
        refs.get("refs/heads/blessed") == refs[MAIN] and "refs/tags/a/v1.0.0" in refs
    ),
    "drop": lambda refs, old: "refs/heads/old" not in refs,
}


SHORT_FIRST = ["save", *(pytest.param(name, marks=pytest.mark.slow) for name in ACTS if name != "save")]


@pytest.mark.parametrize("name", SHORT_FIRST)
def test_a_kill_at_any_call_leaves_the_old_or_the_new_state_and_heals(repo, git, old, name: str):
    for ended, left in points(repo, ACTS[name], lambda: os._exit(DIED)):
        assert ended in {DIED, ACKNOWLEDGED}
        assert heal(left.path).refs == ()
        assert mend(left).lost == ()
        refs = left.heads("refs/")
        assert all(left.entries(oid) for oid in refs.values())
        if ended == ACKNOWLEDGED:
            assert DONE[name](refs, old)
        assert faults(left.path) == ()
        save(left, text=b"next\n")
        assert not list(left.path.rglob("*.lock"))
        assert not list(left.path.rglob("tmp_obj*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "number"), [("save", errno.ENOSPC), ("save", errno.EIO), ("publish", errno.ENOSPC)]
)
def test_a_refusal_at_any_call_is_said_and_is_in_nobodys_way(
    repo, git, old, monkeypatch, name: str, number: int
):
    def refuse() -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setitem(globals(), "CALLS", WRITING)
    for ended, left in points(repo, ACTS[name], refuse):
        assert ended in {REFUSED, ACKNOWLEDGED}
        if ended == ACKNOWLEDGED:
            assert DONE[name](left.heads("refs/"), old)
        save(left, text=b"next\n")
        save(left, OTHER, b"next\n")
    git(repo.path, "fsck", "--full", "--strict")


@pytest.mark.slow
def test_a_tag_is_never_won_twice_when_its_winner_dies(repo, old):
    for ended, left in points(repo, publish, lambda: os._exit(DIED)):
        heal(left.path)
        known = left.tags("a/")
        if known:
            with pytest.raises(TagExists):
                left.tag("a/v1.0.0", left.head(MAIN), "Another", author=ANA, at=AT)
        else:
            assert ended == DIED
            left.tag("a/v1.0.0", left.head(MAIN), "Another", author=ANA, at=AT)
