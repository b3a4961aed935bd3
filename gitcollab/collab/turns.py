"""Turns: acts on a collab take turns; what one moves shares a flush, then comes the journal, then what follows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from gitcollab.collab.ledger import Ledger
from gitcollab.events import AnyEvent
from gitcollab.repository import Repository


class Turn(msgspec.Struct):
    """What an act leaves to be done once its refs have moved durably: events to write, workspaces to follow."""

    refs: list[str] = []
    events: list[AnyEvent] = []
    after: list[Callable[[], object]] = []
    trouble: Exception | None = None

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Lets what stands already stand, a save above all, when a later stage fails; the turn's end raises it."""
        try:
            yield
        except Exception as trouble:
            self.trouble = self.trouble or trouble


class Turns:
    """The lock of one collab and what is bound to it. May be used from any thread."""

    def __init__(self, repo: Repository, ledger: Ledger) -> None:
        self._repo, self._ledger = repo, ledger
        self._lock = threading.RLock()
        self._turn: Turn | None = None
        self._is_behind = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the lock without a turn: for looking, or for what moves its refs by itself."""
        with self._lock:
            yield

    @contextmanager
    def taking(self) -> Iterator[Turn]:
        """Takes a turn, or goes on in the one that this thread has taken.

        All that moves in a turn shares one flush, then the journal, then the workspaces follow. If it raises, no ref
        has moved and nothing is told; what a failing disk moved in part, the next turn tells.
        """
        with self._lock:
            if self._turn is not None:
                yield self._turn
                return
            if self._is_behind:
                self._ledger.catch_up()
            self._turn = turn = Turn()
            self._is_behind = True
            try:
                with self._repo.barrier():
                    yield turn
                self._ledger.write(turn.refs, turn.events)
                self._is_behind = False
            finally:
                self._turn = None
            for act in turn.after:
                with turn.going_on():
                    act()
            if turn.trouble is not None:
                raise turn.trouble

    def moved(self, *refs: str) -> None:
        """Notes, in the order of causes, which refs this turn has moved."""
        with self.taking() as turn:
            turn.refs += refs

    def tell(self, event: AnyEvent) -> None:
        """Notes an event that no ref tells of."""
        with self.taking() as turn:
            turn.events.append(event)

    def then(self, act: Callable[[], object]) -> None:
        """Notes what may happen only once this turn is durable."""
        with self.taking() as turn:
            turn.after.append(act)
