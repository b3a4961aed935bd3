"""Guessing is slowed down, and nobody else is."""

from __future__ import annotations

import pytest

from gitcollab.errors import TooMany
from gitcollab.web import pace
from gitcollab.web.pace import Pace


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_after_so_many_wrong_tries_the_next_is_refused_until_the_window_has_passed() -> None:
    clock = Clock()
    counted = Pace(span=300, clock=clock)
    for _ in range(3):
        counted.check("ana", 3)
        counted.note("ana")
    with pytest.raises(TooMany):
        counted.check("ana", 3)
    counted.check("ben", 3)
    clock.now = 301
    counted.check("ana", 3)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "KEPT", 10)
    counted = Pace()
    for number in range(100):
        counted.note(f"user{number}")
    assert 10 == len(counted.wrong)
