"""The pool: forks the workers from one process that has everything loaded, and replaces each that ends."""

from __future__ import annotations

import gc
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import structlog

from gitcollab import wire
from gitcollab.acts import Act
from gitcollab.workers.board import Board, digest
from gitcollab.workers.limits import Limits, deadline, die_with, settle

JOBS = 500
"""Jobs after which a worker makes way for a fresh one, in case something leaks."""

SOON = 1.0
"""Seconds: a worker that ends sooner without a job never worked."""

STILLBORN = 8
"""Such workers in a row after which the pool gives up."""

ENDINGS = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger("gitcollab.workers")


class Pool:
    """``count`` workers that take acts from ``listener``, each one at a time, and answer with ``answer``."""

    def __init__(
        self, listener: socket.socket, answer: Callable[[Any], object], count: int, limits: Limits
    ) -> None:
        self.listener = listener
        self.answer = answer
        self.count = count
        self.limits = limits
        self.board = Board(count)
        self.alive: dict[int, tuple[int, float]] = {}  # process id: its number and when it began
        self.stillborn = 0
        self.counts = {"replaced": 0, "stopped_at_work": 0}
        self.count_on: Callable[[dict[str, int]], object] = dict

    def run(self) -> NoReturn:
        """Keeps the workers going until SIGTERM or SIGINT, which end them at once; exits with 1 if none stays alive."""
        # Waited for and not handled: a handler that raises may do so in a fork hook, where exceptions are dropped.
        signal.pthread_sigmask(signal.SIG_BLOCK, {*ENDINGS, signal.SIGCHLD})
        gc.freeze()  # collected pages would be copied by every worker
        for number in range(self.count):
            self._fork(number)
        while signal.sigwait({*ENDINGS, signal.SIGCHLD}) == signal.SIGCHLD and self.stillborn < STILLBORN:
            self._replace()
        self._end()
        if self.stillborn == STILLBORN:
            log.error("workers end as soon as they begin", count=self.stillborn)
        raise SystemExit(self.stillborn == STILLBORN)

    def _fork(self, number: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.alive[pid] = (number, time.monotonic())
            return
        status = 1
        try:
            self._work(number, parent)
            status = 0
        except Exception as error:
            log.error("a worker failed", error=repr(error))
        finally:
            os._exit(status)

    def _work(self, number: int, parent: int) -> None:
        die_with(parent)
        for name in (*ENDINGS, signal.SIGALRM):
            signal.signal(name, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.setpgid(0, 0)  # so that what a job started ends with its worker
        settle(self.limits)

        @contextmanager
        def around(act: Act) -> Iterator[None]:
            self.board.begin(number, digest(act))
            try:
                with deadline(self.limits):
                    yield
            except MemoryError:
                raise  # it ends the worker and counts as a death of this job
            except BaseException:
                self.board.end(number)
                raise
            self.board.end(number)

        wire.serve_one_by_one(self.listener, self.answer, around, jobs=JOBS)

    def _replace(self) -> None:
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            pid = ended.si_pid
            _end_group(pid)  # before it is waited for: later its number may be another's
            status = os.waitpid(pid, 0)[1]
            number, began = self.alive.pop(pid)
            self._mourn(pid, status, number, time.monotonic() - began)
            self._fork(number)

    def _mourn(self, pid: int, status: int, number: int, age: float) -> None:
        had_job = self.board.died(number)
        if status:
            log.warning(
                "a worker ended", worker=pid, status=os.waitstatus_to_exitcode(status), had_job=had_job
            )
        self.counts["replaced"] += 1
        self.counts["stopped_at_work"] += had_job
        self.count_on(self.counts)
        self.stillborn = self.stillborn + 1 if status and not had_job and age < SOON else 0
        time.sleep(0.05 * self.stillborn)

    def _end(self) -> None:
        for pid in self.alive:
            _end_group(pid)
            os.kill(pid, signal.SIGKILL)
        for pid in self.alive:
            os.waitpid(pid, 0)


def _end_group(pid: int) -> None:
    with suppress(ProcessLookupError):  # nothing but the worker was in it, or it had not made it yet
        os.killpg(pid, signal.SIGKILL)
