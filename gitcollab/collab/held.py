"""Held saves: what waits for its author instead of being committed; outside the repository, and theirs alone to see."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gitcollab import notebooks, store
from gitcollab.acts.holding import HeldSave, Suspicion
from gitcollab.collab import drawer
from gitcollab.collab.drawer import Drawer, Kept
from gitcollab.collab.ground import Ground
from gitcollab.errors import NotFound
from gitcollab.events import Asked, Held
from gitcollab.flow import hold
from gitcollab.flow.charter import read_charter
from gitcollab.flow.files import is_notebook
from gitcollab.flow.snapshot import WATCHED, Saving
from gitcollab.model import Receipt, SessionName
from gitcollab.store import journal

SAVE, DRAFT, DELETED = "save", "draft", "deleted"


class HeldSaves:
    """What is held back in one collab. Used in its turns only, but for ``of`` and ``bytes_of``, which only look."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._drawer = Drawer(ground.given.place, ground.id)
        self._ending: set[str] = set()  # the nonces of what goes at the end of the round
        self._over: set[str] = set()  # and of what everybody has been told to be gone, until it is

    # --- holding ---------------------------------------------------------------------------------------------------

    def back(self, saving: Saving, *, is_draft: bool = False) -> Receipt | None:
        """Holds a save back if it has to wait for its author, and returns its receipt; None if it may go on.

        It replaces what was held of the same file. It is durable when this returns. Its author is told once of the same
        findings, however often they save.
        """
        is_searched = read_charter(self._ground.repo, self._ground.given.charter).secrets != "off"
        known = self._drawer.is_harmless
        found = hold.doubt(self._ground.repo, saving, known, is_draft=is_draft, is_searched=is_searched)
        if found is None:
            return None
        kept = self._kept(saving, found, is_draft)
        before = self._standing(kept.id)
        if before is None or before.mark != kept.mark:
            self._drawer.put(kept)
            if before is None or before.is_dropped or _differ(before, kept):
                self._tell(kept)
        return _receipt(kept, saving, self._ground.head(saving.session))

    def pass_on(self, saving: Saving, *, is_draft: bool = False, take: str = "") -> None:
        """Forgets, once the turn is durable, what was held of a file: its author has saved a version that may go on.

        ``take`` is what they have decided, if it is their decision that is done.
        """
        for what in (DRAFT,) if is_draft or saving.to else (SAVE, DRAFT):
            kept = self._standing(drawer.id_of(saving.session, saving.path, what))
            if kept is not None:
                self.end(kept, take)

    def is_harmless(self, digest: str) -> bool:
        """Whether the collab's people have said of a suspected secret that it is none."""
        return self._drawer.is_harmless(digest)

    def holds(self, session: SessionName, path: str) -> bool:
        """Whether a save of that file waits."""
        return self._standing(drawer.id_of(session, path, SAVE)) is not None

    def deletions(self, session: SessionName, paths: tuple[str, ...]) -> None:
        """Asks once whether many deletions at once in a workspace are meant; until then nothing is deleted."""
        id = drawer.id_of(session, "", DELETED)
        before = self._standing(id)
        paths = self._ground.desks.missing(session, paths)
        gone = tuple(sorted({*paths, *(before.paths if before else ())}))
        if not gone or (before is not None and gone == before.paths):
            return
        mark, ground = drawer.mark_of(None, gone), self._ground
        kept = Kept(
            id=id, session=session, path=gone[0], reason=DELETED, at=ground.now(), mark=mark, paths=gone
        )
        self._drawer.put(msgspec.structs.replace(kept, tool="watch", has_earlier=True, after=self._last()))
        who, name = session.user, str(session)
        asked = Asked(
            collab=ground.id, user=who, session=name, question="mass-delete", path=gone[0], commit=""
        )
        ground.turns.tell(asked)
        self._tell(kept)

    # --- looking ---------------------------------------------------------------------------------------------------

    def of(self, user: str) -> tuple[HeldSave, ...]:
        """Returns what waits for a person, the oldest first; deletions as far as the files are still gone."""
        over = frozenset(self._over)  # looked at first: what goes from there later is in the drawer no more
        mine = (kept for kept in self._drawer.all() if kept.session.user == user and kept.nonce not in over)
        return tuple(shown for kept in mine if (shown := self._shown(kept)))

    def find(self, id: str, user: str) -> Kept:
        """Returns what is held under an id; NotFound if it is another person's, or nothing."""
        kept = self._drawer.find(id) if id.isalnum() else None
        if kept is None or kept.session.user != user:
            raise NotFound("nothing of yours is held back under that id", "see `gitcollab held`")
        return kept

    def _shown(self, kept: Kept) -> HeldSave | None:
        gone = self._ground.desks.missing(kept.session, kept.paths) if kept.reason == DELETED else ()
        if kept.reason == DELETED and not gone:
            return None
        return HeldSave(
            id=kept.id,
            session=str(kept.session),
            path=kept.path,
            reason=kept.reason,
            at=kept.at,
            mark=kept.mark,
            size=len(kept.data or b""),
            findings=kept.findings,
            paths=gone,
            is_draft=kept.is_draft,
            is_dropped=kept.is_dropped,
            has_earlier=kept.has_earlier,
        )

    # --- ending ----------------------------------------------------------------------------------------------------

    def end(self, kept: Kept, take: str = "") -> None:
        """Forgets what was held, once the turn is durable, and tells its author that it waits no longer."""
        self._ending.add(kept.nonce)
        self._ground.turns.first(lambda: self._over.add(kept.nonce))
        self._ground.turns.then(lambda: self._take_out(kept))
        if not kept.is_dropped:
            self._tell(kept, is_open=False, take=take)

    def _take_out(self, kept: Kept) -> None:
        self._drawer.take_out(kept)
        self._ending.discard(kept.nonce)
        self._over.discard(kept.nonce)

    def _standing(self, id: str) -> Kept | None:
        """What is held under an id, and does not end with this round of turns."""
        kept = self._drawer.find(id)
        return None if kept is None or kept.nonce in self._ending else kept

    def drop(self, kept: Kept) -> None:
        """Throws away what was held, and keeps in mind that just this is not to be asked about again."""
        self._drawer.put(msgspec.structs.replace(kept, data=None, is_dropped=True))
        self._tell(kept, is_open=False, take="drop")

    def remember(self, kept: Kept) -> None:
        """Remembers that what was suspected is no secret: nobody of the collab is asked about it again."""
        if kept.secrets:
            self._drawer.remember(kept.secrets)

    def say_harmless(self, digests: Iterable[str]) -> None:
        """Remembers the same of suspected secrets that were not held."""
        self._drawer.remember(digests)

    def recover(self) -> None:
        """Tells of what a crash kept from being told."""
        for kept in self._drawer.all():
            if not kept.is_dropped and not self._was_told(kept):
                self._tell(kept)

    def _was_told(self, kept: Kept) -> bool:
        with store.reading(self._ground.given.engine).connect() as conn:
            since = journal.since(conn, self._ground.id, kept.after)
        return any(isinstance(event, Held) and event.held == kept.id for event in since)

    def _last(self) -> int:
        with store.reading(self._ground.given.engine).connect() as conn:
            return journal.last(conn, self._ground.id)

    def _tell(self, kept: Kept, *, is_open: bool = True, take: str = "") -> None:
        told = Held(
            collab=self._ground.id,
            user=kept.session.user,
            session=str(kept.session),
            held=kept.id,
            path=kept.path,
            reason=kept.reason,
            is_open=is_open,
            take=take,
        )
        self._ground.turns.tell(told)

    def _kept(self, saving: Saving, found: hold.Doubt, is_draft: bool) -> Kept:
        ground, session = self._ground, saving.session
        return Kept(
            id=drawer.id_of(session, saving.path, DRAFT if is_draft else SAVE),
            session=session,
            path=saving.path,
            reason=found.reason,
            at=saving.at,
            mark=drawer.mark_of(saving.data),
            data=saving.data,
            # what a workspace holds came from what its session held when it was taken in
            base=saving.base or (ground.head(session) if saving.tool in WATCHED else None),
            tool=saving.tool,
            findings=tuple(
                Suspicion(kind=one.kind, cell=one.cell, field=one.field, line=one.line, excerpt=one.excerpt)
                for one in found.findings
            ),
            secrets=tuple(one.digest for one in found.findings),
            is_draft=is_draft,
            has_earlier=hold.earlier(ground.repo, saving) is not None,
            after=self._last(),
        )


def _receipt(kept: Kept, saving: Saving, head: str) -> Receipt:
    """The receipt of a save that waits: its copy comes from where it came."""
    stamp = notebooks.strip(saving.data)[1] if saving.data and is_notebook(saving.path) else None
    version = stamp or saving.base or head
    return Receipt(snapshot=None, landed=None, version=version, question=kept.reason, held=kept.id)


def _differ(before: Kept, after: Kept) -> bool:
    return (before.reason, sorted(before.secrets)) != (after.reason, sorted(after.secrets))
