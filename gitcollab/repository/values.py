"""The git room's values: what trees, commits and merges consist of. Ids are lower-case hex."""

from __future__ import annotations

import re

import msgspec

from gitcollab.errors import BadInput

FILE = 0o100644
PROGRAM = 0o100755
LINK = 0o120000
TREE = 0o040000
GITLINK = 0o160000

OID = re.compile(r"[0-9a-f]{40}")
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class Entry(msgspec.Struct, frozen=True):
    """What a path holds: the object's id and git's mode."""

    oid: str
    mode: int = FILE

    @property
    def is_tree(self) -> bool:
        """Whether this is a directory."""
        return self.mode == TREE

    @property
    def is_file(self) -> bool:
        """Whether this is a regular file, executable or not (no link, no submodule)."""
        return self.mode in {FILE, PROGRAM}


class Change(msgspec.Struct, frozen=True):
    """One path that differs between two trees; None where it is absent."""

    path: str
    old: Entry | None
    new: Entry | None


class Clash(msgspec.Struct, frozen=True):
    """A path that both sides changed, each in its own way; None where a side has deleted it.

    ``is_blocked``: a file on one side is a directory on the other, so that ``theirs`` cannot be placed at ``path``
    in the merged tree as it is; see :meth:`Repository.free_path`.
    """

    path: str
    base: Entry | None
    ours: Entry | None
    theirs: Entry | None
    is_blocked: bool = False


class TreeMerge(msgspec.Struct, frozen=True):
    """A merged tree, in which clashing paths stand as ours has them, and those clashes."""

    tree: str
    clashes: tuple[Clash, ...] = ()


class Commit(msgspec.Struct, frozen=True):
    """A commit. ``message`` is whole, ``subject`` its first line, ``at`` the committer's time in UTC.

    ``is_ours``: the service made it. Only then are its trailers believed: what a push brings can say anything, and has
    none here.
    """

    oid: str
    tree: str
    parents: tuple[str, ...]
    message: str
    trailers: dict[str, tuple[str, ...]]
    author_name: str
    author_email: str
    at: str
    seconds: int
    is_ours: bool = False
    committer_email: str = ""

    @property
    def subject(self) -> str:
        """First line of the message."""
        return self.message.partition("\n")[0]

    def trailer(self, key: str) -> str:
        """First value of a trailer, '' if there is none."""
        return next(iter(self.trailers.get(key, ())), "")


def checked_oid(text: str) -> str:
    """Returns ``text`` if it is a full object id; BadInput if not."""
    if OID.fullmatch(text):
        return text
    raise BadInput(f"{text[:80]!r} is no object id", "a full id has 40 hexadecimal digits")
