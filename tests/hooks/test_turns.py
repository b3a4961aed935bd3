"""One tab of a room takes in; the next one does when it is gone."""

from __future__ import annotations

from pathlib import Path

from gitcollab_hooks.turns import ALIVE, Turns

FILE = Path("/somewhere/plan.ipynb")


def test_one_tab_has_the_turn_until_it_gives_it_up() -> None:
    turns = Turns()
    assert [True, False, True] == [turns.ask(FILE, tab) for tab in ("one", "other", "one")]
    turns.give_up(FILE, "other")
    assert not turns.ask(FILE, "other")
    turns.give_up(FILE, "one")
    assert [True, False] == [turns.ask(FILE, tab) for tab in ("other", "one")]


def test_a_tab_that_is_not_heard_of_loses_it() -> None:
    time = [0.0]
    turns = Turns(lambda: time[0])
    assert turns.ask(FILE, "one")
    time[0] = ALIVE / 2
    assert turns.ask(FILE, "one")
    time[0] = ALIVE
    assert not turns.ask(FILE, "other")
    time[0] = 2 * ALIVE
    assert turns.ask(FILE, "other")


def test_rooms_do_not_wait_for_each_other() -> None:
    turns = Turns()
    assert turns.ask(FILE, "one")
    assert turns.ask(FILE.with_name("other.ipynb"), "other")
