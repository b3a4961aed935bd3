"""Where an open copy comes from is known exactly, or not said at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitcollab_hooks.bases import ALIVE, Bases

FILE = Path("/plan.ipynb")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bases(clock: Clock) -> Bases:
    return Bases(clock)


def test_one_tab_is_believed(bases: Bases) -> None:
    bases.note(FILE, "tab", "v1")
    assert "v1" == bases.of(FILE)


def test_of_two_tabs_nobody_knows_which_one_saved(bases: Bases) -> None:
    bases.note(FILE, "one", "v1")
    bases.note(FILE, "two", "v2")
    assert None is bases.of(FILE)
    bases.forget(FILE, "two")
    assert "v1" == bases.of(FILE)


def test_a_tab_that_crashed_is_forgotten(bases: Bases, clock: Clock) -> None:
    bases.note(FILE, "one", "v1")
    clock.now += ALIVE
    bases.note(FILE, "two", "v2")
    assert "v2" == bases.of(FILE)


def test_a_save_moves_its_copy_on_and_old_news_does_not_move_it_back(bases: Bases) -> None:
    bases.note(FILE, "tab", "v1")
    bases.replace(FILE, "v1", "v2")
    bases.note(FILE, "tab", "v1")  # was asked before the save, and answered after it
    assert "v2" == bases.of(FILE)
    bases.replace(FILE, "v2", "v2")  # saved again, unchanged
    bases.note(FILE, "tab", "v2")
    assert "v2" == bases.of(FILE)


def test_what_is_not_known_is_not_noted(bases: Bases) -> None:
    bases.note(FILE, "tab", "")
    assert None is bases.of(FILE)
