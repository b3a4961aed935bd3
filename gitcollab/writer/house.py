"""The house: every collab under one root, opened once, and whom to tell what happens in them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from gitcollab import store
from gitcollab.access import allow
from gitcollab.acts import Act, CollabAct
from gitcollab.collab import Collab, Given
from gitcollab.errors import GitcollabError
from gitcollab.events import AnyEvent, Membership
from gitcollab.flow.charter import Charter
from gitcollab.flow.points import MAIN
from gitcollab.repository import Damaged, Repository, clear_unfinished, disk_errors, faults, mend
from gitcollab.store import audit, collabs, journal, members


class House:
    """The collabs of one root. Safe to use from any thread."""

    def __init__(self, given: Given) -> None:
        self.given, self.place, self.engine = given, given.place, given.engine
        self._lock = threading.Lock()
        self._open: dict[str, Collab] = {}
        self.troubles: dict[str, str] = {}
        """What is wrong in which collab; the others are served as ever."""
        self.missed = 0
        """Events that the journal lacked when a collab was recovered."""

    def collab(self, id: str) -> Collab:
        """Returns a collab; NotFound if there is none or it has ended."""
        with self._lock:
            if id not in self._open:
                with store.reading(self.engine).connect() as conn:
                    collabs.collab(conn, id)
                self._open[id] = Collab(id, self.given)
            return self._open[id]

    def begin(self, id: str, charter: Charter, owner: str) -> Collab:
        """Makes the repository of a collab that the store already knows."""
        with self._lock:
            with disk_errors("a new collab"):
                self._open[id] = Collab.begin(id, self.given, charter, owner)
            return self._open[id]

    def end(self, id: str) -> None:
        """Puts a collab's repository aside; the store has ended it."""
        with self._lock:
            collab = self._open.pop(id, None)
            source, target = self.place.repository(id), self.place.ended(id)
            with disk_errors("the collab that has ended"):
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                if collab is not None:
                    collab.end(target)
                elif source.exists():
                    source.rename(target)

    def recover(self) -> dict[str, str]:
        """Completes in every collab what a crash interrupted; returns what could not be, by collab."""
        self._finish()
        with store.reading(self.engine).connect() as conn:
            ids = [one.id for one in collabs.every(conn)]
        for id in ids:
            try:
                self.missed += len(self.collab(id).recover())
            except Exception as error:  # one damaged collab must not keep the others from being served
                self.troubles[id] = told(error)
        return dict(self.troubles)

    def try_again(self) -> None:
        """Heals and recovers once more what is in trouble: its cause may be gone."""
        for id in list(self.troubles):
            try:
                if self.place.repository(id).exists():
                    self._heal(id)
            except Exception as error:  # not yet
                self.troubles[id] = told(error)
            else:
                del self.troubles[id]

    def _heal(self, id: str) -> None:
        path = self.place.repository(id)
        mend(Repository(path))
        if missing := faults(path):
            raise Damaged("history", missing[0])
        self.missed += len(self.collab(id).recover())

    def _finish(self) -> None:
        """Finishes what a crash left between store and disk: collabs that had not quite begun, or had just ended.

        One that never had a shared branch nor an event was never promised to anybody: it ends.
        """
        clear_unfinished(self.place.repositories)
        with self.engine.begin() as conn:
            for one in collabs.every(conn):
                if journal.last(conn, one.id) == 0 and not self._has_begun(one.id):
                    collabs.end_collab(conn, one.id)
            over = collabs.ended(conn)
        for id in over:
            if self.place.repository(id).exists():
                self.end(id)

    def _has_begun(self, id: str) -> bool:
        path = self.place.repository(id)
        return path.is_dir() and Repository(path).head(MAIN) is not None

    def check(self, act: Act) -> None:
        """Raises unless the act's actor may do it now."""
        with store.reading(self.engine).connect() as conn:
            _allow(conn, act)

    @contextmanager
    def deciding(self, act: Act) -> Iterator[Connection]:
        """Opens the transaction in which an act is decided, done, and written into the audit log."""
        try:
            with self.engine.begin() as conn:
                _allow(conn, act)
                yield conn
                audit.note_act(conn, act)
        except GitcollabError as error:
            self.note_refusal(act, error)
            raise

    def tell(self, events: Iterable[AnyEvent]) -> None:
        """Tells what was journalled in the transaction that decided it; a collab's directories follow its people."""
        for event in events:
            self.given.tell(event)
            if isinstance(event, Membership):
                self.collab(event.collab).admit()

    def admit(self, act: Act) -> None:
        """Raises unless the act's actor may do it now; the audit log is told of a refusal."""
        try:
            self.check(act)
        except GitcollabError as error:
            self.note_refusal(act, error)
            raise

    def note_refusal(self, act: Act, error: GitcollabError) -> None:
        """Writes into the audit log that an act was refused; what failed on our side was not."""
        if error.status < 500 and audit.is_told(act):
            with self.engine.begin() as conn:
                audit.note_act(conn, act, error.code)


def _allow(conn: Connection, act: Act) -> None:
    role = owners = None
    if isinstance(act, CollabAct):
        role = members.role_of(conn, act.collab, act.actor.user)
        owners = members.owners(conn, act.collab)
    allow(act.actor, act, role, owners=owners)


def told(error: Exception) -> str:
    """Returns an error as who looks after the service needs it."""
    return error.message if isinstance(error, GitcollabError) else f"{type(error).__name__}: {error}"
