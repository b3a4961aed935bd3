"""The fence on the disk: who slept past its turn moves no branch and adds no object, wherever it goes on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gitcollab.daemon.fence import fence_in, point
from gitcollab.errors import Unusable
from gitcollab.model import Person
from gitcollab.repository import Repository, heal

MAIN = "refs/heads/main"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A root with one repository, whose main is at a first commit."""
    (tmp_path / "collabs").mkdir()
    repo = Repository.create(tmp_path / "collabs" / "x.git")
    repo.move(MAIN, commit(repo, "first"), None)
    return tmp_path


def commit(repo: Repository, text: str) -> str:
    parents = [repo.head(MAIN)] if repo.head(MAIN) else []
    tree = repo.edit(None, {})
    return repo.commit(tree, parents, text, author=Person(name="ana"), at="2026-11-20T10:00:00Z")


def test_everybody_finds_the_repositories_of_who_writes(house: Path) -> None:
    head = Repository(house / "collabs" / "x.git").head(MAIN)
    for fence in (1, 2, 7):
        assert f"collabs.{fence}" == fence_in(house, fence)
        assert head == Repository(house / "collabs" / "x.git").head(MAIN)
    assert ["collabs", "collabs.7"] == sorted(path.name for path in house.iterdir())


def test_a_branch_that_was_about_to_move_when_another_took_over_does_not(house: Path) -> None:
    old = Repository(house / fence_in(house, 1) / "x.git")
    before = old.head(MAIN)
    barrier = old.begin()
    old.move(MAIN, commit(old, "by who fell asleep"), before)
    held = old.refs.prepare(old.refs.unstage())
    del barrier
    new = Repository(house / fence_in(house, 2) / "x.git")
    assert ("refs/heads/main.lock",) == heal(new.path).locks
    with pytest.raises(FileNotFoundError):
        old.refs.place(held)
    assert before == new.head(MAIN)
    moved = commit(new, "by who took over")
    new.move(MAIN, moved, before)
    with pytest.raises(FileNotFoundError):
        old.refs.place(held)
    assert moved == Repository(house / "collabs" / "x.git").head(MAIN)


def test_objects_go_nowhere_either(house: Path) -> None:
    old = Repository(house / fence_in(house, 1) / "x.git")
    fence_in(house, 2)
    with pytest.raises(Exception, match=r"x\.git|No such file|cannot"):
        old.write_blob(b"late")
    assert not Repository(house / "collabs" / "x.git").has(hashlib.sha1(b"blob 4\0late").hexdigest())


def test_who_comes_too_late_takes_nothing(house: Path) -> None:
    fence_in(house, 2)
    with pytest.raises(Unusable, match=r"collabs\.2 is of a later turn"):
        fence_in(house, 1)
    assert (house / "collabs").resolve().name == "collabs.2"


def test_a_link_that_leads_nowhere_is_put_right(house: Path) -> None:
    name = fence_in(house, 2)
    point(house, "collabs.1")  # a node that fell asleep just before
    point(house, name)
    assert (house / "collabs").resolve().name == name
