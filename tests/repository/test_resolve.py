"""REV: every name that the design lists, and nothing of git's revision language."""

from __future__ import annotations

import pytest

from gitcollab.errors import BadInput, NotFound


@pytest.fixture
def line(repo, commit, ana) -> list[str]:
    made = [commit({"a": "0"}, at="2026-11-20T10:00:00Z")]
    made.append(commit({"a": "1"}, made[0], at="2026-11-20T11:00:00Z"))
    made.append(commit({"a": "2"}, made[1], at="2026-11-20T12:00:00Z"))
    repo.move("refs/heads/main", made[2], None)
    repo.move("refs/heads/blessed", made[1], None)
    repo.move("refs/heads/sessions/ana/default", made[0], None)
    repo.tag("x/analysis/v1.2.0", made[1], "", author=ana, at="2026-11-20T12:00:00Z")
    return made


@pytest.mark.parametrize(
    ("rev", "expected"),
    [
        ("main", 2),
        ("blessed", 1),
        ("sessions/ana/default", 0),
        ("ana/default", 0),
        ("1.2.0", 1),
        ("v1.2.0", 1),
        ("x/analysis/v1.2.0", 1),
        ("2026-11-20T10:30:00Z", 0),
        ("2026-11-20T11:00:00", 1),
        ("2026-11-20T13:30:00+02:00", 1),
        ("2026-11-21", 2),
    ],
)
def test_names(repo, line, rev: str, expected: int):
    assert repo.resolve(rev) == line[expected]


@pytest.mark.parametrize("is_packed", [False, True])
def test_ids_whole_and_short(repo, git, line, is_packed: bool):
    if is_packed:
        git(repo.path, "repack", "-ad")
    assert repo.resolve(line[0]) == line[0]
    assert repo.resolve(line[0][:7]) == line[0]
    with pytest.raises(NotFound):
        repo.resolve(line[0][:6])


@pytest.mark.parametrize(
    "rev",
    [
        "",
        "main~1",
        "main^",
        "main^{tree}",
        ":/Save",
        "HEAD",
        "main:a",
        "@",
        "2025-01-01",
        "9.9.9",
        "1" * 40,
        "../config",
        "refs/heads/main",
        "deadbeef",
        "-x",
        "main\n",
        "2026-99-99",
    ],
)
def test_everything_else_is_not_found(repo, line, rev: str):
    with pytest.raises((NotFound, BadInput)):
        repo.resolve(rev)


def test_a_tree_or_file_is_no_point_in_history(repo, line):
    with pytest.raises(NotFound):
        repo.resolve(repo.tree_of(line[0]))


def test_a_version_of_two_notebooks_needs_the_path(repo, line, ana):
    repo.tag("other/v1.2.0", line[0], "", author=ana, at="2026-11-20T12:00:00Z")
    with pytest.raises(BadInput) as caught:
        repo.resolve("1.2.0")
    assert caught.value.data["notebooks"] == ["other.ipynb", "x/analysis.ipynb"]
    assert repo.resolve("1.2.0", "other.ipynb") == line[0]
    assert repo.resolve("1.2.0", "x/analysis.ipynb") == line[1]


def test_an_empty_collab_resolves_nothing(repo):
    with pytest.raises(NotFound):
        repo.resolve("main")
