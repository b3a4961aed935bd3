"""The ledger: refs first, then the events that tell of them, once each, also after a crash between the two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import Engine

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
)
from gitcollab.flow.points import BLESSED, MAIN
from gitcollab.flow.record import events_of, published
from gitcollab.repository import Repository
from gitcollab.store import journal

Tell = Callable[[AnyEvent], None]

TAGS = "refs/tags/"
CAUSES = (Forked, Saved, Landed, Settled, Contested, Closed, Delivered, Published, Commented)
"""The order in which events of one second follow from each other."""


class Ledger:
    """The journal of one collab, kept level with its refs. Used under the collab's lock only."""

    def __init__(self, repo: Repository, collab: str, engine: Engine, tell: Tell) -> None:
        self._repo, self._collab, self._engine, self._tell = repo, collab, engine, tell
        with store.reading(engine).connect() as conn:
            self._told = journal.heads(conn, collab)

    def write(self, refs: Iterable[str] = (), events: Sequence[AnyEvent] = ()) -> tuple[AnyEvent, ...]:
        """Writes ``events`` and what the moves of ``refs`` since the last writing tell of; then tells everybody.

        In one transaction with the positions of the refs, so that no event is
        lost or doubled.
        """
        heads = self._heads(refs)
        return self._write([*events, *self._told_by(heads)], heads)

    def catch_up(self) -> tuple[AnyEvent, ...]:
        """Writes the events that a crash left out: the journal against the refs as they are."""
        now = {**self._repo.heads("refs/heads/"), **self._repo.heads(TAGS)}
        heads = self._heads([*now, *self._told])
        return self._write(self._told_by(heads), heads)

    def _told_by(self, heads: Mapping[str, str | None]) -> list[AnyEvent]:
        """What the moves tell of, causes before what follows from them, over all refs."""
        found = [event for ref, new in heads.items() if new for event in self._moved(ref, new)]
        return sorted(found, key=lambda event: (event.at, CAUSES.index(type(event))))

    def _heads(self, refs: Iterable[str]) -> dict[str, str | None]:
        """Where those refs are that have moved since the last writing."""
        now = {ref: self._repo.head(ref) for ref in dict.fromkeys(refs)}
        return {ref: oid for ref, oid in now.items() if oid != self._told.get(ref)}

    def _write(self, events: Sequence[AnyEvent], heads: dict[str, str | None]) -> tuple[AnyEvent, ...]:
        if not events and not heads:
            return ()
        numbered = store.together(self._engine).do(
            lambda conn: journal.append(conn, self._collab, events, heads)
        )
        self._told = {ref: oid for ref, oid in (self._told | heads).items() if oid}
        for event in numbered:
            self._tell(event)
        return numbered

    def _moved(self, ref: str, new: str) -> list[AnyEvent]:
        if ref.startswith(TAGS):
            name = ref.removeprefix(TAGS)
            _, commit = self._repo.tags(name).get(name, ("", ""))
            return [published(self._repo, self._collab, name, commit)] if commit else []
        old = self._told.get(ref)
        if ref == BLESSED or (old is None and ref == MAIN):
            return []
        if old is not None and not self._repo.is_ancestor(old, new):
            return []
        return events_of(self._repo, self._collab, ref, old, new)
