"""The room as a whole: what it writes is what git itself would read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitcollab.errors import NotFound, Unusable
from gitcollab.repository import Repository


def test_a_new_repository_is_clean_in_gits_eyes_and_its_head_is_main(repo, git):
    assert git(repo.path, "symbolic-ref", "HEAD") == "refs/heads/main"
    git(repo.path, "fsck", "--full", "--strict")


def test_git_reads_what_is_written(repo, git, commit):
    first = commit({"a.txt": "one\n", "deep/er/b.txt": "two\n"})
    second = commit({"a.txt": "three\n"}, first)
    repo.move("refs/heads/main", second, None)
    git(repo.path, "fsck", "--full", "--strict")
    assert git(repo.path, "show", "main:a.txt") == "three"
    assert git(repo.path, "ls-tree", "-r", "--name-only", "main") == "a.txt\ndeep/er/b.txt"
    assert git(repo.path, "log", "--format=%an <%ae>|%cn|%s|%cI", "-1", "main") == (
        "Ana Lima <ana@gitcollab.invalid>|gitcollab|A change|2026-11-20T10:00:01+00:00"
    )


def test_everything_is_read_the_same_after_git_has_packed_it(repo, git, commit):
    first = commit({"a.txt": "one\n"})
    second = commit({"a.txt": "two\n"}, first)
    repo.move("refs/heads/main", second, None)
    git(repo.path, "repack", "-ad")
    git(repo.path, "pack-refs", "--all")
    again = Repository(repo.path)
    assert not list((repo.path / "objects").glob("??/*"))
    assert again.head("refs/heads/main") == second
    assert [each.oid for each in again.log(second)] == [second, first]
    assert again.blob(again.entry(first, "a.txt").oid) == b"one\n"
    assert again.size(again.entry(first, "a.txt").oid) == 4


def test_a_directory_that_is_taken_is_never_overwritten(repo):
    with pytest.raises(Unusable):
        Repository.create(repo.path)


def test_no_repository_is_not_found(tmp_path: Path):
    with pytest.raises(NotFound):
        Repository(tmp_path / "none.git")


@pytest.mark.parametrize(
    "extension", ["objectformat = sha256", "refstorage = reftable", "partialclone = origin"]
)
def test_formats_that_libgit2_cannot_read_are_refused_by_name(repo, extension: str):
    config = repo.path / "config"
    text = config.read_text().replace("repositoryformatversion = 0", "repositoryformatversion = 1")
    config.write_text(f"{text}[extensions]\n\t{extension}\n")
    with pytest.raises(Unusable, match="cannot be opened"):
        Repository(repo.path)


def test_stock_git_clones_it(repo, git, commit, tmp_path: Path):
    repo.move("refs/heads/main", commit({"a.txt": "one\n"}), None)
    git(tmp_path, "clone", "-q", str(repo.path), "clone")
    assert (tmp_path / "clone" / "a.txt").read_text() == "one\n"


def test_a_barrier_shows_moves_inside_and_makes_them_at_its_end(repo, git, commit):
    with repo.barrier():
        first = commit({"a.txt": "one\n"})
        repo.move("refs/heads/main", first, None)
        second = commit({"a.txt": "two\n"}, first)
        repo.move("refs/heads/main", second, first)
        assert repo.head("refs/heads/main") == second
        assert repo.heads() == {"refs/heads/main": second}
        assert Repository(repo.path).head("refs/heads/main") is None
    assert Repository(repo.path).head("refs/heads/main") == second
    git(repo.path, "fsck", "--full", "--strict")


def test_a_barrier_that_fails_moves_nothing(repo, commit):
    def fail() -> None:
        with repo.barrier():
            repo.move("refs/heads/main", commit({"a.txt": "one\n"}), None)
            raise subprocess.SubprocessError

    with pytest.raises(subprocess.SubprocessError):
        fail()
    assert repo.heads("refs/") == {}
    repo.move("refs/heads/main", commit({"a.txt": "one\n"}), None)


def test_a_free_path_is_beside_the_taken_one(repo, commit):
    taken = commit({"a/b.ipynb": "1", "a/b~ana.ipynb": "2", "c": "3"})
    assert repo.free_path(taken, "a/b.ipynb", "ben") == "a/b~ben.ipynb"
    assert repo.free_path(taken, "a/b.ipynb", "ana") == "a/b~ana-2.ipynb"
    assert repo.free_path(taken, "c/d.txt", "ana") == "c~ana/d~ana.txt"
