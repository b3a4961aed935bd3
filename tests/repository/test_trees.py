"""Trees: edits by path, round trips of odd names, and paths that are refused."""

from __future__ import annotations

import random

import pytest

from gitcollab.errors import BadInput
from gitcollab.repository import EMPTY_TREE, LINK, PROGRAM, Entry


def test_an_edit_changes_only_what_it_names(repo, git):
    one, two = Entry(repo.write_blob(b"1")), Entry(repo.write_blob(b"2"), PROGRAM)
    tree = repo.edit(None, {"a": one, "d/x": one, "d/e/y": one})
    changed = repo.edit(tree, {"d/x": two})
    assert repo.entries(changed) == {"a": one, "d/e/y": one, "d/x": two}
    assert repo.entry(changed, "d/e") == repo.entry(tree, "d/e")
    assert repo.entries(changed, "d/e") == {"d/e/y": one}
    assert repo.entries(changed, "nowhere") == {}


def test_an_edit_that_changes_nothing_gives_the_same_tree(repo):
    tree = repo.edit(None, {"d/x": Entry(repo.write_blob(b"1"))})
    assert repo.edit(tree, {"d/x": Entry(repo.write_blob(b"1")), "gone": None, "no/where": None}) == tree


def test_directories_that_become_empty_vanish(repo):
    one = Entry(repo.write_blob(b"1"))
    tree = repo.edit(None, {"a": one, "d/e/y": one})
    assert repo.edit(tree, {"d/e/y": None}) == repo.edit(None, {"a": one})
    assert repo.edit(tree, {"d/e/y": None, "a": None}) == EMPTY_TREE
    assert repo.entries(EMPTY_TREE) == {}


def test_trees_equal_gits_own_whatever_the_names(repo, git):
    names = [
        "a",
        "a.b",
        "a-b",
        "a0",
        "ab",
        "aa",
        "é",
        "日本",
        "z z",
        "-x",
        "a.txt",
        "a/x",
        "a.d/x",
        "a-/x",
        "a0d/x",
    ]
    names.remove("a")
    chance = random.Random(7)
    for _ in range(20):
        chosen = chance.sample(names, 8)
        oids = {name: repo.write_blob(name.encode()) for name in chosen}
        ours = repo.edit(None, {name: Entry(oid) for name, oid in oids.items()})
        (repo.path / "index").unlink(missing_ok=True)
        lines = "".join(f"100644 {oid}\t{name}\0" for name, oid in oids.items())
        git(repo.path, "update-index", "-z", "--index-info", input=lines)
        assert git(repo.path, "write-tree") == ours


def test_a_file_and_a_directory_of_one_name_refuse_each_other(repo):
    one = Entry(repo.write_blob(b"1"))
    tree = repo.edit(None, {"f": one, "d/x": one})
    for edits in ({"f/x": one}, {"d": one}, {"d": None}):
        with pytest.raises(BadInput):
            repo.edit(tree, edits)


def test_a_file_becomes_a_directory_and_back_in_one_edit(repo):
    one = Entry(repo.write_blob(b"1"))
    tree = repo.edit(None, {"f": one, "d/x": one})
    assert set(repo.entries(repo.edit(tree, {"f": None, "f/x": one}))) == {"f/x", "d/x"}
    assert set(repo.entries(repo.edit(tree, {"f/x": one, "f": None}))) == {"f/x", "d/x"}
    assert set(repo.entries(repo.edit(tree, {"d": one, "d/x": None}))) == {"f", "d"}
    assert set(repo.entries(repo.edit(tree, {"d/x": None, "d": one}))) == {"f", "d"}


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a//b",
        "a/",
        ".",
        "../a",
        "a/../b",
        ".git/x",
        "a/.GIT/x",
        "git~1",
        ".g\u200cit/x",
        "a\\b",
        "a\0b",
        ".gitcollab/x",
        "a\nb",
        "\udc80",
        "x" * 256,
        "d/" * 200 + "x",
    ],
)
def test_unsafe_paths_are_refused(repo, path: str):
    with pytest.raises(BadInput):
        repo.edit(None, {path: Entry(repo.write_blob(b"1"))})


def test_the_service_may_write_its_own_directory_but_no_unsafe_path(repo):
    one = Entry(repo.write_blob(b"1"))
    tree = repo.edit(None, {".gitcollab/contested/x.json": one}, is_service=True)
    assert set(repo.entries(tree)) == {".gitcollab/contested/x.json"}
    with pytest.raises(BadInput):
        repo.edit(tree, {".gitcollab/../x": one}, is_service=True)


def test_odd_names_that_came_by_push_keep_their_bytes_and_may_be_changed(repo, git):
    oid, other = repo.write_blob(b"1"), repo.write_blob(b"2")
    line = b"100644 blob " + oid.encode() + b"\t\xff\xfe.ipynb\0"
    path = repo.path / "line"
    path.write_bytes(line)
    with path.open("rb") as file:
        tree = git(repo.path, "mktree", "-z", stdin=file)
    (name,) = repo.entries(tree)
    assert name.encode("utf-8", "surrogateescape") == b"\xff\xfe.ipynb"
    assert repo.entries(repo.edit(tree, {"a": Entry(oid)}))[name] == Entry(oid)
    assert repo.entries(repo.edit(tree, {name: Entry(other)})) == {name: Entry(other)}
    assert repo.edit(tree, {name: None}) == EMPTY_TREE


def test_links_pass_through_untouched(repo):
    link = Entry(repo.write_blob(b"target"), LINK)
    tree = repo.edit(None, {"l": link}, is_service=True)
    assert repo.entries(repo.edit(tree, {"a": Entry(repo.write_blob(b"1"))}))["l"] == link
