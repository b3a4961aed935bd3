"""Barriers: many acts of one repository share one flush, and each of them can still be taken back until then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gitcollab.repository.errors import disk_errors
from gitcollab.repository.flushing import flushing
from gitcollab.repository.refs import Move, Refs, release

Mark = dict[str, Move]
"""Which moves were noted at one moment."""


class Barrier:
    """Objects, flush, refs, flush: between its making and ``close`` moves of refs are only noted.

    They are visible to this repository's own readers meanwhile. Nothing may be acknowledged before ``close`` returns.
    """

    def __init__(self, refs: Refs) -> None:
        self._refs = refs
        refs.stage()

    def mark(self) -> Mark:
        """Returns what ``undo`` comes back to."""
        return self._refs.staged()

    def undo(self, mark: Mark) -> None:
        """Forgets the moves that were noted since ``mark``."""
        self._refs.stage_only(mark)

    def abandon(self) -> None:
        """Ends it without any move."""
        self._refs.unstage()

    def close(self) -> None:
        """Makes the noted moves, durably, with everything written before.

        If somebody else moved or holds one of the refs (RefMoved, RefLocked), or the first flush fails, none moves;
        Unavailable or NoSpace where the disk refuses.
        """
        held = self._refs.prepare(self._refs.unstage())
        pending, shared = self._refs.pending, flushing(self._refs.path)
        try:
            with disk_errors("what was saved"):
                shared.flush(pending)
            pending.add(directories=self._refs.place(held))
            with disk_errors("what was saved"):
                shared.flush(pending)
        finally:
            release(held)


@contextmanager
def barrier(refs: Refs) -> Iterator[Barrier]:
    """Lets the acts in the block share one flush at its end; if it raises, no ref moves."""
    made = Barrier(refs)
    try:
        yield made
    except BaseException:
        made.abandon()
        raise
    made.close()
