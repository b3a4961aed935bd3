"""The register: which sessions a collab has, whose they are, and under which name a copy works."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine

from gitcollab import acts, store
from gitcollab.collab.place import Place
from gitcollab.errors import BadInput, NotFound
from gitcollab.flow.pushed import GIT
from gitcollab.model import Role, Session, SessionName, checked_name
from gitcollab.repository import Repository
from gitcollab.store import collabs, members, sessions
from gitcollab.workspace import Rules

LONGEST = 56
"""Characters of a session's name that is asked for: forks and further copies add a number to it."""

FORK = "fork"
"""The client of a session that a stale copy goes on as: no workspace waits for deliveries there."""


class Register:
    """The sessions of one collab, as the store and the repository know them."""

    def __init__(self, repo: Repository, collab: str, engine: Engine, place: Place) -> None:
        self._repo, self._collab, self._engine, self._place = repo, collab, engine, place

    def open_now(self) -> tuple[SessionName, ...]:
        """Returns the open sessions that have a branch."""
        return tuple(one.session for one in self._open())

    def waiting(self) -> tuple[SessionName, ...]:
        """Returns the open sessions that take deliveries: all but forks, and those whose writer merges by git."""
        return tuple(one.session for one in self._open() if one.client not in {FORK, GIT})

    def holder(self, session: SessionName) -> str | None:
        """Returns the client that an open session belongs to ('' where it gave no name); None if it is not open."""
        found = [one for one in self._listed() if one.session == session and one.is_open]
        return found[0].client if found else None

    def enter(self, session: SessionName, workspace: str | None = None, client: str = "") -> None:
        """Writes a session down as open, new or taken up again."""
        with self._engine.begin() as conn:
            sessions.open_session(conn, self._collab, session.user, session.name, workspace, client)

    def close(self, conn: Connection, session: SessionName) -> None:
        """Writes a session down as closed, in the transaction of the event that tells of it."""
        sessions.close_session(conn, self._collab, session.user, session.name)

    def require(self, session: SessionName) -> None:
        """Raises NotFound unless the session is open."""
        if self._repo.head(session.ref) is None or not self._known(session).is_open:
            raise NotFound(f"session {session} is not open", "open it first: `gitcollab join`")

    def shown(self, session: SessionName) -> Session:
        """Returns a session as it stands."""
        known = self._known(session)
        return Session(
            user=session.user,
            name=session.name,
            branch=session.branch,
            head=self._repo.head(session.ref) or "",
            workspace=known.workspace,
            is_open=known.is_open,
            opened_at=known.opened_at,
        )

    def role(self, user: str) -> Role | None:
        """Returns a person's role in the collab."""
        with store.reading(self._engine).connect() as conn:
            return members.role_of(conn, self._collab, user)

    def rules(self, root: Path) -> Rules:
        """Returns which files of a watched directory are shared: all of one that the daemon itself has made."""
        if self._place.is_ours(root):
            return Rules()
        with store.reading(self._engine).connect() as conn:
            return Rules(paths=collabs.collab(conn, self._collab).paths)

    def name_for(self, act: acts.OpenSession) -> SessionName:
        """Returns the asked name, or the next free one if another copy of the same person's works under it."""
        wanted, user = checked_name(act.name, "session"), act.actor.user
        if len(wanted) > LONGEST:
            raise BadInput(f"a session's name has at most {LONGEST} characters", "choose a shorter one")
        taken = {one.name: one for one in self._listed() if one.user == user and one.is_open}
        for number in range(1, len(taken) + 2):
            name = wanted if number == 1 else f"{wanted}-{number}"
            holder = taken.get(name)
            if holder is None or _is_same_copy(holder, act):
                return SessionName(user=user, name=name)
        raise AssertionError("one more name than there are sessions is free")

    def _open(self) -> list[sessions.Registered]:
        return [one for one in self._listed() if one.is_open and self._repo.head(one.session.ref)]

    def _listed(self) -> tuple[sessions.Registered, ...]:
        with store.reading(self._engine).connect() as conn:
            return sessions.sessions(conn, self._collab)

    def _known(self, session: SessionName) -> sessions.Registered:
        with store.reading(self._engine).connect() as conn:
            return sessions.session(conn, self._collab, session.user, session.name)


def _is_same_copy(holder: sessions.Registered, act: acts.OpenSession) -> bool:
    if holder.workspace or act.workspace:
        return holder.workspace == act.workspace
    return not holder.client or not act.client or holder.client == act.client
