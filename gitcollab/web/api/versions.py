"""API of published versions."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response

from gitcollab.acts import DecidePublish, Publish, ReadPending, ReadVersions, SuggestVersion
from gitcollab.errors import BadInput, NotFound
from gitcollab.model import Bump, Suggestion, Summary, Version, checked_path
from gitcollab.store import collabs, people
from gitcollab.web.ask import Ask
from gitcollab.web.citing import FORMS, Citation
from gitcollab.web.doors import Door


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish; ``bump`` null: minor, or 1.0.0 the first time; ``only``: no other file with it."""

    notebook: str
    bump: str | None = None
    message: str = ""
    only: bool = False


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
    collab = await ask.collab()
    await ask.admit_reader(collab)
    path = checked_path(ask.query(Meant).notebook)
    return await ask.read(SuggestVersion(actor=ask.actor, collab=collab, notebook=path))  # type: ignore[no-any-return]


class Cited(msgspec.Struct, frozen=True, kw_only=True):
    """Which version to cite, the newest if none is named; ``form`` is text, bibtex or cff."""

    notebook: str
    version: str = ""
    form: str = "text"


async def cite(ask: Ask) -> Response:
    """Says how a published version is cited."""
    collab = await ask.collab()
    await ask.admit_reader(collab)
    wanted = ask.query(Cited)
    if wanted.form not in FORMS:
        raise BadInput(f"{wanted.form[:20]!r} is no form of citation", f"use {', '.join(FORMS)}")
    act = ReadVersions(actor=ask.actor, collab=collab, notebook=checked_path(wanted.notebook))
    found = [one for one in await ask.read(act) if wanted.version in ("", one.version)]
    if not found:
        raise NotFound("there is no such version", "list the versions")
    version: Version = found[0]
    summary, names = await ask.site.look(_cited, collab, ask.actor.user, version.authors)
    url = f"{ask.site.base_url}/api/collabs/{collab}/files/{quote(version.notebook)}?at={version.version}"
    written, kind = FORMS[wanted.form]
    text = written(Citation(version=version, title=summary.title, authors=names, url=url))
    return Response(text, media_type=kind)


def _cited(conn: Connection, collab: str, user: str, authors: tuple[str, ...]) -> tuple[Summary, list[str]]:
    """The collab, and its authors by the names they are shown under."""
    shown = {person.name: person.display for person in people.people(conn)}
    return collabs.summary(conn, collab, user), [shown.get(one) or one for one in authors]


async def publish(ask: Ask) -> Version:
    """Publishes a notebook as its next version; with ``pending`` in the answer it waits for a second maintainer."""
    new = await ask.form(NewVersion)
    act = Publish(
        actor=ask.actor,
        collab=await ask.collab(),
        notebook=checked_path(new.notebook),
        bump=bump(new.bump),
        message=new.message,
        is_only=new.only,
    )
    return await ask.do(act)  # type: ignore[no-any-return]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a version that waits may be one."""

    approve: bool = True


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: the version, or null if it was declined."""

    version: Version | None


async def pending(ask: Ask) -> tuple[Version, ...]:
    """Lists the versions that wait for a second maintainer, oldest first."""
    return await ask.read(ReadPending(actor=ask.actor, collab=await ask.collab()))  # type: ignore[no-any-return]


async def decide(ask: Ask) -> Decided:
    """Approves a version that waits, which publishes the very commit that was proposed, or declines it."""
    decision = await ask.form(Decision)
    act = DecidePublish(
        actor=ask.actor,
        collab=await ask.collab(),
        pending=ask.part("pending"),
        is_approved=decision.approve,
    )
    return Decided(version=await ask.do(act))


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
    Door(method="GET", path="/api/collabs/{id}/pending", go=pending, answer=tuple[Version, ...]),
    Door(
        method="POST",
        path="/api/collabs/{id}/pending/{pending}",
        go=decide,
        body=Decision,
        answer=Decided,
    ),
    Door(method="GET", path="/api/collabs/{id}/cite", go=cite, query=Cited, answer=bytes),
    Door(
        method="POST",
        path="/api/collabs/{id}/publish",
        go=publish,
        body=NewVersion,
        answer=Version,
        status=201,
    ),
)
