"""Held saves: kept outside the repository, told to their author alone, and decided by them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gitcollab import acts, notebooks
from gitcollab.acts.holding import HeldSave
from gitcollab.collab.drawer import Drawer
from gitcollab.errors import BadInput, Forbidden, Moved, NotFound, Unusable
from gitcollab.events import Asked, Held, may_see
from gitcollab.model import Actor, Receipt, SessionName
from gitcollab.workspace import Rules

ANA = SessionName(user="ana", name="default")
TOKEN = "ghp" + "_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"
OTHER = "ghp" + "_9z8Y7x6W5v4U3t2S1r0Q9p8O7n6M5l4K3j2I"
LONG = "".join(f"line {n}\n" for n in range(40)).encode()


class Author:
    """What a person does with what is held of theirs."""

    def __init__(self, stage, user: str) -> None:
        self.stage, self.actor, self.id = stage, Actor(user=user), stage.collab.id

    def held(self) -> tuple[HeldSave, ...]:
        return self.stage.collab.held(acts.ReadHeld(actor=self.actor, collab=self.id))

    def bytes_of(self, held: str) -> bytes:
        return self.stage.collab.held_file(acts.ReadHeldFile(actor=self.actor, collab=self.id, held=held))

    def decides(self, take: str, held: str = "", seen: str = "") -> Receipt:
        which = held or self.held()[0].id
        act = acts.DecideHeld(actor=self.actor, collab=self.id, held=which, take=take, seen=seen)
        return self.stage.collab.decide_held(act)


class Desk:
    """Ana's directory, watched."""

    def __init__(self, stage, root: Path) -> None:
        self.stage, self.root = stage, root
        root.mkdir()
        stage.collab.desks.set_up(ANA, root, Rules())

    def saves(self, path: str, data: bytes) -> Receipt:
        (self.root / path).write_bytes(data)
        return self.stage.collab.take_in(ANA, path, data)

    def reads(self, path: str, wanted: bytes) -> bytes:
        """What lies there once it is as wanted; what was written a moment ago is left alone for another."""
        for _ in range(1000):
            self.stage.collab.mirror(ANA)
            found = (self.root / path).read_bytes() if (self.root / path).exists() else b""
            if (notebooks.strip(found)[0] if path.endswith(".ipynb") else found) == wanted:
                break
            time.sleep(0.02)
        return found


@pytest.fixture
def author(stage, ana) -> Author:
    return Author(stage, "ana")


@pytest.fixture
def desk(stage, ana, tmp_path: Path) -> Desk:
    return Desk(stage, tmp_path / "work")


@pytest.mark.parametrize("take", ["release", "drop"])
def test_who_hears_that_it_waits_no_longer_finds_it_gone(stage, ana, author, take: str):
    ana.saves("run.py", f"key = '{TOKEN}'\n".encode())
    found = []
    stage.hear = lambda event: found.append([one.is_dropped for one in author.held()])
    author.decides(take)
    assert {"release": [[]] * len(found), "drop": [[True]] * len(found)}[take] == found
    assert found != []


def test_a_save_with_a_secret_is_held_and_nothing_of_it_is_in_the_repository(stage, ana, author):
    before = ana.head, stage.repo.heads("refs/")
    receipt = ana.saves("run.py", f"key = '{TOKEN}'\n".encode())
    (held,) = author.held()
    assert (None, None, "secret", held.id) == (
        receipt.snapshot,
        receipt.landed,
        receipt.question,
        receipt.held,
    )
    assert ("ana/default", "run.py", "secret", False) == (
        held.session,
        held.path,
        held.reason,
        held.has_earlier,
    )
    assert [("github-token", None, "file", 1)] == [(s.kind, s.cell, s.field, s.line) for s in held.findings]
    assert before == (ana.head, stage.repo.heads("refs/"))
    assert not any(TOKEN.encode() in stage.repo.blob(oid) for oid in loose_blobs(stage))
    assert f"key = '{TOKEN}'\n".encode() == author.bytes_of(held.id)


def loose_blobs(stage) -> list[str]:
    found = [path.parent.name + path.name for path in (stage.repo.path / "objects").glob("??/*")]
    return [oid for oid in found if stage.repo.objects.header(oid)[0] == "blob"]


def test_only_its_author_is_told_and_may_see_or_decide_it(stage, ana, author):
    receipt = ana.saves("run.py", TOKEN.encode())
    (told,) = [event for event in stage.events() if isinstance(event, Held)]
    assert [True, False, False] == [may_see(told, user) for user in ("ana", "ben", "")]
    assert TOKEN not in repr(stage.events())
    ben = Author(stage, "ben")
    assert () == ben.held()
    for refused in (lambda: ben.bytes_of(receipt.held), lambda: ben.decides("release", receipt.held)):
        with pytest.raises(NotFound):
            refused()
    with pytest.raises(NotFound):
        Author(stage, "out").held()


def test_it_survives_a_restart_and_is_told_once(stage, ana, author):
    ana.saves("run.py", TOKEN.encode())
    stage.restart()
    assert ["run.py"] == [held.path for held in author.held()]
    assert 1 == stage.kinds().count("Held")


def test_what_a_crash_kept_from_being_told_is_told_at_the_start(stage, ana, author):
    ana.saves("run.py", TOKEN.encode())
    kept = Drawer(stage.given.place, stage.collab.id)
    (one,) = kept.all()
    kept.put(type(one)(**{name: getattr(one, name) for name in one.__struct_fields__} | {"after": 10_000}))
    stage.restart()
    assert 2 == stage.kinds().count("Held")


def test_released_it_is_shared_and_nobody_is_asked_about_it_again(stage, ana, ben, author):
    ana.saves("run.py", TOKEN.encode())
    receipt = author.decides("release")
    assert (True, True) == (receipt.snapshot is not None, receipt.landed is not None)
    assert (TOKEN.encode(), ()) == (stage.main("run.py"), author.held())
    assert "" == ben.saves("other.py", f"again = '{TOKEN}'\n".encode()).held
    assert "" != ben.saves("third.py", f"new = '{OTHER}'\n".encode()).held
    assert [True, False, True] == [event.is_open for event in stage.events() if isinstance(event, Held)]


def test_a_secret_that_is_shared_already_asks_nothing(stage, ana, ben, author):
    ana.saves("run.py", TOKEN.encode() + b"\n")
    author.decides("release")
    (stage.given.place.root / "private" / "held" / stage.collab.id / "harmless").unlink()
    assert "" == ben.saves("run.py", TOKEN.encode() + b"\nmore\n").held


def test_the_next_save_without_the_secret_goes_on_and_ends_it(stage, ana, author):
    ana.saves("run.py", TOKEN.encode())
    receipt = ana.saves("run.py", b"key = os.environ['KEY']\n")
    assert ("", b"key = os.environ['KEY']\n", ()) == (receipt.held, stage.main("run.py"), author.held())
    assert [True, False] == [event.is_open for event in stage.events() if isinstance(event, Held)]


def test_a_later_save_replaces_what_is_held_and_tells_no_more(stage, ana, author):
    ana.saves("run.py", TOKEN.encode())
    (first,) = author.held()
    ana.saves("run.py", TOKEN.encode() + b"\nmore\n")
    (second,) = author.held()
    assert (first.id, 1) == (second.id, stage.kinds().count("Held"))
    with pytest.raises(Moved):
        author.decides("release", seen=first.mark)
    author.decides("release", seen=second.mark)
    assert TOKEN.encode() + b"\nmore\n" == stage.main("run.py")


def test_dropped_it_stays_out_until_the_file_changes(stage, ana, author):
    ana.saves("run.py", TOKEN.encode())
    author.decides("drop")
    (held,) = author.held()
    assert (True, 0) == (held.is_dropped, held.size)
    ana.saves("run.py", TOKEN.encode())
    assert [True, False] == [event.is_open for event in stage.events() if isinstance(event, Held)]
    with pytest.raises(Unusable):
        author.decides("release")
    ana.saves("run.py", TOKEN.encode() + b" ")
    assert [False] == [held.is_dropped for held in author.held()]


def test_what_is_held_again_in_the_same_round_stays(stage, ana, author):
    """Acts that wait together end together: what the first ends is not what the last one holds."""
    ana.saves("run.py", TOKEN.encode())
    with stage.collab._turns.taking():
        ana.saves("run.py", b"plain\n")
        ana.saves("run.py", TOKEN.encode())
    assert [TOKEN.encode()] == [author.bytes_of(held.id) for held in author.held()]
    assert [True, False, True] == [event.is_open for event in stage.events() if isinstance(event, Held)]


def test_a_release_is_merged_with_what_came_meanwhile(stage, ana, ben, author):
    ana.saves("plan.txt", LONG)
    base = ana.head
    ana.saves("plan.txt", LONG + TOKEN.encode() + b"\n", base=base)
    ben.saves("plan.txt", b"first\n" + LONG)
    author.decides("release")
    assert b"first\n" + LONG + TOKEN.encode() + b"\n" == stage.main("plan.txt")
    assert () == stage.items()


def test_a_notebook_s_finding_names_its_cell_and_outputs_count(stage, ana, author, notebook):
    ana.saves("nb.ipynb", notebook(("a", "x = 1"), ("b", f"print('{TOKEN}')")))
    (held,) = author.held()
    assert [("b", "source", 1)] == [(each.cell, each.field, each.line) for each in held.findings]
    assert not any(TOKEN[8:16] in str(each) for each in held.findings)


def test_a_draft_with_a_secret_is_held_and_the_saved_file_goes_on(stage, ana, author):
    receipt = ana.saves("run.py", TOKEN.encode(), is_draft=True)
    assert ("secret", {}) == (receipt.question, stage.repo.heads("refs/gitcollab/drafts/"))
    assert [True] == [held.is_draft for held in author.held()]
    ana.saves("run.py", b"")
    assert () == author.held()
    ana.saves("run.py", TOKEN.encode(), is_draft=True)
    author.decides("release")
    assert 1 == len(stage.repo.heads("refs/gitcollab/drafts/"))


def test_the_charter_can_switch_the_search_off(stage, ana, author):
    ana.saves("collab.toml", b'title = "work"\nsecrets = "off"\n')
    assert ("", ()) == (ana.saves("run.py", TOKEN.encode()).held, author.held())


# --- in a watched workspace ---------------------------------------------------------------------------------------


def test_the_author_s_file_stays_and_nothing_is_delivered_over_it(stage, ben, desk, author):
    desk.saves("plan.txt", LONG)
    mine = LONG + TOKEN.encode()
    assert "secret" == desk.saves("plan.txt", mine).question
    ben.saves("plan.txt", b"first\n" + LONG)
    assert ("plan.txt",) == stage.collab.mirror(ANA)
    assert mine == (desk.root / "plan.txt").read_bytes()
    assert [True] == [bool(receipt.held) for receipt in stage.collab.sweep_one(ANA)]
    assert 1 == stage.kinds().count("Held")
    author.decides("release")
    both = b"first\n" + mine
    assert (both, both) == (stage.main("plan.txt"), desk.reads("plan.txt", both))


def test_restored_the_workspace_gets_the_version_before(stage, desk, author):
    desk.saves("plan.txt", LONG)
    desk.saves("plan.txt", TOKEN.encode())
    author.decides("restore")
    assert (LONG, ()) == (desk.reads("plan.txt", LONG), author.held())
    assert "" == desk.saves("plan.txt", LONG + b"more\n").held


def test_a_file_that_changed_meanwhile_is_not_written_over(stage, desk, author):
    desk.saves("plan.txt", LONG)
    desk.saves("plan.txt", TOKEN.encode())
    (desk.root / "plan.txt").write_bytes(b"work in between")
    with pytest.raises(Moved):
        author.decides("restore")
    assert b"work in between" == (desk.root / "plan.txt").read_bytes()


def test_a_new_file_has_nothing_to_go_back_to_and_stays_where_it_is(stage, desk, author):
    desk.saves(".env", TOKEN.encode())
    with pytest.raises(Unusable):
        author.decides("restore")
    author.decides("drop")
    assert [True] == [bool(receipt.held) for receipt in stage.collab.sweep_one(ANA)]
    assert (TOKEN.encode(), 2) == ((desk.root / ".env").read_bytes(), stage.kinds().count("Held"))
    author.decides("release")
    assert TOKEN.encode() == stage.main(".env")


def test_a_rename_of_a_file_with_a_held_save_loses_nothing(stage, desk, author):
    desk.saves("plan.txt", LONG)
    desk.saves("plan.txt", LONG + TOKEN.encode())
    (desk.root / "plan.txt").rename(desk.root / "new.txt")
    with pytest.raises(Unusable):
        stage.collab.take_in_rename(ANA, "plan.txt", "new.txt")
    assert {"plan.txt", "new.txt"} == {
        path for path in ("plan.txt", "new.txt") if stage.collab.sweep_one(ANA) or author.held()
    }
    assert [LONG + TOKEN.encode()] == [author.bytes_of(held.id) for held in author.held()]


# --- falls to nothing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b" \n\n"])
def test_a_text_of_substance_that_falls_to_nothing_is_held(stage, desk, author, data):
    desk.saves("plan.txt", LONG)
    assert "emptied" == desk.saves("plan.txt", data).question
    assert LONG == stage.main("plan.txt")
    author.decides("restore")
    assert LONG == desk.reads("plan.txt", LONG)


def test_emptying_it_deliberately_takes_one_decision(stage, desk, author):
    desk.saves("plan.txt", LONG)
    desk.saves("plan.txt", b"")
    assert True is (author.decides("release").landed is not None)
    assert (b"", ()) == (stage.main("plan.txt"), author.held())


def test_the_next_good_version_goes_on_by_itself(stage, desk, author):
    desk.saves("plan.txt", LONG)
    desk.saves("plan.txt", b"")
    desk.saves("plan.txt", LONG + b"more\n")
    assert (LONG + b"more\n", ()) == (stage.main("plan.txt"), author.held())


def test_a_small_file_may_be_emptied_and_a_new_one_begin_empty(stage, ana, author):
    ana.saves("note.txt", b"a few words\n")
    assert ["", ""] == [ana.saves("note.txt", b"").held, ana.saves("new.txt", b"").held]
    assert (b"", b"") == (stage.main("note.txt"), stage.main("new.txt"))


@pytest.mark.parametrize("data", [b"", b'{"cells": [{"cell_type": "co', b"\xff\xfe no notebook"])
def test_a_notebook_that_no_longer_parses_is_held_by_whatever_door_it_comes(
    stage, ana, author, notebook, data
):
    good = notebook(("a", "x = 1"))
    ana.saves("nb.ipynb", good)
    assert ana.saves("nb.ipynb", data).question in {"emptied", "unreadable"}
    assert (good, (), 1) == (stage.main("nb.ipynb"), stage.items(), len(author.held()))
    ana.saves("nb.ipynb", notebook(("a", "x = 2")))
    assert (notebook(("a", "x = 2")), ()) == (stage.main("nb.ipynb"), author.held())


# --- many deletions ------------------------------------------------------------------------------------------------


@pytest.fixture
def emptied(stage, desk) -> tuple[str, ...]:
    paths = tuple(f"f{n:02}.txt" for n in range(20))
    for path in paths:
        desk.saves(path, path.encode())
    for path in paths[:15]:
        (desk.root / path).unlink()
    stage.collab.ask_deletions(ANA, paths[:10])
    stage.collab.ask_deletions(ANA, paths[10:15])
    return paths[:15]


def test_many_deletions_wait_and_are_asked_about(stage, author, emptied):
    (held,) = author.held()
    assert ("deleted", emptied) == (held.reason, held.paths)
    assert "mass-delete" in {event.question for event in stage.events() if isinstance(event, Asked)}
    assert b"f00.txt" == stage.main("f00.txt")
    with pytest.raises(BadInput):
        author.decides("drop")


def test_deletions_that_are_meant_are_done_all(stage, author, emptied):
    author.decides("release")
    assert ([None] * 15, ()) == ([stage.main(path) for path in emptied], author.held())
    assert b"f19.txt" == stage.main("f19.txt")


def test_files_brought_back_lie_there_again(stage, desk, author, emptied):
    author.decides("restore")
    assert [desk.reads(path, path.encode()) for path in emptied] == [path.encode() for path in emptied]
    assert (b"f00.txt", ()) == (stage.main("f00.txt"), author.held())


def test_only_what_is_still_gone_is_deleted(stage, desk, author, emptied):
    (desk.root / "f00.txt").write_bytes(b"f00.txt")
    assert emptied[1:] == author.held()[0].paths
    author.decides("release")
    assert (b"f00.txt", None) == (stage.main("f00.txt"), stage.main("f01.txt"))


def test_nothing_waits_while_the_directory_itself_is_away(stage, desk, author, emptied):
    desk.root.rename(desk.root.with_name("away"))
    assert () == author.held()
    assert b"f00.txt" == stage.main("f00.txt")


def test_a_viewer_sees_what_is_theirs_and_decides_nothing(stage, author):
    viewer = Author(stage, "vic")
    assert () == viewer.held()
    with pytest.raises(Forbidden):
        viewer.decides("release", "0" * 16)
