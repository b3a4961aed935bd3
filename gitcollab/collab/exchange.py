"""The exchange between sessions and the shared branch: landing and delivery, as the collab's policies say."""

from __future__ import annotations

from gitcollab.collab.ground import Ground
from gitcollab.flow.charter import read_charter
from gitcollab.flow.deliver import deliver
from gitcollab.flow.land import land
from gitcollab.model import SessionName


class Exchange:
    """Lands and delivers the sessions of one collab. Used in its turns only."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def land(self, session: SessionName, *, is_asked: bool = False) -> str | None:
        """Lands a session as far as the policy wants it; returns the commit on the shared branch."""
        ground = self._ground
        if not is_asked and read_charter(ground.repo, ground.given.charter).landing == "request":
            return None
        landed = land(
            ground.repo,
            session,
            at=ground.now(),
            is_maintainer=ground.is_maintainer(session.user),
            merger=ground.given.merger,
        )
        ground.main_moved()
        return landed.commit if landed else None

    def deliver(self, session: SessionName) -> None:
        """Delivers the shared branch to one session."""
        ground = self._ground
        deliver(ground.repo, session, at=ground.now(), merger=ground.given.merger)
        self._follow(session)

    def deliver_all(self) -> None:
        """Delivers to every open session, if the policy wants it at once; forks have nobody to deliver to."""
        ground = self._ground
        if read_charter(ground.repo, ground.given.charter).delivery == "request":
            return
        for session in ground.register.waiting():
            with ground.turns.taking() as turn, turn.going_on():
                deliver(ground.repo, session, at=ground.now(), merger=ground.given.merger)
            self._follow(session)

    def _follow(self, session: SessionName) -> None:
        """Notes that a session may have moved and its workspace, if the daemon watches one, follows."""
        ground = self._ground
        ground.turns.moved(session.ref)
        ground.turns.then(lambda: ground.desks.mirror(session))
