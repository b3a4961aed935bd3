"""Undoing: an event names what happened; what it changed is taken back as a save of the person who asks."""

from __future__ import annotations

import re
from collections.abc import Callable

from gitcollab import store
from gitcollab.acts import Undo
from gitcollab.collab.exchange import Exchange
from gitcollab.collab.ground import Ground
from gitcollab.collab.saves import Saves
from gitcollab.errors import BadInput, Forbidden, NotFound
from gitcollab.events import AnyEvent, Closed, Delivered, Landed, Saved, Settled, Undone, may_see
from gitcollab.flow.undo import Undoing, undo
from gitcollab.model import Receipt, SessionName
from gitcollab.store import journal

DEFAULT = "default"

EVENT = re.compile(r"[0-9]{1,6}")
"""How the number of an event looks; what is longer is a commit's id."""


class Undos:
    """Takes back what happened in one collab. Used in its turns only; who may has been decided."""

    def __init__(
        self, ground: Ground, exchange: Exchange, saves: Saves, enter: Callable[[SessionName], None]
    ) -> None:
        self._ground, self._exchange, self._saves, self._enter = ground, exchange, saves, enter

    def undo(self, act: Undo) -> Receipt:
        """Takes what an event or a commit changed back and lands that; what others went on from becomes contested.

        :raises NotFound: no such event or commit. BadInput: nothing that can be taken back. Forbidden: a delivery to
            somebody else. Unusable: it was taken back already.
        """
        ground, user = self._ground, act.actor.user
        event = self._event(int(act.what), user) if EVENT.fullmatch(act.what) else None
        session = self._session(event, user)
        self._exchange.land(session, is_asked=True)
        self._exchange.deliver(session)
        item = event.item if isinstance(event, Closed) else ""
        wanted = commit_of(event) if event else self._commit(act.what, session)
        undoing = Undoing(session=session, commit=wanted, at=ground.now(), item=item)
        commit = undo(ground.repo, undoing, ground.given.merger)
        ground.turns.moved(session.ref)
        landed = self._exchange.land(session, is_asked=True)
        self._exchange.deliver_all()
        told = Undone(collab=ground.id, user=user, session=str(session), undone=wanted, commit=commit)
        ground.turns.tell(told)
        receipt = self._saves.receipt(session, landed)
        return Receipt(snapshot=commit, landed=landed, version=receipt.version, contested=receipt.contested)

    def _event(self, number: int, user: str) -> AnyEvent:
        with store.reading(self._ground.given.engine).connect() as conn:
            found = journal.since(conn, self._ground.id, number - 1, 1) if number > 0 else ()
        if not found or found[0].n != number or not may_see(found[0], user):
            raise NotFound(f"there is no event {number}", "the activity page and `gitcollab log` number them")
        return found[0]

    def _commit(self, what: str, session: SessionName) -> str:
        ground = self._ground
        found = ground.repo.resolve(what)
        if not any(ground.repo.is_ancestor(found, tip) for tip in (ground.main(), ground.head(session))):
            raise NotFound(f"{what} is in no history of yours", "take one that `gitcollab log` shows")
        if not ground.repo.read(found).parents:
            raise BadInput("the beginning cannot be undone", "end the collab instead")
        return found

    def _session(self, event: AnyEvent | None, user: str) -> SessionName:
        """The session that the undo is saved in: an open one of the person's, of a delivery the one that got it."""
        if isinstance(event, Delivered):
            session = SessionName.parse(event.session)
            if session.user != user:
                raise Forbidden("only who got a delivery can undo it", "undo what it brought instead")
            self._ground.register.require(session)
            return session
        mine = [one for one in self._ground.register.waiting() if one.user == user]
        session = next(iter(mine), SessionName(user=user, name=DEFAULT))
        if not mine:
            self._enter(session)
        return session


def commit_of(event: AnyEvent) -> str:
    """Returns the commit that an event tells of; BadInput if it changed no file."""
    if isinstance(event, Saved | Landed | Delivered | Settled | Closed):
        return event.commit
    raise BadInput(
        f"event {event.n} cannot be undone",
        "saves, landings, deliveries, settlements and closings can",
    )
