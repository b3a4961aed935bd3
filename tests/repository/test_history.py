"""History: the same answers as git's own."""

from __future__ import annotations

import random

import pytest

from gitcollab.repository import Repository, history


@pytest.fixture
def web(repo, commit) -> list[str]:
    """A random history with merges and criss-crosses, times not always in order."""
    chance = random.Random(3)
    made = [commit({"a": "0", "b/c": "0"})]
    for n in range(1, 60):
        parents = list(dict.fromkeys(chance.choices(made[-8:], k=chance.choice([1, 1, 2]))))
        files = {chance.choice(["a", "b/c", "d"]): str(chance.randint(0, 2))}
        made.append(
            commit(files, *parents, message=f"n {n}", at=f"2026-11-20T10:00:{chance.randint(0, 59):02}Z")
        )
    for n, oid in enumerate(made):
        repo.move(f"refs/heads/n{n}", oid, None)
    return made


def test_merge_bases_and_ancestry_equal_gits(repo, git, web):
    chance = random.Random(4)
    for _ in range(60):
        a, b = chance.choices(web, k=2)
        expected = set(git(repo.path, "merge-base", "--all", a, b).split())
        assert set(repo.merge_bases(a, b)) == expected
        assert repo.is_ancestor(a, b) == (a in expected)


def test_ancestry_is_the_same_in_whatever_order_it_is_asked(repo, git, web, monkeypatch):
    monkeypatch.setattr(history, "FAR", 3)
    held = {tip: set(git(repo.path, "rev-list", tip).split()) for tip in web}
    pairs = [(a, b) for a in web for b in web]
    random.Random(9).shuffle(pairs)
    assert [] == [(a, b) for a, b in pairs if repo.is_ancestor(a, b) != (a in held[b])]


def test_asked_again_after_a_few_more_commits_it_walks_only_those(repo, commit, monkeypatch):
    root = commit({"a": "root"})
    aside, landed = commit({"b": "never landed"}, root), commit({"c": "landed"}, root)
    main = commit({"a": "0"}, root, landed)
    for n in range(150):
        main = commit({"a": str(n)}, main)
    assert (False, True) == (repo.is_ancestor(aside, main), repo.is_ancestor(landed, main))
    looked_at, read = list[str](), repo._history._read
    monkeypatch.setattr(repo._history, "_read", lambda oid: looked_at.append(oid) or read(oid))
    for n in range(150, 155):
        main = commit({"a": str(n)}, main)
        assert (False, True) == (repo.is_ancestor(aside, main), repo.is_ancestor(landed, main))
    assert len(looked_at) < 60


def test_the_log_holds_what_gits_holds(repo, git, web):
    tip = web[-1]
    assert {each.oid for each in repo.log(tip)} == set(git(repo.path, "rev-list", tip).split())
    assert [each.oid for each in repo.line(tip)] == git(repo.path, "rev-list", "--first-parent", tip).split()
    for path in ("a", "b", "b/c", "d"):
        ours = {each.oid for each in repo.log(tip, path)}
        assert ours == set(git(repo.path, "rev-list", tip, "--", path).split())


def test_the_log_goes_on_where_the_last_page_ended(repo, web):
    whole = [each.oid for each in repo.log(web[-1])]
    first = [each.oid for each in repo.log(web[-1], limit=7)]
    second = [each.oid for each in repo.log(web[-1], limit=7, before=first[-1])]
    assert first + second == whole[:14]


def test_strangers_have_no_base(repo, commit):
    assert repo.merge_bases(commit({"a": "1"}), commit({"b": "1"})) == []


def test_the_line_stops_before_the_commit_it_is_told(repo, commit):
    first = commit({"a": "1"})
    second = commit({"a": "2"}, first)
    third = commit({"a": "3"}, second)
    assert [each.oid for each in Repository(repo.path).line(third, stop=first)] == [third, second]
