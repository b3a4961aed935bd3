"""Together: what threads write at the same time goes into one transaction, with one flush to the disk for all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine

Result = TypeVar("Result")


class _Job(Generic[Result]):
    def __init__(self, task: Callable[[Connection], Result]) -> None:
        self.task, self.outcome, self.turn = task, Future[Result](), threading.Event()


class _Spoilt(Exception):
    """A task has raised, so the transaction that it shares must not be committed."""


class Together:
    """Does what threads write at the same time in one transaction: one flush to the disk for all of them."""

    def __init__(self, engine: Engine, most: int = 64) -> None:
        self._engine, self._most = engine, most
        self._guard, self._is_led = threading.Lock(), False
        self._waiting: list[_Job[Any]] = []

    def do(self, task: Callable[[Connection], Result]) -> Result:
        """Returns what ``task`` returns once that is durable; what it raises is raised, and undone alone.

        A task that shares its transaction with one that raises is done again: it must do nothing but use its
        connection.
        """
        job = _Job(task)
        with self._guard:
            self._waiting.append(job)
            leads, self._is_led = not self._is_led, True
        if not leads:
            job.turn.wait()
        if not job.outcome.done():
            self._lead()
        return job.outcome.result()

    def _lead(self) -> None:
        """Does all that waits, the caller's own first; then the next that has come meanwhile leads."""
        with self._guard:
            jobs, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        self._do(jobs)
        with self._guard:
            self._is_led = bool(self._waiting)
            following = self._waiting[:1]
        for job in (*following, *jobs):
            job.turn.set()

    def _do(self, jobs: Sequence[_Job[Any]]) -> None:
        try:
            results = self._done(jobs)
        except _Spoilt as spoilt:
            if len(jobs) == 1:
                jobs[0].outcome.set_exception(spoilt.__cause__)
            else:
                for job in jobs:
                    self._do([job])
        except (
            BaseException
        ) as error:  # the commit itself: whether it was done is not known, so nobody tries again
            for job in jobs:
                job.outcome.set_exception(error)
        else:
            for job, result in zip(jobs, results, strict=True):
                job.outcome.set_result(result)

    def _done(self, jobs: Sequence[_Job[Any]]) -> list[Any]:
        with self._engine.begin() as conn:
            try:
                return [job.task(conn) for job in jobs]
            except BaseException as error:
                raise _Spoilt from error


def together(engine: Engine) -> Together:
    """Returns the one ``Together`` of an engine, by which all who use the engine share their transactions."""
    shared: Together = engine.get_execution_options()["together"]
    return shared
