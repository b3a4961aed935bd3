"""Work: sessions, saves, and what is decided and published. Answered by the writer."""

from __future__ import annotations

import msgspec

from gitcollab.acts.act import Act, CollabAct
from gitcollab.model import Bump, Json, Person, Receipt, Session, SessionName, Take, Version


class OpenSession(CollabAct):
    """Opens, or takes up again, a session of the actor.

    ``workspace`` is a directory on the server's machine that the daemon shall watch; ``claim`` then names a file
    that the caller has just written there, as proof that they may. ``client`` identifies the copy that asks, so
    that two workspaces of one person do not become one session by mistake.
    """

    name: str = "default"
    workspace: str | None = None
    claim: str = ""
    client: str = ""


class CloseSession(CollabAct):
    """Takes in what lies unsaved in a watched workspace and closes the session; the branch and items stay."""

    session: SessionName


class Save(CollabAct):
    """A file's new bytes. ``base`` is the commit the copy came from, None if the saver cannot know it.

    ``data`` None deletes the file. ``is_draft``: work that its author has not saved yet; shown, never landed. ``at`` is
    when it was saved (UTC, ISO 8601), from a client that kept it while the server was away. ``authors`` changed it,
    too, by the names that the saving program knows them by.
    """

    session: SessionName
    path: str
    data: bytes | None
    base: str | None = None
    tool: str = ""
    is_draft: bool = False
    at: str = ""
    authors: tuple[Person, ...] = ()


class Rename(CollabAct):
    """Renames a file in a session, as a save."""

    session: SessionName
    path: str
    to: str
    base: str | None = None


class Land(CollabAct):
    """Lands a session now (where the collab lands on request)."""

    session: SessionName


class Deliver(CollabAct):
    """Delivers the shared branch to a session now."""

    session: SessionName


class Settle(CollabAct):
    """Decides a contested item.

    ``seen`` names the values the person looked at: the item's digest, or an object with any of base, shared and
    session. None decides unseen.
    """

    item: str
    take: Take
    seen: Json = None
    source: str | None = None  # with Take.TEXT


class Undo(CollabAct):
    """Takes back, as a save of the actor, what an event (named by its number) or a commit (by its id) has changed."""

    what: str


class Publish(CollabAct):
    """Publishes a notebook as the next version. ``bump`` None: MINOR, or 1.0.0 the first time.

    ``is_only``: the notebook alone; otherwise every file of the shared branch that is no notebook comes with it.
    """

    notebook: str
    bump: Bump | None = None
    message: str = ""
    is_only: bool = False


class DecidePublish(CollabAct):
    """Says of a version that waits for a second maintainer that it may be one, or not (``is_approved`` False).

    Whoever has asked for it may take it back, not approve it.
    """

    pending: str
    is_approved: bool = True


class Hold(CollabAct):
    """Says that a client has a file of a session open: its workspace's file is not written over while it has.

    ``client`` names who has it open (one tab, say), each for itself. The hold ends by itself after ``seconds`` unless
    it is said again; it survives a restart of the daemon.
    """

    session: SessionName
    path: str
    client: str = ""
    seconds: float = 180.0


class Release(CollabAct):
    """Says that a client has closed a file: what waits for it is delivered."""

    session: SessionName
    path: str
    client: str = ""


class ReadOpen(CollabAct):
    """Tells which files of a session clients have open: who keeps its directory elsewhere leaves those alone, too."""

    session: SessionName


class Sweep(CollabAct):
    """Takes in at once what lies in the watched workspaces of the actor, without waiting for the watcher."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of OpenSession. ``directory`` is the watched workspace, if the daemon watches one."""

    session: str
    branch: str
    head: str
    directory: str | None = None


ANSWERS: dict[type[Act], object] = {
    OpenSession: Opened,
    CloseSession: Session,
    Save: Receipt,
    Rename: Receipt,
    Land: Receipt,
    Deliver: Session,
    Settle: Receipt,
    Undo: Receipt,
    Publish: Version,
    DecidePublish: Version | None,
    Hold: None,
    Release: None,
    ReadOpen: tuple[str, ...],
    Sweep: tuple[Receipt, ...],
}
