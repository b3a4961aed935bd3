"""Rare meetings: files where directories are, ends without a newline, odd names, long histories."""

from __future__ import annotations

import json

import pytest

from gitcollab.flow import copies, points, snapshot
from gitcollab.flow.charter import Charter, read_charter
from gitcollab.model import Person, Take

NB = "analysis.ipynb"


def everything(house) -> bytes:
    """All that the shared branch's files and items hold."""
    repo = house.repo
    return b"\0".join(repo.blob(entry.oid) for entry in repo.entries(repo.head(points.MAIN)).values())


def both_land(house, ana, ben) -> None:
    for _ in range(2):
        for one in (ana, ben):
            house.land(one.session)
        house.deliver_all()


def test_a_file_and_a_directory_of_one_name_both_stay(house, ana, ben):
    ana.saves("notes.md", b"first\n")
    ana.saves("data", b"ana's file\n", lands=False)
    ben.saves("data/x.csv", b"ben's file\n")
    both_land(house, ana, ben)
    assert house.main("data/x.csv") == b"ben's file\n"
    assert b"ana's file\n" in everything(house)
    ana.saves("notes.md", b"second\n")
    assert house.main("notes.md") == b"second\n"
    assert ana.reads("data/x.csv") == b"ben's file\n"


def test_a_directory_and_a_file_of_one_name_both_stay(house, ana, ben):
    ana.saves("notes.md", b"first\n")
    ana.saves("data/x.csv", b"ana's file\n", lands=False)
    ben.saves("data", b"ben's file\n")
    both_land(house, ana, ben)
    assert house.main("data") == b"ben's file\n"
    assert b"ana's file\n" in everything(house)
    ana.saves("notes.md", b"second\n")
    assert house.main("notes.md") == b"second\n"


@pytest.mark.parametrize("take", [Take.SHARED, Take.SESSION])
def test_a_directory_takes_the_place_of_a_contested_file(house, ana, ben, take):
    ana.saves("data", b"\0base")
    ana.saves("data", b"\0ana", lands=False)
    ben.saves("data", b"\0ben")
    both_land(house, ana, ben)
    ben.saves("data", None, lands=False)
    ben.saves("data/x.csv", b"new\n")
    assert house.main("data/x.csv") == b"new\n"
    assert b"\0ana" in everything(house)
    ana.saves("notes.md", b"hello\n")
    assert house.main("notes.md") == b"hello\n"
    for item in house.items():
        house.settle(item.id, take)
    house.deliver_all()
    assert house.items() == ()
    assert ana.reads("data/x.csv") == b"new\n"


@pytest.fixture
def two_hunks(house, ana, ben):
    """Lines 2 and 4 of ten are contested; Ana's are in items."""
    lines = [f"line {n}\n" for n in range(10)]
    ana.saves("notes.md", "".join(lines).encode())
    for at in (2, 4):
        mine, theirs = (one.reads("notes.md").decode().splitlines(keepends=True) for one in (ana, ben))
        mine[at], theirs[at] = f"ana {at}\n", f"ben {at}\n"
        ana.saves("notes.md", "".join(mine).encode(), lands=False)
        ben.saves("notes.md", "".join(theirs).encode())
        house.land(ana.session)
        house.deliver_all()
    assert len(house.items()) == 2


def test_an_edit_between_two_open_hunks_takes_no_other_line_along(house, ana, ben, two_hunks):
    mine = ana.reads("notes.md").decode().splitlines(keepends=True)
    mine[3] = "ana 3\n"
    ana.saves("notes.md", "".join(mine).encode())
    shared = house.main("notes.md").decode()
    assert [n for n in range(10) if f"line {n}" not in shared] == [2, 4]
    assert b"ana 3" in everything(house)
    assert ana.reads("notes.md").decode().splitlines() == [line.strip() for line in mine]
    ben_lines = ben.reads("notes.md").decode().splitlines(keepends=True)
    ben.saves("notes.md", "".join([*ben_lines[:8], "ben 8\n", *ben_lines[9:]]).encode())
    for n in (0, 1, 5, 6, 7, 9):
        assert f"line {n}" in ana.reads("notes.md").decode()
    for item in house.items():
        house.settle(item.id, Take.SESSION)
    house.deliver_all()
    text = house.main("notes.md").decode()
    assert [text.count(word) for word in ("ana 2", "ana 3", "ana 4", "line 5", "ben 8")] == [1, 1, 1, 1, 1]
    assert house.items() == ()


def contested_line(house, ana, ben, texts) -> None:
    base, mine, theirs = texts
    ana.saves("notes.md", base)
    ana.saves("notes.md", mine, lands=False)
    ben.saves("notes.md", theirs)
    house.land(ana.session)
    house.deliver_all()


def test_a_line_that_is_settled_by_a_text_without_newline_stays_a_line(house, ana, ben):
    contested_line(house, ana, ben, (b"a\nb\nc\n", b"a\nB\nc\n", b"a\nBB\nc\n"))
    (item,) = house.items()
    house.settle(item.id, Take.TEXT, "x")
    assert house.main("notes.md") == b"a\nx\nc\n"


def test_a_settled_text_keeps_the_line_ends_of_its_file(house, ana, ben):
    contested_line(house, ana, ben, (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nc\r\n", b"a\r\nBB\r\nc\r\n"))
    (item,) = house.items()
    house.settle(item.id, Take.TEXT, "x")
    assert house.main("notes.md") == b"a\r\nx\r\nc\r\n"


def test_both_last_lines_without_newline_stay_two_lines(house, ana, ben):
    contested_line(house, ana, ben, (b"a\nb", b"a\nB", b"a\nBB"))
    (item,) = house.items()
    house.settle(item.id, Take.BOTH)
    assert house.main("notes.md") == b"a\nBB\nB"


def test_both_new_files_without_newline_stay_two_lines(house, ana, ben):
    ana.saves("notes.txt", b"one\x00")
    ana.saves("notes.txt", b"ana", lands=False)
    ben.saves("notes.txt", b"ben")
    house.land(ana.session)
    (item,) = house.items()
    if item.field == "file":
        house.settle(item.id, Take.BOTH)
        assert house.main("notes.txt") == b"ben\nana"


@pytest.mark.parametrize(
    "value", [{"bytes": 5}, {"bytes": "no base64"}, {"file": "x", "is": "y"}, {"file": 1, "is": 2}]
)
def test_a_contested_value_of_any_shape_comes_back_as_it_was(house, ana, ben, notebook, value):
    ana.saves(NB, notebook(("a", "x = 1"), extra=1))
    ana.saves(NB, notebook(("a", "x = 1"), extra=value), lands=False)
    ben.saves(NB, notebook(("a", "x = 1"), extra="other"))
    house.land(ana.session)
    house.deliver_all()
    (item,) = house.items()
    assert item.session == value
    house.settle(item.id, Take.SESSION)
    assert json.loads(house.main(NB))["metadata"]["extra"] == value


def test_a_name_with_odd_spaces_is_remembered_as_it_is(house, ana, ben, notebook):
    path = "分析\u3000  1.ipynb"
    ana.saves(path, notebook(("a", "x = 1"), ("b", "y = 2")))
    base = ana.head
    ben.saves(path, notebook(("a", "x = 100"), ("b", "y = 2")))
    ana.saves(path, notebook(("a", "x = 10"), ("b", "y = 2")), base=base)
    (item,) = house.items()
    assert (item.path, item.base, item.shared, item.session) == (path, "x = 1", "x = 100", "x = 10")
    assert set(house.repo.entries(house.repo.head(points.MAIN))) == {
        path,
        f".gitcollab/contested/{item.id}.json",
    }


def test_a_rename_of_an_older_copy_takes_the_newest_content_along(house, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    base = ana.head
    newer = notebook(("a", "x = 1"), ("b", "y = 3"))
    ben.saves(NB, newer)
    saving = snapshot.Saving(
        session=ana.session, path=NB, to="study.ipynb", data=None, base=base, at=house.now()
    )
    snapshot.snapshot(house.repo, saving)
    house.land(ana.session)
    house.deliver_all()
    assert (house.main(NB), house.main("study.ipynb"), house.items()) == (None, newer, ())


@pytest.mark.parametrize(
    "text",
    [
        b"a = " + b"[" * 5000,
        b"a = " + b"9" * 5000,
        b"title = 5\n",
        b"\xff",
        b"policies = 3\n",
        b"a = 2026-99-99",
    ],
)
def test_a_charter_that_says_nonsense_stops_nobody(house, ana, text):
    ana.saves("collab.toml", text)
    assert read_charter(house.repo, Charter(title="work")) == Charter(title="work")


def grown(house, who, count: int) -> None:
    """Adds saves of a notebook to a session, as an editor makes them all day."""
    repo, head = house.repo, who.head
    trailers = {"Gitcollab-Act": "snapshot", "Gitcollab-Session": str(who.session), "Gitcollab-User": "ana"}
    for number in range(count):
        tree = repo.edit(repo.tree_of(head), {NB: points.file_entry(repo, b"%d" % number)})
        head = repo.commit(tree, [head], "Save", author=Person(name="ana"), at=house.now(), trailers=trailers)
    repo.move(who.session.ref, head, who.head)


def test_a_long_day_of_saves_is_not_walked_again_for_each_of_its_commits(house, ana, notebook, monkeypatch):
    ana.saves(NB, notebook(("a", "x = 1")))
    stamp = ana.head
    grown(house, ana, 200)
    asked = []
    is_ancestor = type(house.repo).is_ancestor
    monkeypatch.setattr(
        type(house.repo), "is_ancestor", lambda repo, a, b: asked.append(a) or is_ancestor(repo, a, b)
    )
    main = house.repo.head(points.MAIN)
    assert len(points.unlanded(house.repo, main, ana.head)) == 200
    assert points.landed_point(house.repo, main, ana.head) == stamp
    found = copies.origin(house.repo, ana.session, copies.Claim(path=NB, stamp=stamp), b"new")
    assert found == copies.Copy(commit=ana.head)
    assert len(asked) < 100


def test_an_editors_right_to_run_a_file_stays(house, ana, ben):
    repo = house.repo
    tree = repo.edit(repo.tree_of(ana.head), {"run.sh": points.file_entry(repo, b"a\nb\nc\n")})
    entry = repo.entry(tree, "run.sh")
    tree = repo.edit(tree, {"run.sh": type(entry)(entry.oid, 0o100755)})
    commit = repo.commit(tree, [ana.head], "push", author=Person(name="ana"), at=house.now())
    repo.move(ana.session.ref, commit, ana.head)
    house.land(ana.session)
    house.deliver_all()
    ana.saves("run.sh", b"A\nb\nc\n", lands=False)
    ben.saves("run.sh", b"a\nb\nC\n")
    house.land(ana.session)
    found = repo.entry(repo.head(points.MAIN), "run.sh")
    assert (repo.blob(found.oid), found.mode) == (b"A\nb\nC\n", 0o100755)


def test_links_that_both_changed_do_not_vanish(house, ana, ben):
    repo = house.repo

    def links(who, target: bytes) -> None:
        entry = type(repo.entry(who.head, "collab.toml") or points.file_entry(repo, b""))(
            repo.write_blob(target), 0o120000
        )
        tree = repo.edit(repo.tree_of(who.head), {"link": entry, "x.ipynb": entry})
        commit = repo.commit(tree, [who.head], "push", author=Person(name="ana"), at=house.now())
        repo.move(who.session.ref, commit, who.head)

    links(ana, b"one")
    links(ben, b"two")
    both_land(house, ana, ben)
    both_land(house, ana, ben)
    found = repo.entries(repo.head(points.MAIN))
    assert {"link", "x.ipynb"} <= set(found)
    assert b"one" in everything(house)
    assert b"two" in everything(house)


def test_another_version_of_a_cell_deleted_twice_does_not_close_its_item(house, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), lands=False)
    ben.saves(NB, notebook(("b", "y = 2")))
    house.land(ana.session)
    house.deliver_all()
    ben.saves(NB, notebook(("b", "y = 2")))  # he has seen her edit, and deletes it again
    assert house.main(NB) == notebook(("b", "y = 2"))
    ben.saves(NB, notebook(("a", "x = 1000"), ("b", "y = 2")))
    (item,) = house.items()
    assert (item.shared["source"], item.session["source"]) == (["x = 1000"], ["x = 10"])
    house.settle(item.id, Take.SESSION)
    assert house.main(NB) == notebook(("a", "x = 10"), ("b", "y = 2"))


def test_a_locked_cell_that_both_edited_waits_for_a_person_however_its_lines_would_merge(
    house, ana, ben, notebook
):
    def locked(source: str, other: str = "") -> bytes:
        document = json.loads(notebook(("a", source), ("b", other)))
        document["cells"][0]["metadata"]["nbgrader"] = {"grade_id": "a", "locked": True}
        return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"

    ana.saves(NB, locked("one\ntwo\nthree\n"))
    ben.saves(NB, locked("ONE\ntwo\nthree\n"), lands=False)
    ana.saves(NB, locked("one\ntwo\nTHREE\n"))
    house.land(ben.session)
    (item,) = house.items()
    ana.saves(NB, locked("one\ntwo\nTHREE\n", "a move of the shared branch"))
    assert [(item.id, "one\ntwo\nTHREE\n", "ONE\ntwo\nthree\n")] == [
        (one.id, one.shared, one.session) for one in house.items()
    ]
