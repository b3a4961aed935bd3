"""Notes of a version: what has changed since the last one, cell by cell, and by whom, as a person reads it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from gitcollab import notebooks
from gitcollab.flow.alter import changes_between
from gitcollab.flow.points import MAIN, bytes_at, is_delivery
from gitcollab.flow.versions import credited
from gitcollab.model import FileChange
from gitcollab.repository import Commit, Repository

LINES = 40
"""Lines of notes; what is beyond is counted."""

TITLE = 60
"""Characters of a cell's first line that name it."""

LOOKED_AT = 5_000
"""Commits of the shared branch among which the authors of a version are looked for."""


def notes(repo: Repository, before: str | None, after: str, path: str) -> str:
    """Returns what is new in ``after`` as a list in Markdown; ``before`` None: everything is, and nothing is said.

    Both are commits or trees. The cells of the notebook at ``path`` come first, each by the first line of its source;
    then the files that are no notebooks.
    """
    if before is None:
        return ""
    lines = [*_cells(*(bytes_at(repo, side, path) or b"" for side in (before, after)))]
    lines += [_file(one) for one in changes_between(repo, before, after) if not one.path.endswith(".ipynb")]
    shown = [f"- {line}" for line in lines[:LINES]]
    return "\n".join(shown + ([f"- and {len(lines) - LINES} more changes"] if len(lines) > LINES else []))


def authors(repo: Repository, since: str | None) -> tuple[str, ...]:
    """Returns who has worked on the shared branch since a commit of it (None: ever), most commits first."""
    counts: dict[str, int] = {}
    seen = repo.log(repo.head(MAIN) or "", limit=LOOKED_AT)
    for commit in itertools.takewhile(lambda one: one.oid != since, seen):
        users = _workers(commit)
        if users and not (since and repo.is_ancestor(commit.oid, since)):
            for user in users:
                counts[user] = counts.get(user, 0) + 1
    return tuple(sorted(counts, key=lambda user: (-counts[user], user)))


def _workers(commit: Commit) -> tuple[str, ...]:
    """Whose work a commit is; nobody's if the service did it by itself."""
    if is_delivery(commit):
        return ()
    own, others = commit.trailer("Gitcollab-User"), commit.trailers.get("Co-authored-by", ())
    return tuple(dict.fromkeys(filter(None, (own, *map(credited, others)))))


def _cells(old: bytes, new: bytes) -> Iterator[str]:
    """What happened to a notebook, one line for each cell."""
    found = notebooks.diff(old, new)
    for cell in found.cells:
        what = ", ".join(_what(cell))
        if what:
            yield f"{what}: {_title(cell)}"
    if found.notebook_metadata:
        yield f"settings of the notebook: {', '.join(found.notebook_metadata)}"


def _what(cell: notebooks.CellDiff) -> Iterator[str]:
    if cell.kind == "added":
        yield "new"
    elif cell.kind == "removed":
        yield "gone"
    elif cell.kind == "changed" and not cell.is_volatile:
        yield from ["changed"] if cell.hunks else []
        yield from ["new outputs"] if cell.outputs_changed else []
        yield from ["other settings"] if cell.metadata_changed else []
    if cell.is_moved:
        yield "moved"


def _title(cell: notebooks.CellDiff) -> str:
    """The first line of a cell, which is what a person knows it by."""
    source = (cell.after or cell.before)["source"]
    lines = (line.strip("# \t\r") for line in "".join(source).split("\n"))
    title = next(filter(None, lines), "")
    return (title[:TITLE] + ("…" if len(title) > TITLE else "")) or f"cell {cell.id}"


def _file(change: FileChange) -> str:
    return f"{change.path}: {change.kind}" + (f", {change.summary}" if change.summary else "")
