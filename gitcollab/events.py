"""Events: what happened. Numbered per collab without gap, kept in the journal, streamed to participants."""

from __future__ import annotations

from typing import dataclass_transform

import msgspec

from gitcollab.model import FileChange, Item, Role, Take, Visibility


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))  # for type checkers
class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower, omit_defaults=True):
    """Base of all events. ``n`` is the number (0 until the journal gives it), ``at`` UTC in ISO 8601."""

    collab: str
    user: str
    at: str = ""
    n: int = 0


class SessionEvent(Event):
    """An event on one session, named ``user/name``."""

    session: str


class Created(Event):
    """The collab began."""

    title: str
    alias: str


class Removed(Event):
    """The collab was ended by its owner."""


class Membership(Event):
    """A person's role was given, changed or (None) ended."""

    member: str
    role: Role | None


class Linked(Event):
    """An invitation link was created or revoked (``is_open`` false)."""

    link: str
    role: Role
    is_open: bool = True


class Joined(SessionEvent):
    """A session was opened or taken up again."""


class Left(SessionEvent):
    """A session was closed."""


class Saved(SessionEvent):
    """A save became a snapshot; not yet on main."""

    commit: str
    parent: str
    files: tuple[FileChange, ...]


class Drafted(SessionEvent):
    """Unsaved work became visible."""

    commit: str
    parent: str
    files: tuple[FileChange, ...]


class Landed(SessionEvent):
    """A session's work reached main."""

    commit: str
    parent: str
    snapshot: str
    files: tuple[FileChange, ...]
    contested: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()


class Delivered(SessionEvent):
    """Main reached a session."""

    commit: str
    parent: str
    files: tuple[FileChange, ...]


class Contested(SessionEvent):
    """Items opened, or their values moved."""

    commit: str
    items: tuple[Item, ...]


class Settled(Event):
    """A person decided an item."""

    commit: str
    item: str
    path: str
    take: Take
    cell: str | None = None


class Closed(Event):
    """An item closed by itself. ``reason``: equal, mergeable, merged-by-hand."""

    commit: str
    item: str
    path: str
    reason: str
    cell: str | None = None


class Commented(Event):
    """Somebody spoke in a thread: ``said`` is comment, reply, resolve or reopen, ``mentioned`` whom it calls with @."""

    commit: str
    thread: str
    said: str
    path: str
    cell: str | None = None
    text: str = ""
    mentioned: tuple[str, ...] = ()


class Undone(SessionEvent):
    """What the commit ``undone`` had changed was taken back, by ``commit`` in the session."""

    undone: str
    commit: str


class Forked(SessionEvent):
    """A stale copy could not be combined with its own session and goes on as ``fork``."""

    fork: str
    commit: str


class Asked(SessionEvent):
    """A question for the session's person. ``question``: restore (the copy equals an old version)."""

    question: str
    path: str
    commit: str


OVER = "over quota: "
"""With what the reason begins that a watched file has which is beyond a quota; it is taken in once there is room."""


class Skipped(SessionEvent):
    """A file was not taken in, and why: too-large, unreadable, outside, not-regular, name, secret, or over a quota."""

    path: str
    reason: str


class OwnEvent(SessionEvent):
    """An event that only its person gets to see: whoever passes events on asks :func:`may_see`."""


class Held(OwnEvent):
    """A save was held back until its author decides (``is_open``), or no longer is.

    ``held`` is its id, ``reason`` why: secret, emptied, unreadable or deleted (many files at once). ``take`` is what
    was decided: release, restore, drop, or nothing where a later save made it needless.
    """

    held: str
    path: str
    reason: str
    is_open: bool = True
    take: str = ""


class Swept(OwnEvent):
    """The day's last look at a session's workspace: so many files were ``taken`` in.

    What its branch does not hold all the same: ``unsaved`` files, which somebody is writing to at that moment,
    ``skipped`` ones, each as (path, reason), and saves that are ``held`` until their author decides, as (id, path).
    """

    taken: int = 0
    unsaved: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    held: tuple[tuple[str, str], ...] = ()


class Purged(Event):
    """Something was taken out of all history, for good: every commit since then has another id.

    ``path`` is the file it was asked for; ``commits`` how many were rewritten. Whoever keeps old events drops them.
    """

    path: str = ""
    commits: int = 0


class Thinned(SessionEvent):
    """A session that closed long ago was archived whole, as ``archive``; its branch went to ``commit``.

    Of its ``commits`` own commits ``kept`` stand there now, one for each hour in which something was saved.
    """

    commit: str
    archive: str
    commits: int
    kept: int


class Published(Event):
    """A version was published."""

    notebook: str
    version: str
    tag: str
    commit: str
    message: str = ""


class Proposed(Event):
    """A version waits for another maintainer (``is_open``), or no longer does: approved or declined by ``user``."""

    notebook: str
    version: str
    pending: str
    is_open: bool = True
    is_approved: bool = False


class SaveWanted(Event):
    """Somebody publishes a notebook: whoever has unsaved work on it is asked to save within ``seconds``."""

    path: str
    seconds: float


class Granted(Event):
    """A group's role was given, changed or (None) ended."""

    group: str
    role: Role | None


class Visible(Event):
    """Who sees the collab besides its members was changed."""

    visibility: Visibility
    group: str = ""


class Approved(Event):
    """A published version was let out to everyone."""

    tag: str


AnyEvent = (
    Created
    | Removed
    | Membership
    | Linked
    | Joined
    | Left
    | Saved
    | Drafted
    | Landed
    | Delivered
    | Contested
    | Settled
    | Closed
    | Commented
    | Undone
    | Forked
    | Asked
    | Skipped
    | Held
    | Swept
    | Purged
    | Thinned
    | Published
    | Proposed
    | SaveWanted
    | Granted
    | Visible
    | Approved
)


def may_see(event: Event, user: str) -> bool:
    """Whether a participant may be told of an event: their own alone see theirs, everybody all others."""
    return not isinstance(event, OwnEvent) or event.user == user
