"""Watched workspaces: what is known of them, also when a crash came before it was written down."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from gitcollab import acts
from gitcollab.model import Actor, SessionName
from gitcollab.workspace import Rules

ANA = SessionName(user="ana", name="default")


class Desk:
    """Ana's directory, watched."""

    def __init__(self, stage, root: Path) -> None:
        self.stage, self.root = stage, root
        root.mkdir()
        self.opens()

    def opens(self) -> None:
        self.stage.collab.desks.set_up(ANA, self.root, Rules())

    def saves(self, path: str, text: str):
        (self.root / path).write_text(text)
        return self.stage.collab.take_in(ANA, path, text.encode())

    def writes(self, path: str, data: bytes):
        (self.root / path).write_bytes(data)
        return self.stage.collab.take_in(ANA, path, data)

    def asks_to_save(self, path: str, data: bytes, base: str | None = None):
        """As a client does that has just written the file."""
        (self.root / path).write_bytes(data)
        return self.tells(path, data, base)

    def tells(self, path: str, data: bytes, base: str | None = None):
        """As a client does of what the file held a moment ago."""
        who = {"actor": Actor(user="ana"), "collab": self.stage.collab.id, "session": ANA}
        return self.stage.collab.save(acts.Save(**who, path=path, data=data, base=base))

    def reads(self, path: str) -> str:
        """What lies there once all has been written; what was saved a moment ago is left alone for another."""
        while self.stage.collab.mirror(ANA):
            time.sleep(0.01)
        return (self.root / path).read_text()

    def forgets_what_it_took_in(self, act) -> None:
        """Does something, and crashes before what the directory held by then was written down."""
        known = self.stage.given.place.known(self.stage.collab.id, ANA)
        shutil.copy(known, kept := known.with_suffix(".kept"))
        act()
        kept.replace(known)
        self.stage.restart()
        self.opens()


@pytest.fixture
def desk(stage, ana, tmp_path: Path) -> Desk:
    return Desk(stage, tmp_path / "work")


def test_a_save_after_a_crash_goes_on_from_the_last_that_was_taken_in(stage, desk):
    desk.saves("plan.txt", "one\n")
    desk.forgets_what_it_took_in(lambda: desk.saves("plan.txt", "two\n"))
    receipt = desk.saves("plan.txt", "three\n")
    assert ("", b"three\n") == (receipt.forked, stage.main("plan.txt"))
    assert "three\n" == desk.reads("plan.txt")


def test_a_save_after_a_crash_is_merged_with_what_was_delivered_since(stage, desk, ben):
    text = "".join(f"{n}\n" for n in range(9))
    desk.saves("plan.txt", text)

    def crash() -> None:
        desk.saves("plan.txt", text.replace("8", "eight"))
        ben.saves("plan.txt", (ben.reads("plan.txt") or b"").replace(b"0", b"zero"))
        (desk.root / "plan.txt").write_text(text.replace("8", "eight"))  # the delivery had not been written

    desk.forgets_what_it_took_in(crash)
    receipt = desk.saves("plan.txt", text.replace("8", "EIGHT"))
    wanted = text.replace("8", "EIGHT").replace("0", "zero")
    assert ("", wanted.encode()) == (receipt.forked, stage.main("plan.txt"))
    assert wanted == desk.reads("plan.txt")


def test_a_file_that_was_renamed_before_anybody_looked_at_it_is_known_by_its_bytes(stage, desk, ben):
    desk.saves("plan.txt", "a plan\n")
    before = ben.head
    (desk.root / "plan.txt").rename(desk.root / "new.txt")
    stage.collab.take_in(ANA, "new.txt", b"a plan\n")
    ben.saves("plan.txt", b"a plan\nand more\n", before)
    assert (None, b"a plan\nand more\n") == (stage.main("plan.txt"), stage.main("new.txt"))
    assert () == stage.items()


def test_a_copy_beside_the_file_is_no_rename(stage, desk):
    desk.saves("plan.txt", "a plan\n")
    desk.saves("copy.txt", "a plan\n")
    assert (b"a plan\n", b"a plan\n") == (stage.main("plan.txt"), stage.main("copy.txt"))


def test_a_renamed_file_is_known_by_whichever_door_it_comes(stage, desk, ben):
    """A client that renamed a file says so by a save of it, which may come before the watch has seen anything."""
    desk.saves("plan.txt", "a plan\n")
    before = ben.head
    (desk.root / "plan.txt").rename(desk.root / "new.txt")
    desk.asks_to_save("new.txt", b"a plan\n")
    ben.saves("plan.txt", b"a plan\nand more\n", before)
    assert (None, b"a plan\nand more\n") == (stage.main("plan.txt"), stage.main("new.txt"))
    assert () == stage.items()


def test_a_notebook_renamed_and_changed_before_anybody_looked_is_known_by_its_cells(
    stage, desk, ben, notebook
):
    desk.writes("plan.ipynb", notebook(("a", "1"), ("b", "2"), ("c", "3")))
    before = ben.head
    (desk.root / "plan.ipynb").unlink()
    desk.writes("new.ipynb", notebook(("a", "one"), ("b", "2"), ("c", "3")))
    ben.saves("plan.ipynb", notebook(("a", "1"), ("b", "2"), ("c", "three")), before)
    both = notebook(("a", "one"), ("b", "2"), ("c", "three"))
    assert (None, both) == (stage.main("plan.ipynb"), stage.main("new.ipynb"))
    assert () == stage.items()


def test_a_sweep_finds_a_rename_made_while_nobody_looked(stage, desk, ben):
    desk.saves("plan.txt", "a plan\n")
    before = ben.head
    (desk.root / "plan.txt").rename(desk.root / "new.txt")
    stage.collab.sweep_one(ANA)
    ben.saves("plan.txt", b"a plan\nand more\n", before)
    assert (None, b"a plan\nand more\n") == (stage.main("plan.txt"), stage.main("new.txt"))
    assert () == stage.items()


@pytest.mark.parametrize("is_told_before", [True, False])
def test_a_save_that_the_watch_took_for_another_one_is_merged_once_its_author_says_of_what_it_is(
    stage, desk, is_told_before
):
    """An editor writes over what another program wrote: the watch sees two saves, the second of which takes back."""
    old, theirs, own = (f"x = {x}\n\n\n\ny = {y}\n" for x, y in ((1, 1), (1, 2), (2, 1)))
    desk.saves("plan.txt", old)
    before = stage.repo.head(ANA.ref)
    desk.saves("plan.txt", theirs)
    if is_told_before:
        desk.tells("plan.txt", theirs.encode(), before)
    desk.saves("plan.txt", own)
    assert own.encode() == stage.main("plan.txt")
    desk.tells("plan.txt", own.encode(), before)
    wanted = own.replace("y = 1", "y = 2")
    assert (wanted.encode(), ()) == (stage.main("plan.txt"), stage.items())
    assert wanted == desk.reads("plan.txt")
    desk.tells("plan.txt", own.encode(), before)
    assert wanted.encode() == stage.main("plan.txt")
