"""Promotion: what is published, decided and done in a collab's turns; what takes its time is asked between two."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gitcollab import acts
from gitcollab.collab.ground import Ground
from gitcollab.collab.held import HeldSaves
from gitcollab.errors import Forbidden
from gitcollab.events import Proposed
from gitcollab.flow import pending
from gitcollab.flow.approve import approve
from gitcollab.flow.charter import faults_in, read_charter
from gitcollab.flow.gating import Job, candidate, jobs, refusals
from gitcollab.flow.points import BLESSED, CONFIG, bytes_at
from gitcollab.flow.publish import Decided, Publishing, decide, publish, refused
from gitcollab.flow.publish import candidate as written
from gitcollab.flow.unsaved import unsaved
from gitcollab.model import Actor, SessionName, Shortcoming, Version


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A version that was decided on and has gates to pass elsewhere first: these ``jobs``."""

    decided: Decided
    jobs: tuple[Job, ...]


class Promotion:
    """The publishing of one collab. Used in its turns only."""

    def __init__(self, ground: Ground, held: HeldSaves) -> None:
        self._ground, self._held = ground, held

    def begin(self, act: acts.Publish) -> Version | Waiting:
        """Publishes at once if no gate has to be passed elsewhere; otherwise says which. Sessions have landed."""
        ground = self._ground
        asked = Publishing(
            notebook=act.notebook,
            bump=act.bump,
            message=act.message,
            user=act.actor.user,
            at=ground.now(),
            is_only=act.is_only,
            charter=read_charter(ground.repo, ground.given.charter),
            is_harmless=self._held.is_harmless,
        )
        self._check_charter()
        decided = decide(ground.repo, asked)
        gates, allowed = asked.charter.gates, ground.given.gates
        if found := refusals(gates, allowed):
            raise refused(found)
        place = ground.given.place
        repository: Path = place.repository(ground.id)
        about = candidate(place.root, repository, decided.tree, decided.main, decided.path)
        if wanted := jobs(gates, allowed, about):
            return Waiting(decided=decided, jobs=wanted)
        return self.finish(decided)

    def finish(self, decided: Decided) -> Version:
        """Publishes what was decided on, or lets it wait for a second maintainer."""
        ground, repo = self._ground, self._ground.repo
        if decided.asked.charter.gates.approval:
            shown = pending.propose(repo, written(repo, decided))
            self._tell(shown, decided.asked.user)
            return shown
        version = publish(repo, decided)
        ground.main_moved(f"refs/tags/{version.tag}", BLESSED)
        return self._with_unsaved(version)

    def decide(self, act: acts.DecidePublish, actor: Actor) -> Version | None:
        """Makes what waits a version, or drops it."""
        repo = self._ground.repo
        waiting = pending.find_pending(repo, act.pending)
        if act.is_approved and waiting.by == actor.user:
            raise Forbidden("nobody approves their own version", "have another maintainer look at it")
        if not act.is_approved:
            pending.drop(repo, waiting)
            self._tell(waiting, actor.user, is_open=False)
            return None
        self._check_charter()
        version = approve(repo, waiting, actor.user)
        self._ground.main_moved(f"refs/tags/{version.tag}", BLESSED)
        self._tell(waiting, actor.user, is_open=False, is_approved=True)
        return self._with_unsaved(version)

    def unsaved(self, path: str) -> dict[SessionName, str]:
        """Returns the open sessions with unsaved work on a file, and since when."""
        return unsaved(self._ground.repo, path, self._ground.register.open_now())

    def _with_unsaved(self, version: Version) -> Version:
        whose = sorted({session.user for session in self.unsaved(version.notebook)})
        return msgspec.structs.replace(version, unsaved=tuple(whose))

    def _check_charter(self) -> None:
        """A gate that is written wrongly must not be one that is open."""
        ground = self._ground
        faults = faults_in(bytes_at(ground.repo, ground.main(), CONFIG))
        if faults:
            raise refused([Shortcoming(gate="charter", text=fault) for fault in faults])

    def _tell(self, version: Version, user: str, *, is_open: bool = True, is_approved: bool = False) -> None:
        told = Proposed(
            collab=self._ground.id,
            user=user,
            notebook=version.notebook,
            version=version.version,
            pending=version.pending,
            is_open=is_open,
            is_approved=is_approved,
        )
        self._ground.turns.tell(told)
