"""The values everything speaks in. They stand on nothing and do nothing."""

from __future__ import annotations

import enum
import hashlib
import json
import re
from typing import Any, dataclass_transform

import msgspec

from gitcollab.errors import BadInput

Json = Any
"""A parsed JSON value."""

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
COLLAB_ID = re.compile(r"c[a-z2-7]{9}")


class Role(enum.StrEnum):
    """What a participant may do in a collab; each includes the ones below it."""

    OWNER = "owner"
    MAINTAINER = "maintainer"
    EDITOR = "editor"
    VIEWER = "viewer"

    @property
    def rank(self) -> int:
        """0 for a viewer up to 3 for an owner."""
        return ("viewer", "editor", "maintainer", "owner").index(self.value)


class Bump(enum.StrEnum):
    """Which number of the version a publish raises; HOTFIX is SemVer's PATCH."""

    MAJOR = "major"
    MINOR = "minor"
    HOTFIX = "hotfix"


class Take(enum.StrEnum):
    """How a contested item is settled."""

    SHARED = "shared"
    SESSION = "session"
    BOTH = "both"
    TEXT = "text"


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))  # for type checkers
class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the ground's values: immutable, compared by content."""


class Person(Value):
    """An account. ``name`` is the unique lower-case name, ``display`` free text."""

    name: str
    display: str = ""
    is_admin: bool = False


class Actor(Value):
    """Who asks, and with what power: ``scopes`` empty means all that the person may do."""

    user: str
    scopes: tuple[str, ...] = ()
    is_admin: bool = False
    via: str = ""  # "web", "token", "daemon": for the audit log
    origin: str = ""  # the address that the request came from, for the audit log


class Summary(Value):
    """A collab as its participants see it listed."""

    id: str
    alias: str
    title: str
    role: Role
    created_at: str
    paths: tuple[str, ...] = ()
    tracker: str = ""


class Member(Value):
    """A person in a collab."""

    user: str
    display: str
    role: Role
    since: str = ""
    invited_by: str = ""  # who waits for their answer; they take part all the same


class Visibility(enum.StrEnum):
    """Who sees a collab besides its members: nobody, a group (all of it), everyone (published versions only)."""

    PRIVATE = "private"
    TEAM = "team"
    EVERYONE = "everyone"


class Link(Value):
    """An invitation link without its secret. ``code`` is set once, in the answer that creates it."""

    id: str
    role: Role
    expires_at: str
    uses_left: int | None = None  # None: any number
    created_by: str = ""
    created_at: str = ""
    is_guest: bool = False  # opens without an account, to read
    code: str = ""


class Token(Value):
    """A personal access token without its secret. ``secret`` is set once, in the answer that creates it."""

    id: str
    label: str
    scopes: tuple[str, ...] = ()
    created_at: str = ""
    expires_at: str | None = None
    last_used_at: str | None = None
    secret: str = ""


class SessionName(Value):
    """Names one line of work: whose it is, and which of theirs."""

    user: str
    name: str

    @property
    def branch(self) -> str:
        """Short branch name, ``sessions/ana/default``."""
        return f"sessions/{self.user}/{self.name}"

    @property
    def ref(self) -> str:
        """Full ref name."""
        return f"refs/heads/{self.branch}"

    def __str__(self) -> str:
        return f"{self.user}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> SessionName:
        """Reads ``ana/default``, with or without ``sessions/`` or ``refs/heads/`` before it."""
        user, _, name = text.removeprefix("refs/heads/").removeprefix("sessions/").partition("/")
        if not (NAME.fullmatch(user) and NAME.fullmatch(name)):
            raise BadInput(f"{text!r} is no session", "a session is written USER/NAME")
        return cls(user=user, name=name)


class Session(Value):
    """A session as it stands. ``workspace`` is the directory the daemon itself watches, if it does."""

    user: str
    name: str
    branch: str
    head: str
    workspace: str | None = None
    is_open: bool = True
    opened_at: str = ""
    refused: dict[str, str] = {}  # its watched files beyond a quota, and beyond which


class Item(Value):
    """A contested cell, hunk or file that waits for a person; stored on main, see the design's rule 1.

    ``base``, ``shared`` and ``session`` are the three values: a source is text, a whole cell a JSON object,
    a file that is not text ``{"bytes": base64}``; None where that side has deleted it. ``branch`` is the session's
    branch, ``commit`` the snapshot with which it parted. ``range`` is the hunk's [start, end) in lines
    (counted from 0) of the shared file.
    """

    id: str
    path: str
    cell: str | None
    field: str
    base: Json
    shared: Json
    session: Json
    user: str
    commit: str
    at: str
    branch: str
    reason: str = ""
    range: tuple[int, int] | None = None

    @property
    def digest(self) -> str:
        """Names the three values, so that a settlement can say which ones it saw."""
        values = json.dumps([self.base, self.shared, self.session], sort_keys=True)
        return hashlib.sha256(values.encode("ascii")).hexdigest()[:16]


class CellChange(Value):
    """One cell-level change from one version of a notebook to another. Positions count from 0.

    ``kind`` is added, removed, moved, source, outputs or metadata. ``before`` and ``after`` are the sources
    (or a summary of outputs), cut to a bounded length.
    """

    kind: str
    cell: str
    cell_type: str = ""
    before_index: int | None = None
    after_index: int | None = None
    before: str = ""
    after: str = ""


class FileChange(Value):
    """What happened to one file: ``kind`` is added, removed, renamed or changed."""

    path: str
    kind: str
    old_path: str = ""
    cells: tuple[CellChange, ...] = ()
    summary: str = ""


class Receipt(Value):
    """The answer to a save. ``version`` is the session-side commit the copy now comes from.

    ``forked`` names the session that a stale copy went on as; ``question`` is set when nothing was changed and the
    person is asked something (``restore``: the copy equals an old version); ``held`` is a save's id that waits for it.
    """

    snapshot: str | None
    landed: str | None
    version: str
    contested: tuple[str, ...] = ()
    forked: str = ""
    question: str = ""
    held: str = ""


class Remark(Value):
    """What one person said in a thread."""

    user: str
    at: str
    text: str


class Thread(Value):
    """A thread of remarks on a file, a cell of it, a line (from 0) of the cell or text, or an output of the cell.

    ``quote`` is the beginning of what it is about, ``commit`` the shared branch's when it began. ``resolved_by`` is
    empty while it is open. ``is_outdated``: what it is about is no longer there.
    """

    id: str
    path: str
    cell: str | None
    quote: str
    remarks: tuple[Remark, ...]
    line: int | None = None
    output: int | None = None
    commit: str = ""
    resolved_by: str = ""
    resolved_at: str = ""
    is_outdated: bool = False


class Version(Value):
    """A published version of a notebook."""

    notebook: str
    version: str
    tag: str
    commit: str
    at: str = ""
    by: str = ""
    message: str = ""
    notes: str = ""  # what has changed since the version before, as a list in Markdown
    authors: tuple[str, ...] = ()  # who published it, then whose work is new in it
    tracker: str = ""  # the address of the task that it belongs to
    pending: str = ""  # the id under which it waits for another maintainer; until then it is no version
    unsaved: tuple[str, ...] = ()  # told when it is made: whose unsaved work on the notebook is no part of it


class Shortcoming(Value):
    """What keeps a notebook from being published: the gate that it does not pass, and in which cell."""

    gate: str
    text: str
    cell: str | None = None


class Reason(Value):
    """Why a version number is suggested: what is gone, new or changed, and in which cell."""

    bump: Bump
    text: str
    cell: str | None = None


class Suggestion(Value):
    """The version number that a change asks for, with its reasons, the weightiest first; None: nothing to say."""

    bump: Bump | None
    reasons: tuple[Reason, ...] = ()
    newest: str = ""
    version: str = ""  # what ``bump`` would make of the newest


class LogEntry(Value):
    """A commit as the history shows it. ``act`` is snapshot, landing, delivery, settlement, publish, push or other.

    ``author`` is whom a commit that was pushed names as its author, where that is not known to be its ``user``.
    ``others`` have worked on it, too: accounts, or names where they are nobody here.
    """

    commit: str
    parents: tuple[str, ...]
    act: str
    user: str
    at: str
    message: str
    session: str = ""
    branch: str = ""
    paths: tuple[str, ...] = ()
    author: str = ""
    others: tuple[str, ...] = ()


class Contribution(Value):
    """What one person has done in a collab: their saves, the sessions these came from, and whose text stands now.

    ``cells`` of notebooks and ``lines`` of other texts are those whose present text is theirs; times of saves are UTC.
    """

    user: str
    saves: int = 0
    sessions: int = 0
    cells: int = 0
    lines: int = 0
    first_at: str = ""
    last_at: str = ""


class BlameCell(Value):
    """Who last changed a cell of a notebook (or a line of a text, then ``cell`` is the line number)."""

    cell: str
    index: int
    commit: str
    user: str
    at: str
    preview: str = ""


class FileEntry(Value):
    """A file in a tree."""

    path: str
    oid: str
    size: int


def checked_name(text: str, what: str = "name") -> str:
    """Returns ``text`` if it can name a user, session or collab; BadInput with the rule if not."""
    if NAME.fullmatch(text) and ".." not in text and not text.endswith((".lock", ".")):
        return text
    raise BadInput(
        f"{text!r} cannot be a {what}", "use 1 to 64 of a-z 0-9 . _ - beginning with a letter or digit"
    )


def checked_path(text: str) -> str:
    """Returns ``text`` if it is a safe relative path inside a tree (the rules of git's own fsck, and ours)."""
    parts = text.split("/")
    if len(text.encode("utf-8", "surrogatepass")) > 4096 or any(not is_safe_part(part) for part in parts):
        raise BadInput(f"{text[:200]!r} cannot be a path here", "use a relative one without .. or .git")
    if parts[0].casefold() == ".gitcollab":
        raise BadInput(".gitcollab is written by the service alone", "use another directory")
    return text


def is_safe_part(part: str) -> bool:
    """Whether one path component is safe on every file system that a clone may land on."""
    if not part or part in {".", ".."} or len(part.encode("utf-8", "surrogatepass")) > 255:
        return False
    if any(ord(char) < 32 or char in "\x7f\\" or 0xD800 <= ord(char) < 0xE000 for char in part):
        return False
    visible = "".join(char for char in part if char not in IGNORED_BY_HFS).casefold().rstrip(". ")
    return visible not in {".git", "git~1"} and not visible.startswith(".git:")


IGNORED_BY_HFS = frozenset(
    map(chr, (*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF))
)
"""Code points that HFS+ drops from names, so that ``.g\\u200cit`` is ``.git`` there (git's utf8.c)."""
