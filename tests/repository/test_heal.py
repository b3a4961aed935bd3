"""Heal: what a kill leaves behind is gone afterwards, and only that."""

from __future__ import annotations

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
    assert healed.damaged_refs == ()
    assert Repository(repo.path).heads("refs/") == {"refs/heads/main": first}
    git(repo.path, "fsck", "--full", "--strict")


def test_a_healthy_repository_is_left_alone(repo):
    before = sorted(repo.path.rglob("*"))
    assert heal(repo.path).locks == ()
    assert sorted(repo.path.rglob("*")) == before
