"""Deciding: what an author says of a save that was held back, or of many deletions at once."""

from __future__ import annotations

from gitcollab.acts import DecideHeld
from gitcollab.collab import drawer
from gitcollab.collab.drawer import Kept
from gitcollab.collab.ground import Ground
from gitcollab.collab.held import DELETED, HeldSaves
from gitcollab.collab.saves import Saves
from gitcollab.errors import BadInput, Moved, Unusable
from gitcollab.flow.snapshot import Saving
from gitcollab.model import Receipt

WATCH = "watch"


class Deciding:
    """Does what authors decide. Used in the collab's turns only; whose it is has been found out."""

    def __init__(self, ground: Ground, saves: Saves, held: HeldSaves) -> None:
        self._ground, self._saves, self._held = ground, saves, held

    def decide(self, act: DecideHeld) -> Receipt:
        """Shares what was held (``release``), goes back to the version before (``restore``) or keeps it out (``drop``).

        :raises NotFound: it is not the actor's, or is decided. Moved: it is another than the one they have seen.
        """
        kept = self._held.find(act.held, act.actor.user)
        self._ground.register.require(kept.session)
        if act.seen and act.seen != kept.mark:
            raise Moved("this file was saved again meanwhile", "look at what is held now", mark=kept.mark)
        if kept.reason == DELETED:
            return self._delete(kept, act.take)
        if act.take == "release":
            return self._release(kept)
        if act.take == "restore":
            return self._restore(kept)
        self._held.drop(kept)
        return self._untouched(kept)

    def _release(self, kept: Kept) -> Receipt:
        data = self._data(kept)
        self._held.remember(kept)
        saving = Saving(
            session=kept.session,
            path=kept.path,
            data=data,
            base=kept.base,
            tool=kept.tool,
            at=self._ground.now(),
        )
        if kept.is_draft:
            return self._saves.drafted(saving, is_decided=True)
        receipt = self._saves.saved(saving, is_decided=True)
        if kept.tool == WATCH:
            self._ground.turns.then(lambda: self._ground.desks.took(kept.session, kept.path, data))
        return receipt

    def _data(self, kept: Kept) -> bytes:
        data = kept.data
        if data is None and kept.tool == WATCH:
            data = self._ground.desks.read(kept.session, kept.path)
        if data is None or drawer.mark_of(data) != kept.mark:
            raise Unusable(f"{kept.path} was kept out, and nothing of it is held", "save it once more")
        return data

    def _restore(self, kept: Kept) -> Receipt:
        if not kept.has_earlier:
            raise Unusable(f"there is no earlier version of {kept.path}", "release it, or drop it")
        if kept.tool == WATCH and not self._ground.desks.restore(kept.session, kept.path, self._data(kept)):
            raise Moved(f"{kept.path} has changed on the disk meanwhile", "look at what is held now")
        self._held.end(kept, "restore")
        return self._untouched(kept)

    def _delete(self, kept: Kept, take: str) -> Receipt:
        """Deletes the files that are still gone, or brings them back."""
        ground = self._ground
        gone = ground.desks.missing(kept.session, kept.paths)
        if take == "drop":
            raise BadInput("delete these files, or bring them back?", "say release or restore")
        receipt = self._untouched(kept)
        if take == "restore":
            ground.desks.bring_back(kept.session, gone)
        for path in gone if take == "release" else ():
            receipt = self._saves.take_in(kept.session, path, None)
        self._held.end(kept, take)
        return receipt

    def _untouched(self, kept: Kept) -> Receipt:
        return Receipt(snapshot=None, landed=None, version=self._ground.head(kept.session))
