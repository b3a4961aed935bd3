"""API of history: the log, differences, and who last changed what."""

from __future__ import annotations

import msgspec

from gitcollab.acts import Difference, ReadBlame, ReadContributions, ReadDiff, ReadLog, Resolve
from gitcollab.errors import BadInput
from gitcollab.model import BlameCell, Contribution, LogEntry, checked_path
from gitcollab.web.api.files import Point
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door
from gitcollab.web.paging import Limit


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """``before``: the last page's last commit."""

    path: str = ""
    branch: str = "main"
    limit: Limit = 50
    before: str = ""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From which point to which; ``path`` empty: every file."""

    start: str = msgspec.field(name="from", default="")
    to: str = "main"
    path: str = ""


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A point in history by its commit."""

    commit: str


async def log(ask: Ask) -> tuple[LogEntry, ...]:
    """Lists history, newest first."""
    asked = ask.query(Pages)
    act = ReadLog(
        actor=ask.actor,
        collab=await ask.collab(),
        path=asked.path and checked_path(asked.path),
        branch=asked.branch,
        limit=asked.limit,
        before=asked.before,
    )
    return await ask.read(act)  # type: ignore[no-any-return]


async def diff(ask: Ask) -> Difference:
    """Says what changed between two points: by file, and by cell in notebooks."""
    span = ask.query(Span)
    if not span.start:
        raise BadInput("The difference from which point?", "say ?from=REV&to=REV")
    path = span.path and checked_path(span.path)
    act = ReadDiff(actor=ask.actor, collab=await ask.collab(), start=span.start, end=span.to, path=path)
    return await ask.read(act)  # type: ignore[no-any-return]


async def blame(ask: Ask) -> tuple[BlameCell, ...]:
    """Says who last changed each cell of a notebook, or each line of a text."""
    act = ReadBlame(actor=ask.actor, collab=await ask.collab(), path=ask.path, at=ask.query(Point).at)
    return await ask.read(act)  # type: ignore[no-any-return]


class Share(Point, frozen=True, kw_only=True):
    """``path`` empty: of the whole collab."""

    path: str = ""


async def contributions(ask: Ask) -> tuple[Contribution, ...]:
    """Says who has saved how often, and whose cells and lines stand there."""
    collab = await ask.collab()
    await ask.admit_reader(collab)
    asked = ask.query(Share)
    path = asked.path and checked_path(asked.path)
    act = ReadContributions(actor=ask.actor, collab=collab, path=path, at=asked.at)
    return await ask.read(act)  # type: ignore[no-any-return]


async def resolve(ask: Ask) -> Commit:
    """Says which commit a version, branch or time means."""
    act = Resolve(actor=ask.actor, collab=await ask.collab(), at=ask.query(Point).at)
    return Commit(commit=await ask.read(act))


DOORS = (
    Door(method="GET", path="/api/collabs/{id}/log", go=log, query=Pages, answer=tuple[LogEntry, ...]),
    Door(method="GET", path="/api/collabs/{id}/diff", go=diff, query=Span, answer=Difference),
    Door(
        method="GET",
        path="/api/collabs/{id}/blame/{path:path}",
        go=blame,
        query=Point,
        answer=tuple[BlameCell, ...],
    ),
    Door(
        method="GET",
        path="/api/collabs/{id}/contributions",
        go=contributions,
        query=Share,
        answer=tuple[Contribution, ...],
    ),
    Door(method="GET", path="/api/collabs/{id}/resolve", go=resolve, query=Point, answer=Commit),
)
