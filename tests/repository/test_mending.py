"""Damage: found without libgit2, put aside, healed where there is a copy, and named where there is none."""

from __future__ import annotations

import contextlib
import shutil

import pytest

from gitcollab.model import Person
from gitcollab.repository import Damaged, Mended, Place, Repository, faults, mend, places

MAIN = "refs/heads/main"


def cut(repo: Repository, oid: str) -> None:
    path = repo.path / "objects" / oid[:2] / oid[2:]
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[: len(data) // 2])


def test_a_sound_repository_has_nothing_to_mend(repo, commit):
    repo.move(MAIN, commit({"a": "1"}), None)
    assert mend(repo) == Mended()
    assert faults(repo.path) == ()


@pytest.mark.timeout(20)
def test_a_lost_file_is_named_with_its_path_and_commit_and_comes_back_with_the_next_save(repo, git, commit):
    first = commit({"d/a.txt": "one " * 50, "b": "2"})
    repo.move(MAIN, first, None)
    blob = repo.entry(first, "d/a.txt").oid
    cut(repo, blob)
    again = Repository(repo.path)
    assert mend(again) == Mended(lost=(blob,))
    assert places(again, [blob]) == (Place(blob, "d/a.txt", first),)
    assert any(blob in line for line in faults(repo.path))
    assert again.write_blob(b"one " * 50) == blob
    assert faults(repo.path) == ()
    git(repo.path, "fsck", "--full", "--strict")


@pytest.mark.timeout(20)
def test_a_damaged_copy_of_a_packed_object_is_simply_dropped(repo, git, commit, tmp_path):
    first = commit({"a": "1" * 200})
    repo.move(MAIN, first, None)
    shutil.copytree(repo.path / "objects", tmp_path / "objects")
    git(repo.path, "repack", "-adq")
    for each in (tmp_path / "objects").glob("??/*"):
        target = repo.path / "objects" / each.parent.name / each.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(each, target)
    blob = repo.entry(first, "a").oid
    cut(repo, blob)
    again = Repository(repo.path)
    assert mend(again) == Mended(healed=(blob,))
    assert again.blob(blob) == b"1" * 200


@pytest.mark.timeout(20)
@pytest.mark.parametrize("where", [0, 8, 12, 20, 30, 60, 100, 150, -40, -25, -4])
def test_damage_in_a_pack_is_never_waited_for(repo, git, commit, where: int):
    first = commit({"a.txt": "some text\n" * 30})
    second = commit({"a.txt": "some text\n" * 30 + "more\n"}, first)
    repo.move(MAIN, second, None)
    git(repo.path, "repack", "-adq")
    (pack,) = (repo.path / "objects" / "pack").glob("*.pack")
    data = bytearray(pack.read_bytes())
    data[where] ^= 0xFF
    pack.unlink()
    pack.write_bytes(data)
    with contextlib.suppress(Damaged):
        again = Repository(repo.path)
        for oid in (first, second):
            entries = again.entries(again.read(oid).tree)
            again.blob(entries["a.txt"].oid)


@pytest.mark.timeout(20)
def test_a_cut_commit_or_tree_stops_no_reader(repo, commit):
    first = commit({"d/a": "1"})
    second = commit({"d/a": "2"}, first)
    repo.move(MAIN, second, None)
    tree = repo.entry(first, "d").oid
    cut(repo, tree)
    cut(repo, first)
    again = Repository(repo.path)
    with pytest.raises(Damaged):
        list(again.log(second))
    with pytest.raises(Damaged):
        again.merge_bases(first, second)
    assert set(mend(again).lost) == {first, tree}
    assert places(again, [tree]) == ()


def test_tags_are_no_hindrance_to_naming_what_is_lost(repo, commit):
    first = commit({"a.txt": "1"})
    repo.move(MAIN, first, None)
    repo.tag("a/v1.0.0", first, "one", author=Person(name="ana"), at="2026-11-20T10:00:00Z")
    blob = repo.entry(first, "a.txt").oid
    cut(repo, blob)
    again = Repository(repo.path)
    assert (blob,) == mend(again).lost
    assert (Place(blob, "a.txt", first),) == places(again, [blob])
