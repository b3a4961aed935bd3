"""Guessing is slowed down, and nobody else is."""

from __future__ import annotations

from typing import Any

import pytest

from gitcollab.errors import TooMany
from gitcollab.model import Actor
from gitcollab.web import pace
from gitcollab.web.pace import Pace, PacedPushes


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


@pytest.mark.anyio
async def test_one_persons_pushes_are_slowed_down_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PUSHES", 3)
    clock, reached, said = Clock(), [], []

    async def door(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["state"]["actor"].user)

    async def send(message: Any) -> None:
        said.append(message)

    paced = PacedPushes(door, Pace(span=60, clock=clock, what="pushes"))
    for user, path in [
        *[("ana", "/git-receive-pack")] * 4,
        ("ben", "/git-receive-pack"),
        ("ana", "/git-upload-pack"),
    ]:
        actor = Actor(user=user)
        scope = {"type": "http", "method": "POST", "path": f"/git/x.git{path}", "state": {"actor": actor}}
        await paced(scope, None, send)  # type: ignore[arg-type]
    assert ["ana", "ana", "ana", "ben", "ana"] == reached
    assert 429 == said[0]["status"]
    assert b"Too many pushes" in said[1]["body"]
