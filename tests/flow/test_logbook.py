"""What is kept of a history is of this history, and no other one's."""

from __future__ import annotations

from pathlib import Path

from gitcollab import acts
from gitcollab.flow import points
from gitcollab.flow.logbook import logbook
from gitcollab.model import Actor, Person
from gitcollab.repository import Repository

ASKED = acts.ReadLog(actor=Actor(user="ana"), collab="caaaaaaaaa")


def begun(path: Path, message: str) -> Repository:
    repo = Repository.create(path)
    root = repo.commit(repo.edit(None, {}), [], message, author=Person(name="ana"), at="2026-11-20T10:00:00Z")
    repo.move(points.MAIN, root, None)
    return repo


def messages(path: Path) -> list[str]:
    return [entry.message for entry in logbook(path).page(ASKED)]


def test_what_came_since_is_in_it(tmp_path: Path) -> None:
    repo = begun(tmp_path / "a.git", "Begin")
    assert (["Begin"], logbook(repo.path)) == (messages(repo.path), logbook(repo.path))
    tip = repo.head(points.MAIN) or ""
    tree = repo.edit(None, {"a.txt": points.file_entry(repo, b"1\n")})
    more = repo.commit(tree, [tip], "More", author=Person(name="ana"), at="2026-11-20T10:01:00Z")
    repo.move(points.MAIN, more, tip)
    assert ["More", "Begin"] == messages(repo.path)
    assert [("a.txt",), ()] == [entry.paths for entry in logbook(repo.path).page(ASKED)]


def test_a_repository_that_took_this_ones_place_has_a_logbook_of_its_own(tmp_path: Path) -> None:
    """As after a purge, when nothing of the old one may be told any more."""
    path = begun(tmp_path / "a.git", "Begin").path
    old = logbook(path)
    assert ["Begin"] == messages(path)
    path.rename(tmp_path / "old.git")
    begun(path, "Begin anew")
    assert (["Begin anew"], True) == (messages(path), logbook(path) is not old)


def test_who_else_has_worked_on_a_save_is_told_with_it(tmp_path: Path) -> None:
    repo = begun(tmp_path / "a.git", "Begin")
    tip = repo.head(points.MAIN) or ""
    tree = repo.edit(None, {"a.txt": points.file_entry(repo, b"1\n")})
    others = ["Ben <ben@gitcollab.invalid>", "Maya <maya@jupyter.invalid>"]
    save = repo.commit(
        tree,
        [tip],
        "Save a.txt",
        author=Person(name="ana"),
        at="2026-11-20T10:01:00Z",
        trailers={"Gitcollab-Act": "snapshot", "Gitcollab-User": "ana", "Co-authored-by": others},
    )
    repo.move(points.MAIN, save, tip)
    assert [("ana", ("ben", "Maya")), ("ana", ())] == [
        (entry.user, entry.others) for entry in logbook(repo.path).page(ASKED)
    ]
