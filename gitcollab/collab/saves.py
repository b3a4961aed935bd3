"""Saves: how one becomes a snapshot, lands, and is delivered; by request, or found in a watched workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from gitcollab import tracing
from gitcollab.access import allow
from gitcollab.acts import Save
from gitcollab.collab.exchange import Exchange
from gitcollab.collab.ground import Ground
from gitcollab.collab.held import HeldSaves
from gitcollab.collab.purging import Purging
from gitcollab.collab.register import FORK
from gitcollab.errors import (
    BadInput,
    Forbidden,
    GitcollabError,
    NoSpace,
    NotFound,
    TooLarge,
    TooMany,
    Unusable,
)
from gitcollab.events import OVER, Asked, Drafted, Skipped
from gitcollab.flow.alter import changes_between
from gitcollab.flow.items import read_items
from gitcollab.flow.mirror import content_id
from gitcollab.flow.snapshot import Saving, Snapshot, credit, draft, is_guessed, snapshot
from gitcollab.model import Actor, Receipt, SessionName


class Saves:
    """Takes in the saves of one collab. Used in its turns only; who may save has been decided."""

    def __init__(self, ground: Ground, exchange: Exchange, held: HeldSaves, purged: Purging) -> None:
        self._ground, self._exchange, self._held, self._purged = ground, exchange, held, purged
        self._beyond: dict[tuple[SessionName, str], str] = {}

    def saved(self, saving: Saving, *, is_decided: bool = False) -> Receipt:
        """Commits a save, lands it and delivers it; what stands stays when a later stage fails.

        A save that its author has to decide about first is held back instead, unless it ``is_decided``.
        """
        saving = self._purged.followed(saving)
        if not is_decided and (back := self._held.back(saving)):
            return back
        self._held.pass_on(saving, take="release" if is_decided else "")
        ground = self._ground
        with tracing.stage("snapshot"):
            saved = snapshot(ground.repo, saving, ground.given.merger)
        if saved.question:
            self._ask(saving.session, saved)
        if saved.session != saving.session and saved.commit:
            ground.register.enter(saved.session, client=FORK)
        ground.turns.moved(saved.session.ref)
        landed = None
        with ground.turns.taking() as turn, turn.going_on(), tracing.stage("land"):
            landed = self._exchange.land(saved.session) if saved.commit else None
        with tracing.stage("deliver"):
            self._exchange.deliver_all()
        return self.receipt(saving.session, landed, saved)

    def drafted(self, saving: Saving, *, is_decided: bool = False) -> Receipt:
        """Keeps unsaved work as a draft, which is shown and never lands; held back like a save."""
        saving = self._purged.followed(saving)
        if not is_decided and (back := self._held.back(saving, is_draft=True)):
            return back
        self._held.pass_on(saving, is_draft=True, take="release" if is_decided else "")
        ground, session = self._ground, saving.session
        parent = ground.head(session)
        commit = draft(ground.repo, saving, f"refs/gitcollab/drafts/{session.user}/{session.name}")
        told = Drafted(
            collab=ground.id,
            user=session.user,
            session=str(session),
            commit=commit,
            parent=parent,
            files=changes_between(ground.repo, parent, commit),
        )
        ground.turns.tell(told)
        return Receipt(snapshot=commit, landed=None, version=parent)

    def renamed(self, session: SessionName, path: str, to: str, base: str | None = None) -> Receipt:
        """Renames a file in a session, as a save; NotFound if there is none of that name."""
        ground = self._ground
        if ground.repo.entry(ground.head(session), path) is None:
            raise NotFound(f"there is no {path}", "look at the list of files")
        return self.saved(Saving(session=session, path=path, to=to, data=None, base=base, at=ground.now()))

    def take_in(
        self, session: SessionName, path: str, data: bytes | None, said: Saving | None = None
    ) -> Receipt:
        """Takes in one file of a watched workspace; ``data`` None: it was deleted there.

        ``said`` is what the client says that wrote it, which may know better where its copy came from.
        """
        ground = self._ground
        if data is not None and (old := ground.desks.moved_from(session, path, data)):
            with suppress(NotFound, Unusable):  # others were there before: then it is a new file
                renamed = self.take_in_rename(session, old, path)
                if ground.desks.held(session, old) == content_id(path, data):
                    return renamed
        base = ground.desks.base(session, path)
        is_wrong = said is not None and is_guessed(ground.repo, said)
        if ground.desks.has_taken(session, path, data) and not is_wrong:
            if said and said.authors and credit(ground.repo, said):
                ground.turns.moved(session.ref)
            ground.turns.then(lambda: ground.desks.mirror(session))
            return self.receipt(
                session, None, Snapshot(session=session, path=path, version=base or ground.head(session))
            )
        if said is None and data is not None:  # who asks for a save has been refused before
            self._check_room(session, path, data)
        found = Saving(session=session, path=path, data=data, base=base, tool="watch", at=ground.now())
        found = msgspec.structs.replace(found, authors=said.authors if said else ())
        receipt = self.saved(said if said and said.base else found)
        if not receipt.held:  # else the workspace goes on holding what its session does not
            ground.turns.then(lambda: ground.desks.took(session, path, data))
        return receipt

    def take_in_rename(self, session: SessionName, old: str, path: str) -> Receipt:
        """Takes in that a file of a watched workspace was renamed and not changed."""
        ground = self._ground
        if self._held.holds(session, old):
            raise Unusable(f"a save of {old} is held back", "what the file holds is looked at anew")
        if not ground.desks.has_seen(session, path):
            raise Unusable(f"others have made a {path} meanwhile", "it is merged with theirs")
        receipt = self.renamed(session, old, path)
        ground.turns.then(lambda: ground.desks.renamed(session, old, path))
        return receipt

    def swept(self, session: SessionName) -> Iterator[Receipt]:
        """Takes in everything that differs in a watched workspace."""
        ground = self._ground
        for path, data in ground.desks.changed(session):
            try:
                yield self.take_in(session, path, data)
            except (BadInput, TooLarge, Unusable, NoSpace, TooMany) as refused:  # this file's own trouble
                if isinstance(refused, NoSpace | TooMany) and "quota" not in refused.data:
                    raise
                who, name, why = session.user, str(session), reason(refused)
                ground.turns.tell(Skipped(collab=ground.id, user=who, session=name, path=path, reason=why))

    def admit(self, session: SessionName) -> None:
        """Lets a workspace's save in only while its session is open and its person may save.

        :raises Forbidden, NotFound: otherwise.
        """
        self._ground.register.require(session)
        allow(Actor(user=session.user, via="daemon"), Save, self._ground.register.role(session.user))

    def _check_room(self, session: SessionName, path: str, data: bytes) -> None:
        ground, actor = self._ground, Actor(user=session.user, via="daemon")
        found = Save(actor=actor, collab=ground.id, session=session, path=path, data=data)
        try:
            ground.given.room.check(found, ground.repo)
        except (NoSpace, TooMany) as refused:
            self._beyond[session, path] = reason(refused)
            raise
        self._beyond.pop((session, path), None)

    def beyond(self, session: SessionName, path: str) -> str:
        """Returns by which quota a file of a watched workspace was refused when it was last looked at; '' by none."""
        return self._beyond.get((session, path), "")

    def is_admitted(self, session: SessionName) -> bool:
        """Whether a workspace's saves are let in."""
        try:
            self.admit(session)
        except (Forbidden, NotFound):
            return False
        return True

    def receipt(self, session: SessionName, landed: str | None, saved: Snapshot | None = None) -> Receipt:
        """Returns what became of a save, and what the session has contested."""
        ground = self._ground
        where = saved.session if saved else session
        items = read_items(ground.repo, ground.main())
        mine = [item.id for item in items if item.branch in (where.branch, session.branch)]
        return Receipt(
            snapshot=saved.commit if saved else None,
            landed=landed,
            version=saved.version if saved else ground.head(session),
            contested=tuple(mine),
            forked=str(where) if where != session else "",
            question=saved.question if saved else "",
        )

    def _ask(self, session: SessionName, saved: Snapshot) -> None:
        self._ground.turns.tell(
            Asked(
                collab=self._ground.id,
                user=session.user,
                session=str(session),
                question=saved.question,
                path=saved.path,
                commit=saved.version,
            )
        )


def reason(refused: GitcollabError) -> str:
    """Returns why a file of a watched workspace is not taken in, as ``Skipped`` tells it."""
    return f"{OVER}{refused.message}" if "quota" in refused.data else refused.code
