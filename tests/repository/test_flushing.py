"""Flushing: who comes while a flush is under way shares the next one, its failure too."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitcollab.repository import flushing as room
from gitcollab.repository.durable import Pending
from gitcollab.repository.flushing import Flushing, flushing

PATIENCE = 60.0


@pytest.fixture
def wrote(tmp_path: Path) -> Callable[[int], Pending]:
    """Writes so many files and returns them as pending."""
    numbers = itertools.count()

    def written(count: int) -> Pending:
        pending = Pending(tmp_path)
        for _ in range(count):
            (path := tmp_path / str(next(numbers))).write_bytes(b"x")
            pending.add(path)
        return pending

    return written


class Gate:
    """Stands for the flushes of single files: counts them, holds each up until it is let go, and may fail them."""

    def __init__(self) -> None:
        self.flushed: list[int] = []
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.failure: OSError | None = None

    def __call__(self, paths: list[Path]) -> None:
        self.flushed.append(len(paths))
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        if self.failure:
            raise self.failure


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    monkeypatch.setattr(room, "sync_files", made)
    return made


def all_wait(shared: Flushing, count: int) -> None:
    """Returns when so many wait for the next flush."""
    while len(shared._next.wanted) < count:
        threading.Event().wait(0.001)


def test_those_who_come_during_a_flush_share_the_next(gate: Gate, wrote: Callable[[int], Pending]) -> None:
    shared, pending = Flushing(), [wrote(1) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(shared.flush, pending[0])
        assert gate.begun.wait(PATIENCE)
        rest = [pool.submit(shared.flush, one) for one in pending[1:]]
        all_wait(shared, 5)
        gate.may_end.set()
        for one in (first, *rest):
            one.result(PATIENCE)
    assert gate.flushed == [2, 6]  # a file and its directory; five files and their directory
    assert [len(one.files) for one in pending] == [0] * 6


def test_a_flush_that_fails_fails_for_all_who_share_it_and_for_nobody_else(
    gate: Gate, wrote: Callable[[int], Pending]
) -> None:
    shared, pending = Flushing(), [wrote(1) for _ in range(3)]
    gate.failure = OSError(5, "Input/output error")
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(shared.flush, one) for one in pending]
        gate.may_end.set()
        assert [one.exception(PATIENCE).errno for one in waiting] == [5, 5, 5]
    gate.failure = None
    for one in pending:
        shared.flush(one)
    assert [len(one.files) for one in pending] == [0] * 3


def test_who_had_company_waits_for_it_and_who_had_none_does_not(
    gate: Gate, wrote: Callable[[int], Pending], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WINDOW", PATIENCE)
    shared, pending = Flushing(), [wrote(1) for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(shared.flush, pending[0])  # nobody else is there: it begins
        assert gate.begun.wait(PATIENCE)
        two = [pool.submit(shared.flush, one) for one in pending[1:3]]
        all_wait(shared, 2)
        gate.may_end.set()
        for one in (first, *two):
            one.result(PATIENCE)
        four = pool.submit(shared.flush, pending[3])  # two shared the last one: the second is waited for
        all_wait(shared, 1)
        shared.flush(pending[4])
        four.result(PATIENCE)
    assert gate.flushed == [2, 3, 3]


def test_the_cheaper_way_of_late_is_taken(
    wrote: Callable[[int], Pending], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flush of the whole file system waits for everything that anybody has written to it."""
    now, busy = [0.0], [0.001]
    found: list[str] = []

    def takes(kind: str, seconds: Callable[[], float]) -> Callable[[object], None]:
        def flush(_: object) -> None:
            found.append(kind)
            now[0] += seconds()

        return flush

    monkeypatch.setattr(room, "sync_files", takes("singly", lambda: 0.05))
    monkeypatch.setattr(room, "sync_filesystem", takes("whole", lambda: busy[0]))
    shared = Flushing(lambda: now[0])
    for busy[0] in (0.001, 0.001, 2.0):
        shared.flush(wrote(room.FEW + 1))
    assert found == ["whole"] * 3
    busy[0] = 0.001
    while found.count("whole") == 3:  # others have written much: now singly, until it is worth another try
        shared.flush(wrote(room.FEW + 1))
    shared.flush(wrote(room.FEW + 1))
    assert found[3] == "singly"
    assert found[-2:] == ["whole"] * 2


def test_one_file_system_has_one_flushing(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    assert flushing(tmp_path) is flushing(tmp_path / "below")
