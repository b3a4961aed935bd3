"""Heal: what a kill leaves behind is gone afterwards, and only that."""

from __future__ import annotations

import pytest

from gitcollab.repository import Repository, heal


def test_locks_and_temporaries_go_and_everything_else_stays(repo, git, commit):
    first = commit({"a": "1"})
    repo.move("refs/heads/main", first, None)
    locks = ["HEAD.lock", "config.lock", "packed-refs.lock", "refs/heads/main.lock", "refs/tags/x.lock"]
    temporaries = ["objects/aa/tmp_obj_1", "objects/pack/tmp_pack_x", "objects/tmp_objdir-incoming-1/aa/x"]
    for name in (*locks, *temporaries, "packed-refs.new"):
        (repo.path / name).parent.mkdir(parents=True, exist_ok=True)
        (repo.path / name).touch()
    healed = heal(repo.path)
    assert healed.locks == tuple(sorted(locks))
    assert healed.temporaries == (
        "objects/aa/tmp_obj_1",
        "objects/pack/tmp_pack_x",
        "objects/tmp_objdir-incoming-1",
        "packed-refs.new",
    )
    assert healed.refs == ()
    assert Repository(repo.path).heads("refs/") == {"refs/heads/main": first}
    git(repo.path, "fsck", "--full", "--strict")


def test_a_healthy_repository_is_left_alone(repo):
    before = sorted(repo.path.rglob("*"))
    assert heal(repo.path).locks == ()
    assert sorted(repo.path.rglob("*")) == before


@pytest.mark.parametrize("content", [b"", b"garbage\n", bytes(41), b"ref"])
def test_a_damaged_ref_goes_back_to_what_its_log_says(repo, commit, content: bytes):
    first = commit({"a": "1"})
    second = commit({"a": "2"}, first)
    repo.move("refs/heads/main", first, None)
    repo.move("refs/heads/main", second, first)
    (repo.path / "refs/heads/main").write_bytes(content)
    assert heal(repo.path).refs == (("refs/heads/main", second),)
    assert repo.head("refs/heads/main") == second


def test_a_damaged_ref_without_a_log_is_gone_and_said_so(repo):
    (repo.path / "refs/heads/main").touch()
    assert heal(repo.path).refs == (("refs/heads/main", ""),)
    assert repo.heads("refs/") == {}
