"""Files that clients have open: deliveries wait for them, over a restart too, and never for longer than was said."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from gitcollab import acts
from gitcollab.collab.holds import GRACE, LONGEST, Holds
from gitcollab.collab.place import Place
from gitcollab.errors import BadInput, Forbidden, TooMany
from gitcollab.model import Actor, Role, SessionName
from gitcollab.workspace import Rules

ANA = SessionName(user="ana", name="default")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def holds(tmp_path: Path, clock: Clock) -> Holds:
    return Holds(Place(tmp_path), "cabcdefghi", clock)


def test_a_hold_ends_by_itself(holds: Holds, clock: Clock) -> None:
    holds.hold(ANA, "a.ipynb", "tab", 10)
    assert (True, False) == (holds.is_held(ANA, "a.ipynb"), holds.is_held(ANA, "b.ipynb"))
    clock.now += 10
    assert not holds.is_held(ANA, "a.ipynb")


def test_each_client_holds_for_itself(holds: Holds) -> None:
    for tab in ("one", "two"):
        holds.hold(ANA, "a.ipynb", tab, 10)
    holds.release(ANA, "a.ipynb", "one")
    holds.release(ANA, "a.ipynb", "never had it")
    assert holds.is_held(ANA, "a.ipynb")
    holds.release(ANA, "a.ipynb", "two")
    assert not holds.is_held(ANA, "a.ipynb")


def test_a_hold_survives_a_restart_and_gets_time_to_be_said_again(
    holds: Holds, clock: Clock, tmp_path: Path
) -> None:
    holds.hold(ANA, "a.ipynb", "tab", 10)
    clock.now += 3600  # the daemon was down
    again = Holds(Place(tmp_path), "cabcdefghi", clock)
    assert again.is_held(ANA, "a.ipynb")
    clock.now += GRACE
    assert not again.is_held(ANA, "a.ipynb")


def test_what_was_released_is_not_held_after_a_restart(holds: Holds, clock: Clock, tmp_path: Path) -> None:
    holds.hold(ANA, "a.ipynb", "tab", 10)
    holds.release(ANA, "a.ipynb", "tab")
    assert not Holds(Place(tmp_path), "cabcdefghi", clock).is_held(ANA, "a.ipynb")


@pytest.mark.parametrize("seconds", [0, -1, LONGEST + 1, float("nan")])
def test_nobody_holds_for_ever(holds: Holds, seconds: float) -> None:
    with pytest.raises(BadInput):
        holds.hold(ANA, "a.ipynb", "tab", seconds)


def test_nobody_holds_everything(holds: Holds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitcollab.collab.holds.MOST", 2)
    for name in ("a", "b"):
        holds.hold(ANA, name, "", 10)
    with pytest.raises(TooMany):
        holds.hold(ANA, "c", "", 10)


# --- in a watched workspace ----------------------------------------------------------------------------------------


def cells(data: bytes) -> dict[str, str]:
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(data)["cells"]}


def asked(kind, user: str = "ana", **more):
    return kind(actor=Actor(user=user), collab="cabcdefghi", session=ANA, path="nb.ipynb", **more)


@pytest.fixture
def desk(stage, ana, ben, notebook, tmp_path: Path) -> Path:
    """Ana's watched directory, with a notebook that Ben has, too."""
    root = tmp_path / "work"
    root.mkdir()
    stage.collab.desks.set_up(ANA, root, Rules())
    (root / "nb.ipynb").write_bytes(notebook(("one", "x = 1\n"), ("two", "y = 1\n")))
    stage.collab.take_in(ANA, "nb.ipynb", (root / "nb.ipynb").read_bytes())
    return root


def aged(path: Path) -> Path:
    """A file just saved, as if a while ago: a young one is not written over."""
    os.utime(path, (time.time() - 60,) * 2)
    return path


def test_a_delivery_waits_while_the_file_is_open_and_comes_when_it_is_closed(stage, desk, ben) -> None:
    stage.collab.hold(asked(acts.Hold, client="tab"))
    ben.saves("nb.ipynb", ben.reads("nb.ipynb").replace(b"y = 1", b"y = 2"))
    aged(desk / "nb.ipynb")
    assert ("nb.ipynb",) == stage.collab.mirror(ANA)
    assert "y = 1\n" == cells((desk / "nb.ipynb").read_bytes())["two"]
    stage.collab.release(asked(acts.Release, client="tab"))
    assert "y = 2\n" == cells((desk / "nb.ipynb").read_bytes())["two"]


def test_what_an_editor_saves_while_a_delivery_waits_is_merged_with_it(stage, desk, ben) -> None:
    stage.collab.hold(asked(acts.Hold))
    ben.saves("nb.ipynb", ben.reads("nb.ipynb").replace(b"y = 1", b"y = 2"))
    data = (desk / "nb.ipynb").read_bytes().replace(b"x = 1", b"x = 9")
    (desk / "nb.ipynb").write_bytes(data)
    receipt = stage.collab.save(asked(acts.Save, data=data))
    assert ("", "", ()) == (receipt.forked, receipt.question, receipt.contested)
    assert {"one": "x = 9\n", "two": "y = 2\n"} == cells(stage.main("nb.ipynb"))


def test_a_save_that_the_watcher_took_in_first_asks_no_question(stage, desk, ben) -> None:
    stage.collab.hold(asked(acts.Hold))
    data = (desk / "nb.ipynb").read_bytes().replace(b"x = 1", b"x = 9")
    (desk / "nb.ipynb").write_bytes(data)
    first = stage.collab.take_in(ANA, "nb.ipynb", data)
    ben.saves("nb.ipynb", ben.reads("nb.ipynb").replace(b"y = 1", b"y = 2"))
    again = stage.collab.save(asked(acts.Save, data=data))
    assert (None, "", first.version) == (again.snapshot, again.question, again.version)
    before = stage.repo.head(ANA.ref)
    assert "" == stage.collab.take_in(ANA, "nb.ipynb", data).question  # the watcher, late
    assert before == stage.repo.head(ANA.ref)
    assert {"one": "x = 9\n", "two": "y = 2\n"} == cells(stage.main("nb.ipynb"))


def test_only_ones_own_open_files_hold_deliveries_back(stage, desk) -> None:
    for kind in (acts.Hold, acts.Release):
        with pytest.raises(Forbidden):
            getattr(stage.collab, kind.__name__.lower())(asked(kind, user="ben"))


def test_who_may_no_longer_save_can_still_close_what_is_open(stage, desk) -> None:
    from gitcollab.store import members

    stage.collab.hold(asked(acts.Hold))
    with stage.engine.begin() as conn:
        members.set_member(conn, "cabcdefghi", "ben", Role.OWNER)
        members.set_member(conn, "cabcdefghi", "ana", Role.VIEWER)
    with pytest.raises(Forbidden):
        stage.collab.hold(asked(acts.Hold))
    stage.collab.release(asked(acts.Release))
    assert not stage.collab.desks.holds.is_held(ANA, "nb.ipynb")


def test_an_editor_that_says_where_its_copy_came_from_does_not_sweep_another_programs_save_away(
    stage, desk, notebook
) -> None:
    """Both wrote the same file of one workspace; without a stamp the later one would be believed."""
    opened = stage.repo.head(ANA.ref)
    first = notebook(("one", "x = 1\n"), ("two", "y = 2\n"))
    stage.collab.take_in(ANA, "nb.ipynb", first)
    second = notebook(("one", "x = 2\n"), ("two", "y = 1\n"))
    (desk / "nb.ipynb").write_bytes(second)
    stage.collab.save(asked(acts.Save, data=second, base=opened, tool="jupyter"))
    assert {"one": "x = 2\n", "two": "y = 2\n"} == cells(stage.main("nb.ipynb"))
