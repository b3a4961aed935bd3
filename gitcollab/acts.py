"""Acts: what is asked of the writer. Each is one value, sent over the wire, decided and done under the collab's lock.

``ANSWERS`` says what comes back. Reading acts are asked of the workers; they change nothing.
"""

from __future__ import annotations

from typing import dataclass_transform

import msgspec

from gitcollab.model import (
    Actor,
    BlameCell,
    Bump,
    FileChange,
    FileEntry,
    Item,
    Json,
    Link,
    LogEntry,
    Member,
    Person,
    Receipt,
    Role,
    Session,
    SessionName,
    Summary,
    Take,
    Token,
    Version,
)


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))  # for type checkers
class Act(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of all acts. ``actor`` is who asks; access is decided where the act is done."""

    actor: Actor


class CollabAct(Act):
    """An act on one collab, by its id."""

    collab: str


# --- people and access ---------------------------------------------------------------------------------------------


class AddUser(Act):
    """Creates an account. Admins only."""

    name: str
    display: str = ""
    password: str = ""
    is_admin: bool = False


class CreateToken(Act):
    """Creates a token for the actor; its secret is in the answer and nowhere else."""

    label: str = ""
    scopes: tuple[str, ...] = ()
    expires_in: int | None = None  # seconds


class RevokeToken(Act):
    """Revokes one of the actor's tokens by its id."""

    token: str


class CreateCollab(Act):
    """Creates a collab owned by the actor; ``paths`` limits it to those files (relative, empty: all)."""

    title: str
    paths: tuple[str, ...] = ()


class DeleteCollab(CollabAct):
    """Ends a collab for everybody; its repository is kept aside. Owner only."""


class SetMember(CollabAct):
    """Gives a person a role, new or changed."""

    user: str
    role: Role


class RemoveMember(CollabAct):
    """Ends a person's access at once (their history stays). Everybody may remove themselves."""

    user: str


class CreateLink(CollabAct):
    """Creates an invitation link."""

    role: Role = Role.EDITOR
    expires_in: int = 7 * 86400  # seconds
    uses: int | None = None


class RevokeLink(CollabAct):
    """Revokes a link by its id."""

    link: str


class RedeemLink(Act):
    """Makes the actor a member of the collab that the link opens."""

    code: str


# --- sessions and saves --------------------------------------------------------------------------------------------


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

    ``data`` None deletes the file. ``is_draft``: work that its author has not saved yet; shown, never landed.
    """

    session: SessionName
    path: str
    data: bytes | None
    base: str | None = None
    tool: str = ""
    is_draft: bool = False


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


class Publish(CollabAct):
    """Publishes a notebook as the next version. ``bump`` None: MINOR, or 1.0.0 the first time."""

    notebook: str
    bump: Bump | None = None
    message: str = ""


class Sweep(CollabAct):
    """Takes in at once what lies in the watched workspaces of the actor, without waiting for the watcher."""


class Status(Act):
    """How the writer is: its collabs, workspaces, and anything that needs a person. Admins only."""


class Follow(Act):
    """Asks for every event from now on, as a stream on this connection; ``ready`` is the first frame."""


# --- reading, done by workers --------------------------------------------------------------------------------------


class Reading(CollabAct):
    """Base of the acts that only read a repository. Access has been decided by the door."""


class ListFiles(Reading):
    """Files at a point in history."""

    at: str = "main"


class ReadFile(Reading):
    """A file's bytes at a point in history, and the commit that point is."""

    path: str
    at: str = "main"
    is_stamped: bool = False  # with the version stamp in a notebook's metadata, as a workspace gets it


class ReadLog(Reading):
    """History, newest first. ``before`` is the commit of the last page's last entry."""

    path: str = ""
    branch: str = "main"
    limit: int = 50
    before: str = ""


class ReadDiff(Reading):
    """What changed between two points: by file, and by cell in notebooks."""

    start: str
    end: str
    path: str = ""


class ReadBlame(Reading):
    """Who last changed each cell (or line)."""

    path: str
    at: str = "main"


class ReadItems(Reading):
    """The open contested items."""

    at: str = "main"


class ReadVersions(Reading):
    """The published versions, newest first; of one notebook if given."""

    notebook: str = ""


class Resolve(Reading):
    """The commit that a REV (design: HTTP) names."""

    at: str


class RenderNotebook(Reading):
    """A notebook as safe HTML, cell by cell."""

    path: str
    at: str = "main"


class RenderDiff(Reading):
    """The differences of one notebook or text file as safe HTML, cell by cell."""

    start: str
    end: str
    path: str


# --- pure work, done by workers for the writer ---------------------------------------------------------------------


class MergeBytes(Act):
    """Merges three versions of one notebook: ``notebooks.merge``. ``rules`` are the policy's."""

    base: bytes
    ours: bytes
    theirs: bytes
    path: str = ""
    rules: dict[str, str] = {}


class DiffBytes(Act):
    """Compares two versions of one notebook: ``notebooks.diff``."""

    before: bytes
    after: bytes


class FileBytes(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ReadFile. ``commit`` is the point asked for; ``oid`` the file's own id, its ETag."""

    commit: str
    oid: str
    data: bytes


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of the rendering acts: HTML fragments in order, each with what a page needs to place it."""

    start: str
    end: str
    cells: tuple[dict[str, Json], ...]
    title: str = ""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of ReadDiff: resolved ends, changed files, and nbdime's own diff for a single notebook."""

    start: str
    end: str
    files: tuple[FileChange, ...]
    nbdime: Json = None


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of OpenSession. ``directory`` is the watched workspace, if the daemon watches one."""

    session: str
    branch: str
    head: str
    directory: str | None = None


ANSWERS: dict[type[Act], object] = {
    AddUser: Person,
    CreateToken: Token,
    RevokeToken: None,
    CreateCollab: Summary,
    DeleteCollab: None,
    SetMember: Member,
    RemoveMember: None,
    CreateLink: Link,
    RevokeLink: None,
    RedeemLink: Summary,
    OpenSession: Opened,
    CloseSession: Session,
    Save: Receipt,
    Rename: Receipt,
    Land: Receipt,
    Deliver: Session,
    Settle: Receipt,
    Publish: Version,
    Sweep: tuple[Receipt, ...],
    Status: dict[str, Json],
    ListFiles: tuple[FileEntry, ...],
    ReadFile: FileBytes,
    ReadLog: tuple[LogEntry, ...],
    ReadDiff: Difference,
    ReadBlame: tuple[BlameCell, ...],
    ReadItems: tuple[Item, ...],
    ReadVersions: tuple[Version, ...],
    Resolve: str,
    RenderNotebook: Rendered,
    RenderDiff: Rendered,
    MergeBytes: dict[str, Json],  # becomes a notebooks.Merge with msgspec.convert(…, builtin_types=(bytes,))
    DiffBytes: dict[str, Json],  # likewise a notebooks.Diff
}
