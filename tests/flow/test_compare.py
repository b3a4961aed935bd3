"""Comparing: reading acts answered from a repository that Ana and Ben worked in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gitcollab import acts, notebooks
from gitcollab.errors import BadInput, NotFound
from gitcollab.flow.compare import answer, changes_between
from gitcollab.model import Actor, CellChange, FileChange, Person
from gitcollab.repository import Entry, Repository, version_tag

WHO = {"actor": Actor(user="ana"), "collab": "caaaaaaaaa"}


def notebook(**cells: str) -> bytes:
    """A notebook of code cells by id and source, in order."""
    made = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "source": text,
            "outputs": [],
            "execution_count": None,
        }
        for name, text in cells.items()
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


class Play:
    """A repository and a clock; ``save`` commits files on a branch as a person."""

    def __init__(self, path: Path) -> None:
        self.repo = Repository.create(path)
        self.minute = 0

    def save(
        self, user: str, files: dict[str, bytes | None], *parents: str, branch: str = "main", **trailers: str
    ) -> str:
        self.minute += 1
        at = f"2026-11-20T10:{self.minute:02}:00Z"
        edits = {
            path: None if data is None else Entry(self.repo.write_blob(data)) for path, data in files.items()
        }
        tree = self.repo.edit(parents[0] if parents else None, edits, is_service=True)
        named = {"Gitcollab-User": user} | {
            f"Gitcollab-{key.title()}": value for key, value in trailers.items()
        }
        person = Person(name=user)
        oid = self.repo.commit(tree, parents, f"Save {self.minute}", author=person, at=at, trailers=named)
        ref = f"refs/heads/{branch}"
        self.repo.move(ref, oid, self.repo.head(ref))
        return oid

    def ask(self, kind: type[acts.Act], **given: object) -> object:
        """Asks, and sends the answer over the wire and back as the workers do."""
        found = answer(self.repo.path, kind(**WHO, **given))
        kind_of_answer = acts.ANSWERS[kind]
        return msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=kind_of_answer)


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path / "c.git")


def test_files_are_listed_without_the_services_own(play):
    oid = play.save(
        "ana", {"a.ipynb": notebook(x="1"), "d/b.txt": b"text", ".gitcollab/contested/i.json": b"{}"}
    )
    files = play.ask(acts.ListFiles)
    assert [(file.path, file.size) for file in files] == [("a.ipynb", len(notebook(x="1"))), ("d/b.txt", 4)]
    with pytest.raises(NotFound):
        play.ask(acts.ReadFile, path=".gitcollab/contested/i.json")
    assert play.ask(acts.Resolve, at="main") == oid


def test_a_file_is_read_at_any_point_and_stamped_with_the_commit_that_is(play):
    first = play.save("ana", {"a.ipynb": notebook(x="1")})
    second = play.save("ana", {"a.ipynb": notebook(x="2")}, first)
    assert play.ask(acts.ReadFile, path="a.ipynb", at=first[:9]).data == notebook(x="1")
    found = play.ask(acts.ReadFile, path="a.ipynb", is_stamped=True)
    assert notebooks.strip(found.data) == (notebook(x="2"), second)
    assert (found.commit, found.oid) == (second, play.repo.entry(second, "a.ipynb").oid)
    for missing in ({"path": "b"}, {"path": "a.ipynb", "at": "nowhere"}, {"path": "a.ipynb/x"}):
        with pytest.raises(NotFound):
            play.ask(acts.ReadFile, **missing)


def test_the_log_says_who_did_what_to_which_file(play):
    first = play.save("ana", {"a.txt": b"1"}, act="snapshot", session="ana/default")
    second = play.save(
        "ben", {"b.txt": b"1", ".gitcollab/x": b""}, first, act="landing", session="ben/default"
    )
    newest, oldest = play.ask(acts.ReadLog)
    assert (newest.commit, newest.parents, newest.act, newest.user) == (second, (first,), "landing", "ben")
    assert (newest.session, newest.branch) == ("ben/default", "sessions/ben/default")
    assert (newest.at, newest.message, newest.paths) == ("2026-11-20T10:02:00Z", "Save 2", ("b.txt",))
    assert (oldest.commit, oldest.paths) == (first, ("a.txt",))
    assert [entry.commit for entry in play.ask(acts.ReadLog, path="a.txt")] == [first]
    assert [entry.commit for entry in play.ask(acts.ReadLog, before=second)] == [first]
    assert [entry.commit for entry in play.ask(acts.ReadLog, limit=1)] == [second]


def test_a_difference_tells_cells_and_files(play):
    first = play.save("ana", {"a.ipynb": notebook(x="1", y="2"), "t.txt": b"1\n2\n", "gone.bin": b"\0"})
    second = play.save(
        "ben",
        {
            "a.ipynb": notebook(x="1", y="3", z="4"),
            "t.txt": b"1\n3\n4\n",
            "gone.bin": None,
            ".gitcollab/i": b"x",
        },
        first,
    )
    found = play.ask(acts.ReadDiff, start=first, end="main")
    assert (found.start, found.end) == (first, second)
    by_path = {file.path: file for file in found.files}
    assert {path: file.kind for path, file in by_path.items()} == {
        "a.ipynb": "changed",
        "gone.bin": "removed",
        "t.txt": "changed",
    }
    assert [(cell.kind, cell.cell, cell.before, cell.after) for cell in by_path["a.ipynb"].cells] == [
        ("source", "y", "2", "3"),
        ("added", "z", "", "4"),
    ]
    assert by_path["t.txt"].summary == "+2 \N{MINUS SIGN}1 lines"
    single = play.ask(acts.ReadDiff, start=first, end="main", path="a.ipynb")
    assert [file.path for file in single.files] == ["a.ipynb"]
    assert single.nbdime == notebooks.diff(notebook(x="1", y="2"), notebook(x="1", y="3", z="4")).nbdime()


def test_a_renamed_notebook_is_one_file_that_changed(play):
    first = play.save("ana", {"old.ipynb": notebook(a="1", b="2", c="3"), "other.ipynb": notebook(q="9")})
    second = play.save("ana", {"old.ipynb": None, "new/name.ipynb": notebook(a="1", b="2", c="4")}, first)
    (file,) = changes_between(play.repo, first, second)
    assert (file.kind, file.old_path, file.path) == ("renamed", "old.ipynb", "new/name.ipynb")
    assert [(cell.kind, cell.cell) for cell in file.cells] == [("source", "c")]
    assert changes_between(play.repo, first, second, "new/name.ipynb") == (file,)
    assert changes_between(play.repo, first, second, "other.ipynb") == ()


def test_from_nothing_everything_is_added(play):
    first = play.save("ana", {"a.ipynb": notebook(x="1")})
    assert changes_between(play.repo, None, first) == (
        FileChange(
            path="a.ipynb",
            kind="added",
            cells=(CellChange(kind="added", cell="x", cell_type="code", after_index=0, after="1"),),
        ),
    )


@pytest.mark.parametrize("bad", [b"", b"{", b"[]", b"\xff\xfe", b'{"cells": 3}', b"[" * 100_000])
def test_what_is_no_notebook_is_said_to_be_none(play, bad: bytes):
    first = play.save("ana", {"a.ipynb": notebook(x="1")})
    second = play.save("ana", {"a.ipynb": bad}, first)
    (file,) = play.ask(acts.ReadDiff, start=first, end=second).files
    assert (file.path, file.kind) == ("a.ipynb", "changed")
    assert file.cells or file.summary
    assert isinstance(play.ask(acts.ReadBlame, path="a.ipynb"), tuple)


def test_what_a_difference_carries_is_bounded(play):
    first = play.save("ana", {"a.ipynb": notebook(x="1")})
    many = notebook(**{f"c{n}": "x" * 5000 for n in range(400)})
    second = play.save("ana", {"a.ipynb": many}, first)
    (file,) = changes_between(play.repo, first, second)
    assert len(file.cells) == 300
    assert file.summary == "and 101 more changes"
    assert max(len(cell.after) for cell in file.cells) == 2000


def test_more_files_than_fit_are_counted(play):
    first = play.save("ana", {"a": b"1"})
    second = play.save("ana", {f"f{n:04}": b"1" for n in range(1005)}, first)
    found = changes_between(play.repo, first, second)
    assert len(found) == 1000
    assert found[-1].summary.endswith("(and 5 more files)")


def test_blame_names_the_save_that_gave_each_cell_its_source(play):
    first = play.save("ana", {"a.ipynb": notebook(a="1", b="2", c="3")})
    bens = play.save(
        "ben", {"a.ipynb": notebook(a="1", b="ben", c="3")}, first, branch="sessions/ben/default"
    )
    anas = play.save("ana", {"a.ipynb": notebook(d="new", a="1", b="2", c="3")}, first)
    landed = play.save("ben", {"a.ipynb": notebook(d="new", a="1", b="ben", c="3")}, anas, bens)
    lines = play.ask(acts.ReadBlame, path="a.ipynb")
    assert [(line.cell, line.index, line.commit, line.user) for line in lines] == [
        ("d", 0, anas, "ana"),
        ("a", 1, first, "ana"),
        ("b", 2, bens, "ben"),
        ("c", 3, first, "ana"),
    ]
    assert lines[0].preview == "new"
    assert landed not in {line.commit for line in lines}


def test_blame_follows_a_rename(play):
    first = play.save("ana", {"old.ipynb": notebook(a="1", b="2", c="3")})
    second = play.save("ben", {"old.ipynb": None, "new.ipynb": notebook(a="1", b="2", c="4")}, first)
    lines = play.ask(acts.ReadBlame, path="new.ipynb")
    assert [(line.cell, line.commit) for line in lines] == [("a", first), ("b", first), ("c", second)]


def test_blame_of_a_text_is_by_line_and_equals_gits(play):
    first = play.save("ana", {"t.txt": b"one\ntwo\nthree\n"})
    second = play.save("ben", {"t.txt": b"zero\none\nTWO\nthree\n"}, first)
    third = play.save("ana", {"t.txt": b"zero\nTWO\nthree\nfour"}, second)
    lines = play.ask(acts.ReadBlame, path="t.txt")
    assert [(line.cell, line.commit, line.preview) for line in lines] == [
        ("1", second, "zero"),
        ("2", second, "TWO"),
        ("3", first, "three"),
        ("4", third, "four"),
    ]


def test_blame_of_lines_that_two_sides_brought_together_loses_none(play):
    first = play.save("ana", {"t.txt": b"x\n"})
    left = play.save("ana", {"t.txt": b"a\nx\n"}, first)
    right = play.save("ben", {"t.txt": b"x\nb\n"}, first, branch="sessions/ben/default")
    play.save("ben", {"t.txt": b"a\nx\nx\nb\n"}, left, right)
    assert len(play.ask(acts.ReadBlame, path="t.txt")) == 4


def test_versions_are_listed_newest_first(play):
    first = play.save("ana", {"d/a.ipynb": notebook(x="1")}, act="publish", path="d/a.ipynb")
    second = play.save("ben", {"d/a.ipynb": notebook(x="2")}, first, act="publish", path="d/a.ipynb")
    ana = Person(name="ana")
    for number, oid in (("1.0.0", first), ("1.10.0", second)):
        name = version_tag("d/a.ipynb", number)
        play.repo.tag(name, oid, f"The {number}", author=ana, at="2026-11-20T11:00:00Z")
    newest, oldest = play.ask(acts.ReadVersions)
    assert (newest.notebook, newest.version, newest.tag, newest.commit) == (
        "d/a.ipynb",
        "1.10.0",
        "d/a/v1.10.0",
        second,
    )
    assert (newest.by, newest.message, oldest.version) == ("ben", "The 1.10.0", "1.0.0")
    assert play.ask(acts.ReadVersions, notebook="d/a") == (newest, oldest)
    assert play.ask(acts.ReadVersions, notebook="other.ipynb") == ()
    assert play.ask(acts.ReadFile, path="d/a.ipynb", at="1.0.0").data == notebook(x="1")


def test_no_item_is_open_in_a_fresh_collab(play):
    play.save("ana", {"a.txt": b"1"})
    assert play.ask(acts.ReadItems) == ()


def test_odd_names_and_texts_can_be_printed(play):
    oid = play.repo.write_blob(b"1")
    tree = play.repo.objects.write("tree", b"100644 \xff.txt\0" + bytes.fromhex(oid))
    person = Person(name="ana")
    commit = play.repo.commit(tree, [], "Odd", author=person, at="2026-11-20T10:00:00Z")
    play.repo.move("refs/heads/main", commit, None)
    assert [file.path for file in play.ask(acts.ListFiles)] == ["\ufffd.txt"]
    assert [entry.paths for entry in play.ask(acts.ReadLog)] == [("\ufffd.txt",)]
    lone = notebook(x="1").replace(b'"1"', b'"\\ud800"')
    second = play.save("ana", {"a.ipynb": lone}, commit)
    assert len(play.ask(acts.ReadDiff, start=commit, end=second).files) == 1
    assert len(play.ask(acts.ReadBlame, path="a.ipynb")) == 1


def test_acts_that_write_are_refused(play):
    with pytest.raises(BadInput):
        answer(play.repo.path, acts.Status(actor=Actor(user="ana")))


def test_an_empty_collab_has_nothing_to_read(play):
    ask: Callable[..., object] = play.ask
    for kind in (acts.ListFiles, acts.ReadLog):
        with pytest.raises(NotFound):
            ask(kind)
    assert ask(acts.ReadVersions) == ()
