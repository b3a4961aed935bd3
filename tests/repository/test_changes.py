"""Changes between trees, and renames among them."""

from __future__ import annotations

from gitcollab.repository import Change, Entry


def test_changes_are_by_path_and_content(repo, commit):
    first = commit({"a": "1", "d/x": "1", "d/y": "1", "gone": "1"})
    second = commit({"a": "2", "d/x": "3", "gone": None, "new/z": "1"}, first)
    one, two, three = (Entry(repo.write_blob(text)) for text in (b"1", b"2", b"3"))
    assert repo.changes(first, second) == (
        Change("a", one, two),
        Change("d/x", one, three),
        Change("gone", one, None),
        Change("new/z", None, one),
    )
    assert repo.changes(first, first) == ()
    assert [change.path for change in repo.changes(None, first)] == ["a", "d/x", "d/y", "gone"]


def test_a_file_that_becomes_a_directory_is_both(repo, commit):
    first = commit({"n": "1"})
    second = commit({"n": None, "n/x": "1"}, first)
    one = Entry(repo.write_blob(b"1"))
    assert repo.changes(first, second) == (Change("n", one, None), Change("n/x", None, one))


def alike(a: bytes, b: bytes) -> float:
    return len(set(a.split()) & set(b.split())) / max(len(set(a.split())), 1)


def test_renames_pair_same_content_then_the_most_alike(repo, commit):
    first = commit({"same.ipynb": "1 2 3", "near.ipynb": "4 5 6 7", "far.ipynb": "8 9", "x.txt": "4 5 6 7"})
    second = commit(
        {"same.ipynb": None, "near.ipynb": None, "far.ipynb": None, "x.txt": None}
        | {"d/same.ipynb": "1 2 3", "other.ipynb": "4 5 6 0", "third.ipynb": "4 5 0 0", "new.ipynb": "8 0 0"},
        first,
    )
    assert repo.renames(repo.changes(first, second), alike) == {
        "same.ipynb": "d/same.ipynb",
        "near.ipynb": "other.ipynb",
        "far.ipynb": "new.ipynb",
    }


def test_of_equal_files_the_one_of_the_same_name_is_taken(repo, commit):
    first = commit({"p/a.ipynb": "1", "p/b.ipynb": "1"})
    second = commit({"p/a.ipynb": None, "p/b.ipynb": None, "q/a.ipynb": "1", "q/b.ipynb": "1"}, first)
    assert repo.renames(repo.changes(first, second), alike) == {
        "p/a.ipynb": "q/a.ipynb",
        "p/b.ipynb": "q/b.ipynb",
    }
