"""Rare moments of a collab: roles that change, disks that refuse, crashes between a fork and its note."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitcollab import acts
from gitcollab.collab import exchange
from gitcollab.errors import BadInput, Forbidden, NotFound, Unusable
from gitcollab.flow import mirror
from gitcollab.model import Actor, Role, SessionName, Take
from gitcollab.store import members
from gitcollab.workspace import Rules

NB = "analysis.ipynb"
ID = "cabcdefghi"


@pytest.fixture
def bens_desk(stage, ben, tmp_path: Path) -> Path:
    """A directory in which Ben works, watched by the daemon."""
    root = tmp_path / "ben"
    root.mkdir()
    stage.collab.desks.set_up(ben.session, root, Rules())
    stage.collab.mirror(ben.session)
    return root


def test_a_workspace_of_somebody_who_may_only_read_now_changes_nothing(stage, ana, ben, bens_desk, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    with stage.engine.begin() as conn:
        members.set_member(conn, ID, "ben", Role.VIEWER)
    with pytest.raises(Forbidden):
        stage.collab.take_in(ben.session, "notes.md", b"mine\n")
    with pytest.raises(Forbidden):
        stage.collab.take_in_rename(ben.session, NB, "study.ipynb")
    (bens_desk / "other.md").write_bytes(b"mine\n")
    assert stage.collab.sweep_one(ben.session) == ()
    assert (stage.main("notes.md"), stage.main("other.md"), stage.main("study.ipynb")) == (None, None, None)
    ana.saves(NB, notebook(("a", "x = 2")), base=ana.head)
    while stage.collab.mirror(ben.session):
        pass  # a file written this very moment is left alone for some milliseconds
    assert b"x = 2" in (bens_desk / NB).read_bytes()  # what comes in is still shown
    ben.leaves()


def test_a_workspace_whose_session_was_closed_changes_nothing(stage, ana, ben, bens_desk):
    ben.leaves()
    with pytest.raises(NotFound):
        stage.collab.take_in(ben.session, "notes.md", b"mine\n")
    assert stage.main("notes.md") is None


def test_an_editor_cannot_settle_their_own_charter_into_force(stage, ana, ben):
    before = stage.main("collab.toml")
    ben.saves("collab.toml", b'title = "mine"\n', base=ben.head)
    (item,) = stage.items()
    for take in (Take.SESSION, Take.BOTH, Take.TEXT):
        with pytest.raises(Forbidden):
            stage.settle("ben", item.id, take, source="title = 1")
    assert stage.main("collab.toml") == before
    stage.settle("ana", item.id, Take.SESSION)
    assert stage.main("collab.toml") == b'title = "mine"\n'


def test_an_editor_cannot_rename_the_charter_away(stage, ana, ben):
    ana.saves("collab.toml", b'title = "work"\nlicence = "MIT"\n')
    ben.saves("collab.toml", None, base=ben.head)
    before = ben.head
    ana.saves("collab.toml", b'title = "work"\nlicence = "BSD"\n', base=ana.head)
    who = {"actor": Actor(user="ben"), "collab": ID, "session": ben.session}
    if stage.repo.entry(before, "collab.toml"):
        stage.collab.rename(acts.Rename(**who, path="collab.toml", to="other.toml"))
    with pytest.raises(BadInput):
        ben.saves("collab.toml/x", b"1", base=ben.head)
    assert stage.main("collab.toml") == b'title = "work"\nlicence = "BSD"\n'


def test_a_disk_that_refuses_holds_up_nobody_else(stage, ana, ben, bens_desk, notebook, monkeypatch):
    def refuse(*_: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(mirror, "replace", refuse)
    receipt = ana.saves(NB, notebook(("a", "x = 1")))
    assert (receipt.landed, ben.reads(NB)) == (stage.repo.head("refs/heads/main"), stage.main(NB))
    assert stage.collab.mirror(ben.session) == (NB,)
    monkeypatch.undo()
    stage.collab.mirror(ben.session)
    assert b"x = 1" in (bens_desk / NB).read_bytes()


def test_a_file_that_cannot_be_taken_in_holds_up_no_publish(stage, ana, ben, bens_desk, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    (bens_desk / "collab.toml").unlink()
    (bens_desk / "collab.toml").mkdir()
    (bens_desk / "collab.toml" / "x").write_bytes(b"1")
    (bens_desk / "notes.md").write_bytes(b"mine\n")
    stage.collab.publish(acts.Publish(actor=Actor(user="ana"), collab=ID, notebook=NB))
    assert stage.main("notes.md") == b"mine\n"
    assert "Skipped" in stage.kinds()


def test_a_file_where_others_have_made_a_directory_is_saved_beside_it(stage, ana, ben, bens_desk):
    ana.saves("data/x.csv", b"ana\n")
    with_desk = bens_desk / "data"
    (with_desk / "x.csv").unlink()
    with_desk.rmdir()
    with_desk.write_bytes(b"ben\n")
    ana.saves("data/y.csv", b"ana too\n", base=ana.head)
    stage.collab.take_in(ben.session, "data", b"ben\n")
    held = [
        stage.repo.blob(entry.oid)
        for entry in stage.repo.entries(stage.repo.head("refs/heads/main")).values()
    ]
    assert b"ben\n" in held
    assert b"ana too\n" in held


def test_a_fork_is_told_once(stage, ana, notebook):
    first = ana.saves(NB, notebook(("a", "x = 1")))
    ana.saves(NB, notebook(("a", "x = 100")), base=first.version)
    receipt = ana.saves(NB, notebook(("a", "x = 10")), base=first.version)
    ana.saves(NB, notebook(("a", "x = 11")), base=receipt.version)
    assert stage.kinds().count("Forked") == 1


def test_a_rename_never_overwrites_another_file(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    ana.saves("study.ipynb", notebook(("b", "y = 1")), base=ana.head)
    who = {"actor": Actor(user="ana"), "collab": ID, "session": ana.session}
    with pytest.raises(BadInput):
        stage.collab.rename(acts.Rename(**who, path=NB, to="study.ipynb"))
    with pytest.raises(BadInput):
        stage.collab.rename(acts.Rename(**who, path=".gitcollab/contested/x.json", to="x.json"))
    assert stage.main("study.ipynb") == notebook(("b", "y = 1"))


def test_a_session_that_cannot_land_holds_up_no_other_at_the_start(stage, ana, ben, notebook, monkeypatch):
    land = exchange.land

    def fail_for_ana(repo: object, session: SessionName, **more: object) -> object:
        if session.user == "ana":
            raise RuntimeError("a bug")
        return land(repo, session, **more)

    monkeypatch.setattr(exchange, "land", lambda *_, **__: None)
    ben.saves("notes.md", b"ben\n")
    monkeypatch.setattr(exchange, "land", fail_for_ana)
    with pytest.raises(RuntimeError):
        stage.restart()
    assert stage.main("notes.md") == b"ben\n"


def test_a_save_is_kept_whatever_becomes_of_its_landing(stage, ana, ben, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(exchange, "land", fail)
    with pytest.raises(RuntimeError):
        ben.saves("notes.md", b"ben\n")
    monkeypatch.undo()
    assert ben.reads("notes.md") == b"ben\n"
    assert stage.kinds()[-1] == "Saved"
    stage.restart()
    assert stage.main("notes.md") == ana.reads("notes.md") == b"ben\n"


def test_an_empty_directory_of_the_same_name_is_no_deletion_of_everything(
    stage, ana, ben, bens_desk, notebook
):
    ana.saves(NB, notebook(("a", "x = 1")))
    assert (bens_desk / NB).exists()
    stage.restart()
    again = stage.collab.desks.set_up(ben.session, bens_desk, Rules())
    assert NB in again.known
    stage.restart()
    bens_desk.rename(bens_desk.with_name("old"))
    bens_desk.mkdir()
    assert stage.collab.desks.set_up(ben.session, bens_desk, Rules()).known == {}
    stage.collab.mirror(ben.session)
    assert b"x = 1" in (bens_desk / NB).read_bytes()
    assert stage.collab.sweep_one(ben.session) == ()


def test_a_session_taken_up_in_another_directory_leaves_the_first_alone(stage, ana, ben, bens_desk, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    stage.collab.desks.set_up(ben.session, other, Rules())
    ana.saves("notes.md", b"hello\n")
    assert [(root / "notes.md").exists() for root in (bens_desk, other)] == [False, True]


def test_a_file_renamed_on_disk_takes_no_place_that_its_person_has_not_seen_taken(
    stage, ana, ben, bens_desk, notebook, monkeypatch
):
    ana.saves(NB, notebook(("a", "x = 1")))
    monkeypatch.setattr(mirror, "replace", lambda *_: False)  # Ben's editor holds everything
    ana.saves("study.ipynb", notebook(("b", "y = 1")), base=ana.head)
    with pytest.raises(Unusable):
        stage.collab.take_in_rename(ben.session, NB, "study.ipynb")
    assert stage.main("study.ipynb") == notebook(("b", "y = 1"))
    stage.collab.take_in_rename(ben.session, NB, "other.ipynb")
    assert stage.main("other.ipynb") == notebook(("a", "x = 1"))


def test_a_session_with_the_longest_name_can_still_be_forked(stage, ana, person, notebook):
    with pytest.raises(BadInput):
        person(stage, "ben", "b" * 64)
    ben = person(stage, "ben", "b" * 56)
    first = ben.saves(NB, notebook(("a", "x = 1")))
    ben.saves(NB, notebook(("a", "x = 100")), base=first.version)
    assert ben.saves(NB, notebook(("a", "x = 10")), base=first.version).forked == f"ben/{'b' * 56}-2"


def test_an_unstamped_copy_that_was_merged_once_is_merged_again(stage, ana, ben):
    lines = [f"line {n}" for n in range(9)]
    first = ana.saves("notes.md", "\n".join(lines).encode())
    ben.saves("notes.md", "\n".join(["ben", *lines[1:]]).encode(), base=ben.head)
    hers = [*lines[:7], "ana 7", lines[8]]
    ana.saves("notes.md", "\n".join(hers).encode(), base=first.version)
    hers[4] = "ana 4"
    ana.saves("notes.md", "\n".join(hers).encode())
    assert stage.main("notes.md") == "\n".join(["ben", *hers[1:]]).encode()


def test_a_file_overwritten_from_elsewhere_while_a_delivery_waits_is_merged(stage, ana, ben, bens_desk):
    lines = [f"line {n}" for n in range(9)]
    ana.saves("notes.md", "\n".join(lines).encode())
    hers, his = lines.copy(), lines.copy()
    for number, (her_line, his_line) in enumerate([(1, 7), (3, 5)]):
        his[his_line] = f"ben {his_line}"
        copied = "\n".join(his).encode()  # the next version of his own, which knows nothing of hers
        (bens_desk / "notes.md").write_bytes(copied)
        hers[her_line] = f"ana {her_line}"
        now = ana.reads("notes.md").decode().replace(f"line {her_line}", f"ana {her_line}")
        ana.saves("notes.md", now.encode(), base=ana.head)
        stage.collab.take_in(ben.session, "notes.md", copied)
        assert (number, stage.items()) == (number, ())
    both = ["line 0", "ana 1", "line 2", "ana 3", "line 4", "ben 5", "line 6", "ben 7", "line 8"]
    assert stage.main("notes.md").decode().split("\n") == both


def test_what_was_saved_in_the_very_moment_before_is_swept_up(stage, ben, bens_desk):
    (bens_desk / "notes.md").write_bytes(b"mine\n")
    (receipt,) = stage.collab.sweep_one(ben.session)
    assert receipt.snapshot
