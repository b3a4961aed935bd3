"""API of published versions."""

from __future__ import annotations

import msgspec

from gitcollab.acts import Publish, ReadVersions, SuggestVersion
from gitcollab.errors import BadInput
from gitcollab.model import Bump, Suggestion, Version, checked_path
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish; ``bump`` null: minor, or 1.0.0 the first time."""

    notebook: str
    bump: str | None = None
    message: str = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """``notebook``: only the versions of that one."""

    notebook: str = ""


async def versions(ask: Ask) -> tuple[Version, ...]:
    """Lists the published versions, newest first."""
    wanted = ask.query(Wanted).notebook
    return await ask.read(ReadVersions(actor=ask.actor, collab=await ask.collab(), notebook=wanted))  # type: ignore[no-any-return]


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    """Which notebook is to be published."""

    notebook: str


async def suggested(ask: Ask) -> Suggestion:
    """Says which number the next version should raise, and why; publishing may do otherwise."""
    path = checked_path(ask.query(Meant).notebook)
    return await ask.read(SuggestVersion(actor=ask.actor, collab=await ask.collab(), notebook=path))  # type: ignore[no-any-return]


async def publish(ask: Ask) -> Version:
    """Publishes a notebook as its next version."""
    new = await ask.form(NewVersion)
    act = Publish(
        actor=ask.actor,
        collab=await ask.collab(),
        notebook=checked_path(new.notebook),
        bump=bump(new.bump),
        message=new.message,
    )
    return await ask.do(act)  # type: ignore[no-any-return]


def bump(text: str | None) -> Bump | None:
    """The number to raise, in either case of letters; SemVer's word for a hotfix is understood, too."""
    if text is None:
        return None
    try:
        return Bump("hotfix" if text.lower() == "patch" else text.lower())
    except ValueError:
        raise BadInput(f"{text[:50]!r} is no part of a version", "say major, minor or hotfix") from None


DOORS = (
    Door(method="GET", path="/api/collabs/{id}/publish", go=suggested, query=Meant, answer=Suggestion),
    Door(
        method="GET", path="/api/collabs/{id}/versions", go=versions, query=Wanted, answer=tuple[Version, ...]
    ),
    Door(
        method="POST",
        path="/api/collabs/{id}/publish",
        go=publish,
        body=NewVersion,
        answer=Version,
        status=201,
    ),
)
