"""Turns: acts that wait share a flush and a place in the journal; what fails fails for who has to know of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from gitcollab.collab import turns as turns_room
from gitcollab.errors import NoSpace, NotFound
from gitcollab.repository import Barrier

PATIENCE = 60.0


class Crowd:
    """Acts that come while the collab is held, and all wait for it."""

    def __init__(self, stage: Any, pool: ThreadPoolExecutor) -> None:
        self.turns, self.pool = stage.collab._turns, pool

    def at_once(self, *acts: Callable[[], Any]) -> list[Future[Any]]:
        """Starts the acts so that all wait for their turn at the same moment; returns their outcomes."""
        with self.turns.alone():
            found = [self.pool.submit(act) for act in acts]
            self.wait_for(len(acts))
        for one in found:
            one.exception(PATIENCE)
        return found

    def wait_for(self, count: int) -> None:
        """Waits until so many acts wait for their turn."""
        while self.turns._waiting < count:
            threading.Event().wait(0.001)


@pytest.fixture
def crowd(stage: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    monkeypatch.setattr(turns_room, "WINDOW", PATIENCE)
    with ThreadPoolExecutor(16) as pool:
        yield Crowd(stage, pool)


@pytest.fixture
def closings(monkeypatch: pytest.MonkeyPatch) -> list[Barrier]:
    """The barriers that were closed."""
    closed, real = [], Barrier.close
    monkeypatch.setattr(Barrier, "close", lambda self: (closed.append(self), real(self)))
    return closed


def test_acts_that_wait_share_one_flush_and_each_is_there(
    stage: Any, ana: Any, ben: Any, crowd: Crowd, closings: list[Barrier]
) -> None:
    closings.clear()
    wanted = [(who, f"{who.user}-{n}.txt") for who in (ana, ben) for n in range(6)]
    done = crowd.at_once(*(lambda who=who, path=path: who.saves(path, b"x\n") for who, path in wanted))
    assert len(closings) == 1
    assert {stage.main(path) for _, path in wanted} == {b"x\n"}
    kept = {commit.oid for who in (ana, ben) for commit in stage.repo.log(who.head)}
    assert {one.result().snapshot for one in done} <= kept
    numbers = [event.n for event in stage.events()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert stage.kinds().count("Saved") == stage.kinds().count("Landed") == 12


def test_an_act_that_fails_takes_back_its_own_moves_only(
    stage: Any, ana: Any, ben: Any, crowd: Crowd
) -> None:
    def fails() -> None:
        with stage.collab._turns.taking():
            ben.saves("gone.txt", b"x\n")
            raise NotFound("on purpose")

    before = ben.head
    first, failed, last = crowd.at_once(
        lambda: ana.saves("a.txt", b"a\n"), fails, lambda: ana.saves("b.txt", b"b\n")
    )
    assert isinstance(failed.exception(), NotFound)
    assert (stage.main("a.txt"), stage.main("b.txt"), stage.main("gone.txt")) == (b"a\n", b"b\n", None)
    assert {first.result().snapshot, last.result().snapshot} <= {one.oid for one in stage.repo.log(ana.head)}
    assert stage.repo.is_ancestor(before, ben.head)


def test_a_flush_that_fails_is_told_to_all_who_shared_it_and_nothing_has_moved(
    stage: Any, ana: Any, ben: Any, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads, events = stage.repo.heads("refs/"), stage.events()
    with full(monkeypatch):
        done = crowd.at_once(lambda: ana.saves("a.txt", b"a\n"), lambda: ben.saves("b.txt", b"b\n"))
    assert [type(one.exception()) for one in done] == [NoSpace, NoSpace]
    assert (stage.repo.heads("refs/"), stage.events()) == (heads, events)
    assert ana.saves("a.txt", b"a\n").landed
    assert stage.main("a.txt") == b"a\n"


@contextmanager
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A disk that has no space left for any flush."""
    with monkeypatch.context() as patched:
        for name in ("sync_files", "sync_filesystem"):
            patched.setattr(f"gitcollab.repository.flushing.{name}", refuse)
        yield


def refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_looking_sees_only_what_is_durable(stage: Any, ana: Any, crowd: Crowd) -> None:
    seen = []

    def looks() -> None:
        with stage.collab._turns.alone():
            seen.append(stage.repo.heads() == stage.collab._repo.heads())

    turns = stage.collab._turns
    with turns.alone():
        saving = crowd.pool.submit(lambda: ana.saves("a.txt", b"a\n"))
        looking = crowd.pool.submit(looks)
    assert saving.result(PATIENCE).landed
    looking.result(PATIENCE)
    assert seen == [True]


def test_what_follows_a_turn_may_take_turns_itself(stage: Any, ana: Any, crowd: Crowd) -> None:
    turns = stage.collab._turns
    with turns.taking():
        turns.then(lambda: ana.saves("after.txt", b"x\n"))
    assert stage.main("after.txt") == b"x\n"


def test_trouble_after_a_turn_reaches_its_own_act_only(stage: Any, ana: Any, crowd: Crowd) -> None:
    turns = stage.collab._turns

    def troubled() -> None:
        with turns.taking():
            turns.then(refuse)

    failed, fine = crowd.at_once(troubled, lambda: ana.saves("a.txt", b"a\n"))
    assert isinstance(failed.exception(), OSError)
    assert fine.result().landed


def test_who_has_saved_does_not_wait_for_the_long_act_that_comes_next(
    stage: Any, ana: Any, ben: Any, crowd: Crowd
) -> None:
    turns, is_in, may_leave, is_durable = stage.collab._turns, *(threading.Event() for _ in range(3))

    def saves_first() -> None:
        with turns.taking():
            ana.saves("a.txt", b"a\n")
            is_in.set()
            assert may_leave.wait(PATIENCE)
        is_durable.set()

    def takes_long() -> None:
        with turns.taking(is_long=True):
            assert is_durable.wait(PATIENCE)  # while this act is under way

    saving = crowd.pool.submit(saves_first)
    assert is_in.wait(PATIENCE)
    long = crowd.pool.submit(takes_long)
    crowd.wait_for(1)
    may_leave.set()
    assert (None, None) == (long.exception(PATIENCE), saving.exception(PATIENCE))
