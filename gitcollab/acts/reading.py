"""Reading: what only looks at a repository, asked of the workers."""

from __future__ import annotations

import msgspec

from gitcollab.acts.act import Act, CollabAct
from gitcollab.model import (
    BlameCell,
    Contribution,
    FileChange,
    FileEntry,
    Item,
    Json,
    LogEntry,
    Suggestion,
    Version,
)


class Reading(CollabAct, kw_only=True):
    """Base of the acts that only read a repository. Access has been decided by the door."""

    is_public: bool = False  # the repository from which everyone sees what is published


class ListFiles(Reading):
    """Files at a point in history."""

    at: str = "main"


class ReadFile(Reading):
    """A file's bytes at a point in history, and the commit that point is."""

    path: str
    at: str = "main"
    is_stamped: bool = False  # with the version stamp in a notebook's metadata, as a workspace gets it


class ReadRestored(Reading):
    """A notebook as it is on the shared branch, but for one cell, which is as it was ``at`` some point."""

    path: str
    at: str
    cell: str


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


class ReadContributions(Reading):
    """Who has done how much up to a point, in one file if given."""

    path: str = ""
    at: str = "main"


class ReadItems(Reading):
    """The open contested items."""

    at: str = "main"


class ReadVersions(Reading):
    """The published versions, newest first; of one notebook if given."""

    notebook: str = ""


class ReadPending(Reading):
    """The versions that wait for a second maintainer, oldest first."""


class SuggestVersion(Reading):
    """Which number the next version of a notebook should raise, with reasons; shown, never imposed."""

    notebook: str


class Resolve(Reading):
    """The commit that a REV (design: HTTP) names."""

    at: str


class RenderNotebook(Reading):
    """A notebook as safe HTML, cell by cell."""

    path: str
    at: str = "main"


class RenderDiff(Reading):
    """The differences of one notebook or text file as safe HTML, cell by cell.

    ``cells``: only those from the first to before the second, counted in the order of the answer, and the unchanged
    ones of them whole; without it long runs of unchanged cells are only counted.
    """

    start: str
    end: str
    path: str
    cells: tuple[int, int] | None = None


class RenderSource(Reading):
    """A text that somebody is writing, as it would be shown: ``markdown`` is formatted, another language coloured."""

    source: str
    language: str = ""


class RenderPiece(Reading):
    """A piece of a notebook's cell at a commit: ``key`` is ``3`` for the picture that is its output 3, ``a0`` for its
    first attachment, ``3h`` for what of output 3 may run in a sandbox, ``3p`` for output 3 as a page shows it, ``json``
    for the cell as it is written. Cells count from 0."""

    path: str
    at: str
    cell: int
    key: str


class PieceBytes(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of RenderPiece. ``kind``: a picture's type, text/html for what only a sandbox may run, or text."""

    kind: str
    data: bytes


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


ANSWERS: dict[type[Act], object] = {
    ListFiles: tuple[FileEntry, ...],
    ReadFile: FileBytes,
    ReadLog: tuple[LogEntry, ...],
    ReadRestored: FileBytes,
    ReadDiff: Difference,
    ReadBlame: tuple[BlameCell, ...],
    ReadContributions: tuple[Contribution, ...],
    ReadItems: tuple[Item, ...],
    ReadVersions: tuple[Version, ...],
    ReadPending: tuple[Version, ...],
    SuggestVersion: Suggestion,
    Resolve: str,
    RenderNotebook: Rendered,
    RenderDiff: Rendered,
    RenderPiece: PieceBytes,
    RenderSource: Rendered,
}
