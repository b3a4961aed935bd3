"""Objects: durable, verified, and never handed to libgit2 while damaged."""

from __future__ import annotations

import os
import zlib

import pytest

from gitcollab.errors import NoSpace, TooLarge, Unavailable
from gitcollab.repository import Damaged, Repository

DAMAGE = {
    "empty": lambda data: b"",
    "cut in half": lambda data: data[: len(data) // 2],
    "one byte short": lambda data: data[:-1],
    "four bytes short": lambda data: data[:-4],
    "one bit turned": lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
    "another object": lambda data: zlib.compress(b"blob 5\0other"),
    "a tail": lambda data: data + b"tail",
    "zeros": lambda data: bytes(len(data)),
}


def path_of(repo: Repository, oid: str):
    return repo.path / "objects" / oid[:2] / oid[2:]


def damage(repo: Repository, oid: str, how: str) -> None:
    path = path_of(repo, oid)
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(DAMAGE[how](data))


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 3_000_000])
def test_git_reads_a_blob_of_any_size(repo, git, size: int):
    data = os.urandom(size)
    oid = repo.write_blob(data)
    assert git(repo.path, "hash-object", "--stdin-paths", input=f"{path_of(repo, oid)}\n") != oid
    assert git(repo.path, "cat-file", "-s", oid) == str(size)
    assert repo.blob(oid) == data
    git(repo.path, "fsck", "--full", "--strict")


def test_known_content_is_not_written_again(repo):
    oid = repo.write_blob(b"same")
    before = path_of(repo, oid).stat().st_ino
    assert repo.write_blob(b"same") == oid
    assert path_of(repo, oid).stat().st_ino == before


def test_packed_content_is_not_written_again(repo, git, commit):
    repo.move("refs/heads/main", commit({"a": "same"}), None)
    git(repo.path, "repack", "-adq")
    again = Repository(repo.path)
    oid = again.write_blob(b"same")
    assert not path_of(repo, oid).exists()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_object_is_named_not_waited_for(repo, how: str):
    oid = repo.write_blob(b"some content that is long enough to be cut\n" * 10)
    damage(repo, oid, how)
    with pytest.raises(Damaged) as caught:
        repo.blob(oid)
    assert caught.value.data["oid"] == oid


@pytest.mark.timeout(20)
@pytest.mark.parametrize("how", DAMAGE)
def test_saving_the_same_content_again_heals_a_damaged_object(repo, git, how: str):
    data = b"some content that is long enough to be cut\n" * 10
    oid = repo.write_blob(data)
    damage(repo, oid, how)
    assert repo.write_blob(data) == oid
    assert repo.blob(oid) == data
    assert [each.name[:40] for each in (repo.path / "gitcollab-damaged").iterdir()] == [oid]
    git(repo.path, "fsck", "--full", "--strict")


@pytest.mark.parametrize("how", ["empty", "cut in half", "one byte short", "a tail", "zeros"])
def test_saving_a_large_file_again_heals_it_too(repo, git, how: str):
    data = os.urandom(2_000_000)
    oid = repo.write_blob(data)
    damage(repo, oid, how)
    assert repo.write_blob(data) == oid
    assert repo.blob(oid) == data


def test_a_missing_object_is_damage(repo):
    with pytest.raises(Damaged, match="missing"):
        repo.blob("1" * 40)


def test_what_is_too_large_is_refused_before_it_is_read(repo, git, commit):
    oid = repo.write_blob(bytes(5_000_000))
    repo.move("refs/heads/main", commit({"a": "x"}), None)
    with pytest.raises(TooLarge) as caught:
        repo.blob(oid, limit=1_000_000)
    assert caught.value.data["size"] == 5_000_000
    assert repo.size(oid) == 5_000_000


def test_a_small_file_that_claims_to_be_small_but_inflates_is_damage_not_memory(repo):
    oid = "2" * 40
    path_of(repo, oid).parent.mkdir()
    path_of(repo, oid).write_bytes(zlib.compress(b"blob 10\0" + bytes(200_000_000)))
    with pytest.raises(Damaged):
        repo.blob(oid)


def test_nothing_is_left_of_a_write_that_failed(repo, monkeypatch):
    def refuse(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.write", refuse)
        with pytest.raises(NoSpace):
            repo.write_blob(b"never there")
    assert [each for each in (repo.path / "objects").rglob("*") if each.is_file()] == []


def test_a_ref_does_not_move_to_what_could_not_be_flushed(repo, commit, monkeypatch):
    def refuse(handle: int) -> None:
        raise OSError(5, "Input/output error")

    first = commit({"a": "1"})
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", refuse)
        with pytest.raises(Unavailable):
            repo.move("refs/heads/main", first, None)
    assert repo.heads("refs/") == {}
    repo.move("refs/heads/main", first, None)
