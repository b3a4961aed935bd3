"""Turns: acts on a collab take turns; those that wait share a flush, then comes the journal, then what follows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from gitcollab import acts
from gitcollab.collab.ledger import Ledger, Told, Write
from gitcollab.errors import Moved, Unavailable
from gitcollab.events import AnyEvent
from gitcollab.repository import Repository

WINDOW = 0.2
"""Seconds after which a round of turns is made durable though others still wait: the first must not wait for all."""

MOST = 64
"""Turns in one round at most."""

LARGE = 1_000_000
"""Bytes of a file from which on its merge may have to wait for a worker."""


LONG = (
    acts.CloseSession,
    acts.Deliver,
    acts.Land,
    acts.OpenSession,
    acts.Publish,
    acts.Push,
    acts.Settle,
    acts.Sweep,
    acts.Undo,
)
"""Acts that merge what there is, however large; a save does so with its own file."""


class Turn(msgspec.Struct):
    """What an act leaves to be done once its refs have moved durably: events to write, workspaces to follow."""

    refs: list[str] = []
    events: list[AnyEvent] = []
    rows: list[Write] = []
    first: list[Callable[[], object]] = []
    after: list[Callable[[], object]] = []
    trouble: Exception | None = None

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Lets what stands already stand, a save above all, when a later stage fails; the turn's end raises it."""
        try:
            yield
        except Exception as trouble:
            self.trouble = self.trouble or trouble


class _Round:
    """Turns that share one barrier and one entry into the journal."""

    def __init__(self, repo: Repository) -> None:
        self.barrier = repo.begin()
        self.began = time.monotonic()
        self.turns: list[Turn] = []
        self.told: list[Told] = []
        self.over = threading.Event()
        self.failure: BaseException | None = None

    @property
    def is_full(self) -> bool:
        return len(self.turns) >= MOST or time.monotonic() - self.began > WINDOW

    def await_end(self) -> None:
        self.over.wait()
        if isinstance(self.failure, Moved) and len(self.turns) > 1:
            raise Unavailable("a branch was moved by another program", "try again") from self.failure
        if self.failure is not None:
            raise self.failure


class Turns:
    """The lock of one collab and what is bound to it. May be used from any thread.

    An act takes its turn under the lock, then waits without it until its round is durable. The last of those who wait
    ends the round; so an act that comes alone waits for nobody.
    """

    def __init__(self, repo: Repository, ledger: Ledger) -> None:
        self._repo, self._ledger = repo, ledger
        self._lock = threading.RLock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._depth = 0
        self._turn: Turn | None = None
        self._round: _Round | None = None
        self._is_behind = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the lock without a turn, with nothing pending: for looking, or for what moves its refs by itself."""
        with self._lock:
            self._end_round()
            with self._within():
                yield

    @contextmanager
    def taking(self, *, is_long: bool = False) -> Iterator[Turn]:
        """Takes a turn, or goes on in the one that this thread has taken.

        Before one that ``is_long``, because it may have to wait for a worker, the round of those before it ends: who
        has saved waits for others' short turns only.

        All that moves in a round of turns shares one flush, then the journal, then the workspaces follow. If a turn
        raises, none of its refs has moved and nothing is told of it; if the round's end fails, that holds for all of
        them, but for what a failing disk moved in part, which the next round tells.
        """
        with self._coming():
            if self._turn is not None:
                yield self._turn
                return
            if is_long:
                self._end_round()
            joined = self._joined()
            mark = joined.barrier.mark()
            self._turn = turn = Turn()
            try:
                yield turn
                told = self._ledger.told(turn.refs, turn.events, joined.told, turn.rows)
                joined.told.append(msgspec.structs.replace(told, first=turn.first))
                joined.turns.append(turn)
            except BaseException:
                joined.barrier.undo(mark)
                raise
            finally:
                self._turn = None
                if self._depth or not self._waiting or joined.is_full:
                    self._end_round()
        joined.await_end()
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

    def write(self, act: Write) -> None:
        """Notes what the store is to hold, from the moment at which this turn's events stand in the journal."""
        with self.taking() as turn:
            turn.rows.append(act)

    def first(self, act: Callable[[], object]) -> None:
        """Notes what is to be so by the time anybody hears of this turn's events; it is quick and does not fail."""
        with self.taking() as turn:
            turn.first.append(act)

    def then(self, act: Callable[[], object]) -> None:
        """Notes what may happen only once this turn is durable."""
        with self.taking() as turn:
            turn.after.append(act)

    @contextmanager
    def _coming(self) -> Iterator[None]:
        """Waits for the lock, and is counted while it does."""
        with self._counting:
            self._waiting += 1
        with self._lock:
            with self._counting:
                self._waiting -= 1
            yield

    @contextmanager
    def _within(self) -> Iterator[None]:
        """Turns taken inside end at once: their round cannot wait for others, who wait for this lock."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def _joined(self) -> _Round:
        if self._round is None:
            if self._is_behind:
                self._ledger.catch_up()
            self._round = _Round(self._repo)
        return self._round

    def _end_round(self) -> None:
        """Makes what is pending durable, journals it and lets workspaces follow; those who wait learn how it went."""
        ended, self._round = self._round, None
        if ended is None:
            return
        try:
            if ended.turns:
                self._is_behind = True
                ended.barrier.close()
                self._ledger.write(ended.told)
                self._is_behind = False
                self._follow(ended)
            else:
                ended.barrier.abandon()
        except BaseException as failure:
            ended.failure = failure
        finally:
            ended.over.set()

    def _follow(self, ended: _Round) -> None:
        with self._within():
            for turn in ended.turns:
                for act in turn.after:
                    with turn.going_on():
                        act()


def is_long(act: acts.CollabAct) -> bool:
    """Whether an act may have to wait for a worker, as merges of large files do."""
    return isinstance(act, LONG) or (isinstance(act, acts.Save) and len(act.data or b"") >= LARGE)
