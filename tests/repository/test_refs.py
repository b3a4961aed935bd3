"""Refs: compare-and-swap that loses nothing, whoever else is at it."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from gitcollab.errors import BadInput, Unusable
from gitcollab.model import Person
from gitcollab.repository import Damaged, RefLocked, RefMoved, Repository, heal
from gitcollab.repository.locks import take

MAIN = "refs/heads/main"


def test_a_ref_moves_only_from_where_it_is(repo, commit):
    first, second = commit({"a": "1"}), commit({"a": "2"})
    with pytest.raises(RefMoved):
        repo.move(MAIN, first, second)
    repo.move(MAIN, first, None, "made")
    with pytest.raises(RefMoved) as caught:
        repo.move(MAIN, second, None)
    assert caught.value.data == {"ref": MAIN, "expected": None, "current": first}
    repo.move(MAIN, second, first, "moved\nby us")
    assert repo.head(MAIN) == second
    assert not list(repo.path.rglob("*.lock"))


def test_git_sees_the_log_of_moves(repo, git, commit):
    first, second = commit({"a": "1"}), commit({"a": "2"})
    repo.move(MAIN, first, None, "made")
    repo.move(MAIN, second, first, "moved\nby us")
    assert git(repo.path, "reflog", "show", "--format=%gs", MAIN) == "moved by us\nmade"


def test_a_packed_ref_moves_and_drops(repo, git, commit):
    first, second = commit({"a": "1"}), commit({"a": "2"})
    repo.move(MAIN, first, None)
    repo.move("refs/heads/other", first, None)
    git(repo.path, "pack-refs", "--all")
    repo.move(MAIN, second, first)
    repo.drop("refs/heads/other", first)
    assert repo.heads() == {MAIN: second}
    assert git(repo.path, "for-each-ref", "--format=%(refname) %(objectname)") == f"{MAIN} {second}"
    git(repo.path, "pack-refs", "--all")
    assert repo.heads() == {MAIN: second}
    with pytest.raises(RefMoved):
        repo.drop(MAIN, first)
    repo.drop(MAIN, second)
    assert (repo.heads("refs/"), repo.head(MAIN)) == ({}, None)
    repo.move(MAIN, first, None)


def test_packing_keeps_a_peeled_tag_beside_a_dropped_one(repo, git, commit, ana):
    first = commit({"a": "1"})
    for name in ("a/v1.0.0", "b/v1.0.0"):
        repo.tag(name, first, name, author=ana, at="2026-11-20T10:00:00Z")
    git(repo.path, "pack-refs", "--all")
    repo.drop("refs/tags/a/v1.0.0", repo.head("refs/tags/a/v1.0.0"))
    assert git(repo.path, "show-ref", "-d").splitlines()[-1] == f"{first} refs/tags/b/v1.0.0^{{}}"


def test_a_ref_cannot_stand_above_another(repo, git, commit):
    first = commit({"a": "1"})
    repo.move("refs/heads/sessions/ana/x", first, None)
    for _ in range(2):
        for name in ("refs/heads/sessions/ana", "refs/heads/sessions/ana/x/y"):
            with pytest.raises(Unusable):
                repo.move(name, first, None)
        git(repo.path, "pack-refs", "--all")


def test_a_dropped_directory_of_refs_leaves_its_name_free(repo, commit):
    first = commit({"a": "1"})
    repo.move("refs/heads/a/b/c", first, None)
    repo.drop("refs/heads/a/b/c", first)
    repo.move("refs/heads/a", first, None)
    assert repo.heads() == {"refs/heads/a": first}


@pytest.mark.parametrize(
    "name",
    [
        "main",
        "refs/heads/..",
        "refs/heads/a..b",
        "refs/heads/a.lock",
        "refs/heads/.a",
        "refs/heads/a b",
        "refs/heads/",
        "refs/heads/a\nb",
        "refs/heads/@{1}",
        "refs/heads//a",
        "refs/../config",
        "refs/heads/-a",
        "refs/heads/a.lock/b",
    ],
)
def test_bad_names_are_refused(repo, commit, name: str):
    with pytest.raises(BadInput):
        repo.move(name, commit({"a": "1"}), None)


def test_a_held_lock_is_waited_for_and_then_said_to_be_held(repo, commit):
    first = commit({"a": "1"})
    (repo.path / f"{MAIN}.lock").touch()
    repo.refs.patience = 0.1
    with pytest.raises(RefLocked):
        repo.move(MAIN, first, None)
    assert (repo.path / f"{MAIN}.lock").exists()
    assert heal(repo.path).locks == (f"{MAIN}.lock",)
    repo.move(MAIN, first, None)


def test_an_empty_ref_is_named_as_damaged(repo):
    (repo.path / MAIN).touch()
    with pytest.raises(Damaged):
        repo.head(MAIN)


def build(path: Path, name: str, count: int) -> None:
    repo, person = Repository(path), Person(name=name)
    made = 0
    while made < count:
        tip = repo.head(MAIN)
        new = repo.commit(
            repo.tree_of(tip), [tip], f"{name} {made}", author=person, at="2026-11-20T10:00:00Z"
        )
        try:
            repo.move(MAIN, new, tip)
        except RefMoved:
            continue
        made += 1


def test_nothing_is_lost_when_several_processes_move_one_ref(repo, git, commit):
    repo.move(MAIN, commit({"a": "1"}), None)
    spawn = multiprocessing.get_context("spawn")
    builders = [spawn.Process(target=build, args=(repo.path, f"p{n}", 25)) for n in range(4)]
    for each in builders:
        each.start()
    for each in builders:
        each.join()
    assert [each.exitcode for each in builders] == [0, 0, 0, 0]
    assert len(list(repo.line(repo.head(MAIN)))) == 101
    git(repo.path, "fsck", "--full", "--strict")


def test_git_and_this_room_exclude_each_other(repo, git, commit):
    first, second = commit({"a": "1"}), commit({"a": "2"})
    repo.move(MAIN, first, None)
    lock = take(repo.path, MAIN, patience=0)
    with pytest.raises(AssertionError, match="Unable to create"):
        git(repo.path, "update-ref", MAIN, second)
    lock.release()
    git(repo.path, "update-ref", MAIN, second, first)
    with pytest.raises(RefMoved):
        repo.move(MAIN, second, first)
