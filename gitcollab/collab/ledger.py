"""The ledger: refs first, then the events that tell of them, once each, also after a crash between the two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, Engine

from gitcollab import store
from gitcollab.events import (
    AnyEvent,
    Closed,
    Commented,
    Contested,
    Delivered,
    Forked,
    Landed,
    Published,
    Saved,
    Settled,
    Thinned,
)
from gitcollab.flow.points import BLESSED, MAIN
from gitcollab.flow.record import events_of, published, thinned
from gitcollab.repository import Repository
from gitcollab.store import journal

Write = Callable[[Connection], object]
Tell = Callable[[AnyEvent], None]

TAGS = "refs/tags/"
CAUSES = (Forked, Saved, Landed, Settled, Contested, Closed, Delivered, Published, Commented, Thinned)
"""The order in which events of one second follow from each other."""


class Told(msgspec.Struct, frozen=True):
    """Events to be written, the refs that they leave behind (None: the ref is gone), and what else is written.

    ``first`` is what is done once that is durable, before anybody hears of it.
    """

    events: list[AnyEvent]
    heads: dict[str, str | None]
    rows: Sequence[Write] = ()
    first: Sequence[Callable[[], object]] = ()


class Ledger:
    """The journal of one collab, kept level with its refs. Used under the collab's lock only."""

    def __init__(self, repo: Repository, collab: str, engine: Engine, tell: Tell) -> None:
        self._repo, self._collab, self._engine, self._tell = repo, collab, engine, tell
        with store.reading(engine).connect() as conn:
            self._told = journal.heads(conn, collab)

    def reread(self) -> None:
        """Takes the positions of the refs from the journal once more: they were rewritten there."""
        with store.reading(self._engine).connect() as conn:
            self._told = journal.heads(conn, self._collab)

    def told(
        self,
        refs: Iterable[str],
        events: Sequence[AnyEvent],
        before: Sequence[Told] = (),
        rows: Sequence[Write] = (),
    ) -> Told:
        """Returns ``events`` and what the moves of ``refs`` tell of, after ``before``, which is not written yet."""
        known: dict[str, str | None] = dict(self._told)
        for one in before:
            known |= one.heads
        now = {ref: self._repo.head(ref) for ref in dict.fromkeys(refs)}
        heads = {ref: oid for ref, oid in now.items() if oid != known.get(ref)}
        return Told(events=[*events, *self._told_by(heads, known)], heads=heads, rows=rows)

    def write(self, told: Sequence[Told]) -> tuple[AnyEvent, ...]:
        """Writes what is told of, then tells everybody.

        In one transaction with the positions of the refs, so that no event is lost or doubled.
        """
        events = [event for one in told for event in one.events]
        heads = {ref: oid for one in told for ref, oid in one.heads.items()}
        rows = [row for one in told for row in one.rows]
        if not events and not heads and not rows:
            return ()

        def write(conn: Connection) -> tuple[AnyEvent, ...]:
            for row in rows:
                row(conn)
            return journal.append(conn, self._collab, events, heads)

        numbered = store.together(self._engine).do(write)
        self._told = {ref: oid for ref, oid in (self._told | heads).items() if oid}
        for act in (act for one in told for act in one.first):
            act()
        for event in numbered:
            self._tell(event)
        return numbered

    def catch_up(self) -> tuple[AnyEvent, ...]:
        """Writes the events that a crash left out: the journal against the refs as they are.

        The journal is asked anew: what was sent to it may have been written though no answer came.
        """
        self.reread()
        now = {**self._repo.heads("refs/heads/"), **self._repo.heads(TAGS)}
        return self.write([self.told([*now, *self._told], ())])

    def _told_by(self, heads: Mapping[str, str | None], known: Mapping[str, str | None]) -> list[AnyEvent]:
        """What the moves tell of, causes before what follows from them, over all refs."""
        found = [
            event for ref, new in heads.items() if new for event in self._moved(ref, known.get(ref), new)
        ]
        return sorted(found, key=lambda event: (event.at, CAUSES.index(type(event))))

    def _moved(self, ref: str, old: str | None, new: str) -> list[AnyEvent]:
        if ref.startswith(TAGS):
            name = ref.removeprefix(TAGS)
            _, commit = self._repo.tags(name).get(name, ("", ""))
            return [published(self._repo, self._collab, name, commit)] if commit else []
        if ref == BLESSED or (old is None and ref == MAIN):
            return []
        if old is not None and not self._repo.is_ancestor(old, new):
            return thinned(self._repo, self._collab, ref, old, new)
        return events_of(self._repo, self._collab, ref, old, new)
