"""Holding: saves that were held back, what their authors decide, and what is purged. Answered by the writer."""

from __future__ import annotations

from typing import Literal

import msgspec

from gitcollab.acts.act import Act, CollabAct
from gitcollab.model import Receipt, Value


class Suspicion(Value):
    """A suspected secret, without the secret: its kind, its cell (None: outside of cells), field, line, beginning."""

    kind: str
    cell: str | None
    field: str
    line: int
    excerpt: str


class HeldSave(Value):
    """A save that waits for its author, kept outside the repository and seen by them alone.

    ``reason``: secret, emptied, unreadable (a notebook that no longer parses) or deleted (``paths``: many at once).
    ``mark`` names what is held, so that a decision can say what it has seen. ``has_earlier``: there is a version to
    go back to. ``is_dropped``: decided to stay out; kept in mind until the file changes.
    """

    id: str
    session: str
    path: str
    reason: str
    at: str
    mark: str
    size: int = 0
    findings: tuple[Suspicion, ...] = ()
    paths: tuple[str, ...] = ()
    is_draft: bool = False
    is_dropped: bool = False
    has_earlier: bool = True


class ReadHeld(CollabAct):
    """What waits for the actor's decision: their own saves, nobody else's."""


class ReadHeldFile(CollabAct):
    """The bytes of a save that is held back: its author's."""

    held: str


class DecideHeld(CollabAct):
    """Decides what becomes of a save that was held back.

    ``take``: release (share it as it is: it is no secret, it is meant), restore (go back to the version before it, in
    the watched workspace too) or drop (keep just this out; the file on the disk stays). ``seen`` is the mark of what
    the author has looked at; empty decides unseen.
    """

    held: str
    take: Literal["release", "restore", "drop"]
    seen: str = ""


class Purge(CollabAct):
    """Takes a text, or a whole file in all its versions, out of the collab for good. Owners only.

    With ``text`` it goes wherever it stands, also in messages and events; ``path`` then says where it must be found.
    """

    path: str = ""
    text: str = ""


class PurgeDone(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of Purge: how many commits and tags have another id now, and how many versions of files were changed."""

    commits: int
    blobs: int


ANSWERS: dict[type[Act], object] = {
    ReadHeld: tuple[HeldSave, ...],
    ReadHeldFile: bytes,
    DecideHeld: Receipt,
    Purge: PurgeDone,
}
