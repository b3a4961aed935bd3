"""The ground of one collab: its repository, its turns and journal, its sessions and workspaces, made once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from gitcollab.collab.description import Description
from gitcollab.collab.desks import Desks
from gitcollab.collab.given import Given
from gitcollab.collab.ledger import Ledger
from gitcollab.collab.register import Register
from gitcollab.collab.shelves import Shelves
from gitcollab.collab.turns import Turns
from gitcollab.flow.points import MAIN
from gitcollab.model import Role, SessionName
from gitcollab.repository import Repository


@dataclass(frozen=True, slots=True)
class Ground:
    """What all acts of one collab stand on. Used in its turns only."""

    id: str
    given: Given
    repo: Repository
    ledger: Ledger
    turns: Turns
    register: Register
    desks: Desks
    shelves: Shelves
    description: Description
    followers: list[Callable[[], object]] = field(default_factory=list)
    """What looks at the shared branch once it has moved."""

    @classmethod
    def of(cls, id: str, given: Given) -> Self:
        """Opens what a collab stands on; its repository is there."""
        repo = Repository(given.place.repository(id))
        ledger = Ledger(repo, id, given.engine, given.tell)
        register = Register(repo, id, given.engine, given.place)
        desks = Desks(repo, id, given.place)
        shelves = Shelves(repo, id, given.place, given.charter)
        turns = Turns(repo, ledger)
        return cls(id, given, repo, ledger, turns, register, desks, shelves, Description(repo, id, turns))

    def head(self, session: SessionName) -> str:
        """Returns the commit that a session is at."""
        return self.repo.head(session.ref) or ""

    def main(self) -> str:
        """Returns the commit that the shared branch is at."""
        return self.repo.head(MAIN) or ""

    def main_moved(self, *also: str) -> None:
        """Notes that the shared branch has moved, and other refs with it; its directories follow."""
        self.turns.moved(MAIN, *also)
        self.description.follow()
        self.turns.then(self.shelves.keep_up)
        for follow in self.followers:
            self.turns.then(follow)

    def make_room(self, session: SessionName) -> None:
        """Raises NoSpace if a session's branch is still to be made and there is no room for one more."""
        if self.repo.head(session.ref) is None:
            self.given.room.check_refs(self.id)

    def admit(self) -> None:
        """Opens the collab's directories to its people, where they are users of this system."""
        if self.given.is_unix:
            self.shelves.admit(self.given.engine)

    def now(self) -> str:
        """Returns the time in UTC."""
        return self.given.clock()

    def is_maintainer(self, user: str) -> bool:
        """Whether a person may publish and change the charter."""
        role = self.register.role(user)
        return role is not None and role.rank >= Role.MAINTAINER.rank
