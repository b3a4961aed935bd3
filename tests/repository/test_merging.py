"""Merging of trees: libgit2 is the oracle, and files against directories lose nothing."""

from __future__ import annotations

import random

import pygit2
import pytest

from gitcollab.repository import EMPTY_TREE, PROGRAM, Clash, Entry, Repository

NAMES = [f"{directory}{name}" for directory in ("", "p/", "p/q/", "r/") for name in ("1", "2", "3")]


def changed(files: dict[str, str], chance: random.Random) -> dict[str, str]:
    files = dict(files)
    for name in chance.sample(NAMES, chance.randint(0, 6)):
        if chance.random() < 0.35:
            files.pop(name, None)
        else:
            files[name] = chance.choice("abcd")
    return files


def tree_of(repo: Repository, files: dict[str, str]) -> str:
    return repo.edit(None, {name: Entry(repo.write_blob(text.encode())) for name, text in files.items()})


def libgit2_merge(git2: pygit2.Repository, *trees: str) -> tuple[set[str], pygit2.Index]:
    index = git2.merge_trees(*(git2[tree] for tree in trees), flags=pygit2.enums.MergeFlag(0))
    paths = {next(side.path for side in sides if side) for sides in index.conflicts or ()}
    return paths, index


def test_equals_libgit2_on_random_trees(repo):
    git2, chance = pygit2.Repository(str(repo.path)), random.Random(1)
    clean = 0
    for _ in range(600):
        base = {name: chance.choice("abcd") for name in NAMES if chance.random() < 0.7}
        ours, theirs = changed(base, chance), changed(base, chance)
        trees = [tree_of(repo, files) for files in (base, ours, theirs)]
        merged = repo.merge(*trees)
        paths, index = libgit2_merge(git2, *trees)
        assert {clash.path for clash in merged.clashes} == paths
        if not paths:
            clean += 1
            assert str(index.write_tree(git2)) == merged.tree
    assert clean > 50


def test_clashing_paths_stand_as_ours_has_them(repo):
    base, ours, theirs = ({"same": "x", "f": text} for text in ("b", "o", "t"))
    merged = repo.merge(*(tree_of(repo, files) for files in (base, ours, theirs)))
    entry = {text: Entry(repo.write_blob(text.encode())) for text in "bot"}
    assert merged.clashes == (Clash("f", entry["b"], entry["o"], entry["t"]),)
    assert repo.entry(merged.tree, "f") == entry["o"]


def test_without_a_base_only_what_differs_clashes(repo):
    ours, theirs = tree_of(repo, {"a": "1", "b": "2"}), tree_of(repo, {"b": "3", "c": "4"})
    merged = repo.merge(None, ours, theirs)
    assert [clash.path for clash in merged.clashes] == ["b"]
    assert set(repo.entries(merged.tree)) == {"a", "b", "c"}


def test_both_sides_delete_everything(repo):
    assert repo.merge(tree_of(repo, {"a/b": "1"}), EMPTY_TREE, EMPTY_TREE).tree == EMPTY_TREE


def test_content_and_mode_of_one_file_merge(repo):
    b, t = repo.write_blob(b"b"), repo.write_blob(b"t")
    trees = [repo.edit(None, {"f": entry}) for entry in (Entry(b), Entry(b, PROGRAM), Entry(t))]
    for ours, theirs in ((1, 2), (2, 1)):
        merged = repo.merge(trees[0], trees[ours], trees[theirs])
        assert (repo.entry(merged.tree, "f"), merged.clashes) == (Entry(t, PROGRAM), ())


def test_ours_a_file_theirs_a_directory(repo):
    merged = repo.merge(None, tree_of(repo, {"n": "o"}), tree_of(repo, {"n/x": "t", "n/y/z": "u"}))
    assert set(repo.entries(merged.tree)) == {"n"}
    assert [(clash.path, clash.is_blocked) for clash in merged.clashes] == [("n/x", True), ("n/y/z", True)]
    assert all(clash.theirs and not clash.ours for clash in merged.clashes)


def test_ours_a_directory_theirs_a_file(repo):
    merged = repo.merge(None, tree_of(repo, {"n/x": "o"}), tree_of(repo, {"n": "t"}))
    assert set(repo.entries(merged.tree)) == {"n/x"}
    assert merged.clashes == (Clash("n", None, None, Entry(repo.write_blob(b"t")), True),)


def test_a_file_turned_directory_while_the_other_side_edits_the_file(repo):
    base, ours, theirs = tree_of(repo, {"n": "b"}), tree_of(repo, {"n/x": "o"}), tree_of(repo, {"n": "t"})
    merged = repo.merge(base, ours, theirs)
    assert set(repo.entries(merged.tree)) == {"n/x"}
    assert [(clash.path, clash.is_blocked) for clash in merged.clashes] == [("n", True)]


def test_a_directory_turned_file_while_the_other_side_edits_in_it(repo):
    base = tree_of(repo, {"n/x": "b", "n/y": "b"})
    merged = repo.merge(base, tree_of(repo, {"n": "o"}), tree_of(repo, {"n/x": "t", "n/y": "b", "n/z": "t"}))
    assert set(repo.entries(merged.tree)) == {"n"}
    assert [(clash.path, clash.is_blocked) for clash in merged.clashes] == [("n/x", True), ("n/z", True)]


@pytest.mark.parametrize("seed", range(4))
def test_no_content_that_a_side_added_is_ever_lost(repo, seed: int):
    chance = random.Random(seed)
    names = ["n", "n/x", "n/x/y", "m", "m/x", "k"]

    def files(previous: dict[str, str], mark: str) -> dict[str, str]:
        found = dict(previous)
        for name in chance.sample(names, chance.randint(0, 4)):
            for other in list(found):
                if other.startswith(f"{name}/") or name.startswith(f"{other}/"):
                    del found[other]
            found[name] = f"{mark}{chance.randint(0, 3)}"
        return found

    for _ in range(100):
        base = files({}, "b")
        sides = files(base, "o"), files(base, "t")
        trees = [tree_of(repo, each) for each in (base, *sides)]
        merged = repo.merge(*trees)
        kept = {(path, entry.oid) for path, entry in repo.entries(merged.tree).items()}
        kept |= {
            (clash.path, side.oid) for clash in merged.clashes for side in (clash.ours, clash.theirs) if side
        }
        for tree in trees[1:]:
            for path, entry in repo.entries(tree).items():
                if repo.entry(trees[0], path) != entry:
                    assert (path, entry.oid) in kept
        for clash in merged.clashes:  # and what is said to have room has it
            if clash.theirs and not clash.is_blocked:
                repo.edit(merged.tree, {clash.path: clash.theirs})
