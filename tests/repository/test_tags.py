"""Tags: of several at once one wins, and a notebook's name can be read back from its tag."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from gitcollab.model import Person
from gitcollab.repository import Repository, TagExists, notebook_of, version_of, version_tag

AT = "2026-11-20T10:00:00Z"


def test_a_tag_is_annotated_and_git_reads_it(repo, git, commit, ana):
    first = commit({"a": "1"})
    oid = repo.tag("analysis/v1.0.0", first, "The first one", author=ana, at=AT)
    assert repo.tags() == {"analysis/v1.0.0": (oid, first)}
    assert repo.tag_message(oid) == ("Ana Lima", "The first one")
    assert git(repo.path, "rev-parse", "analysis/v1.0.0^{commit}") == first
    assert git(repo.path, "cat-file", "-t", "analysis/v1.0.0") == "tag"
    git(repo.path, "fsck", "--full", "--strict")


def test_a_tag_never_moves(repo, commit, ana):
    first, second = commit({"a": "1"}), commit({"a": "2"})
    oid = repo.tag("x/v1.0.0", first, "", author=ana, at=AT)
    with pytest.raises(TagExists):
        repo.tag("x/v1.0.0", second, "", author=ana, at=AT)
    assert repo.tags("x/") == {"x/v1.0.0": (oid, first)}
    assert repo.tags("y/") == {}


def test_a_light_tag_that_came_by_push_is_its_own_commit(repo, git, commit):
    first = commit({"a": "1"})
    git(repo.path, "tag", "light", first)
    assert repo.tags() == {"light": (first, first)}
    assert repo.tag_message(first) == ("", "")


def compete(path: Path, name: str, commit: str, won: multiprocessing.Queue) -> None:
    repo, person = Repository(path), Person(name=name)
    for n in range(20):
        try:
            repo.tag(f"x/v{n}.0.0", commit, name, author=person, at=AT)
        except TagExists:
            continue
        won.put(n)


def test_each_version_is_won_once(repo, commit):
    first = commit({"a": "1"})
    spawn = multiprocessing.get_context("spawn")
    won = spawn.Queue()
    racers = [spawn.Process(target=compete, args=(repo.path, f"p{n}", first, won)) for n in range(4)]
    for each in racers:
        each.start()
    versions = sorted(won.get(timeout=60) for _ in range(20))
    for each in racers:
        each.join()
    assert versions == list(range(20))
    assert won.empty()


@pytest.mark.parametrize(
    "notebook",
    [
        "analysis.ipynb",
        "data/my notes.ipynb",
        "é/日本.ipynb",
        ".hidden/x.ipynb",
        "a..b.ipynb",
        "100%.ipynb",
        "x.lock.ipynb",
        "-dash.ipynb",
        "a~b^c:d?e*f[g.ipynb",
        "x@{1}.ipynb",
        "dots..ipynb",
        "v1.0.0.ipynb",
        "%41.ipynb",
    ],
)
def test_any_notebook_has_a_tag_name_that_git_takes_and_that_reads_back(
    repo, git, commit, ana, notebook: str
):
    tag = version_tag(notebook, "1.2.0")
    repo.tag(tag, commit({"a": "1"}), "", author=ana, at=AT)
    git(repo.path, "check-ref-format", f"refs/tags/{tag}")
    assert (notebook_of(tag), version_of(tag)) == (notebook.removesuffix(".ipynb"), "1.2.0")


def test_an_ordinary_name_stays_readable():
    assert version_tag("data/analysis.ipynb", "1.2.0") == "data/analysis/v1.2.0"
    assert notebook_of("some-tag") is None
    assert notebook_of("a/v1.2") is None
