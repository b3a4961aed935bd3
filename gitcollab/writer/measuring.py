"""Measuring: how long acts take in the writer, what waits, and what had to be found again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import Counter, Gauge, Histogram

from gitcollab import acts, tracing
from gitcollab.errors import GitcollabError
from gitcollab.measures import BUCKETS, registry, text
from gitcollab.model import Receipt, SessionName

log = structlog.get_logger("gitcollab.writer")

QUIET = (acts.Hold, acts.Release, acts.ReadOpen, acts.ReadHeld, acts.ReadHeldFile, acts.Status, acts.Measure)
"""Acts that change nothing worth a line in the log."""


class Measures:
    """What the writer counts. May be used from any thread."""

    def __init__(self) -> None:
        self.register = registry("writer")
        self._acts = Histogram(
            "gitcollab_writer_act_seconds",
            "From when an act was asked until it was done, durably, or refused",
            ["act", "outcome"],
            buckets=BUCKETS,
            registry=self.register,
        )
        self._landed = Histogram(
            "gitcollab_writer_landed_seconds",
            "From when a save was asked or found until it was on the shared branch, durably, and journalled",
            ["by"],
            buckets=BUCKETS,
            registry=self.register,
        )
        self._told = Counter(
            "gitcollab_writer_events", "Events journalled and told", ["kind"], registry=self.register
        )
        self.missed_changes = Counter(
            "gitcollab_writer_missed_changes",
            "Changed files in watched directories that no notice told of, found by looking",
            registry=self.register,
        )

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """Shows, whenever it is asked for, what ``value`` returns: ``gitcollab_writer_NAME``."""
        Gauge(f"gitcollab_writer_{name}", what, registry=self.register).set_function(value)

    def told(self, kind: str) -> None:
        """Counts an event that was journalled and told."""
        self._told.labels(kind).inc()

    def acted(self, act: acts.Act, seconds: float, outcome: str) -> None:
        """Counts an act; ``outcome`` is ``done`` or an error's code."""
        self._acts.labels(type(act).__name__, outcome).observe(seconds)

    def landed(self, receipt: object, seconds: float, by: str) -> None:
        """Counts a save that landed, ``by`` who came with it: ``asked`` or ``watched``."""
        if isinstance(receipt, Receipt) and receipt.landed is not None:
            self._landed.labels(by).observe(seconds)

    def text(self) -> bytes:
        """Returns all of it as text. Reads /proc."""
        return text(self.register)

    @contextmanager
    def acting(self, act: acts.Act) -> Iterator[Callable[[object], None]]:
        """Counts an act and writes its line into the log; the block calls what it gets with the answer."""
        began, answers = time.monotonic(), list[object]()
        outcome = "failed"
        with structlog.contextvars.bound_contextvars(**about(act)), tracing.collecting() as stages:
            try:
                yield answers.append
                outcome = "done"
            except GitcollabError as error:
                outcome = error.code
                raise
            finally:
                seconds = time.monotonic() - began
                self.acted(act, seconds, outcome)
                for answer in answers:
                    self.landed(answer, seconds, "asked")
                    if isinstance(answer, Receipt):
                        tracing.saved(stages, seconds, answer, **about(act), by="asked")
                if not isinstance(act, QUIET):
                    told = {**commits(answers), "outcome": outcome, "ms": round(seconds * 1000)}
                    log.info("act", act=type(act).__name__, **told)


def about(act: acts.Act) -> dict[str, str]:
    """Returns the collab and session that an act is about, for each line of the log meanwhile."""
    session = getattr(act, "session", None)
    told = {"collab": getattr(act, "collab", ""), "session": str(session or "")}
    is_whole = isinstance(session, SessionName | str | None)
    return {name: value for name, value in told.items() if value and is_whole}


def commits(answers: list[object]) -> dict[str, str]:
    """Returns the commits that answers tell of, for a line of the log."""
    found: dict[str, str] = {}
    for answer in answers:
        for name in ("snapshot", "landed", "commit"):
            value = getattr(answer, name, None)
            if isinstance(value, str) and value:
                found[name] = value
    return found
