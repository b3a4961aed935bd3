"""API of files: read at any point, and saved into a session."""

from __future__ import annotations

from urllib.parse import unquote

import msgspec
from starlette.responses import Response

from gitcollab.acts import FileBytes, Hold, ListFiles, ReadFile, ReadOpen, Release, Rename, Save
from gitcollab.errors import BadInput
from gitcollab.model import FileEntry, Person, Receipt, checked_path
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door
from gitcollab.web.raw import etag_in, file_answer

LISTED = 20
"""People that are listened to."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """``at``: a commit, a branch, ``main``, ``blessed``, a version or a time."""

    at: str = "main"


class Copy(Point, frozen=True, kw_only=True):
    """``stamped``: with the version stamp in a notebook's metadata, as a workspace gets it."""

    stamped: bool = False


class SaveAs(msgspec.Struct, frozen=True, kw_only=True):
    """``draft``: the work is not saved yet; it is shown and never merged."""

    draft: bool = False


class Renamed(msgspec.Struct, frozen=True, kw_only=True):
    """The path that the file gets."""

    rename_to: str


async def listing(ask: Ask) -> tuple[FileEntry, ...]:
    """Lists the files at a point in history."""
    return await ask.read(ListFiles(actor=ask.actor, collab=await ask.collab(), at=ask.query(Point).at))  # type: ignore[no-any-return]


async def read(ask: Ask) -> Response:
    """Gives a file's bytes at a point in history; the ETag is the commit, as a save's If-Match wants it."""
    copy = ask.query(Copy)
    act = ReadFile(
        actor=ask.actor, collab=await ask.collab(), path=ask.path, at=copy.at, is_stamped=copy.stamped
    )
    found: FileBytes = await ask.read(act)
    return file_answer(ask.request, act.path, found, tag=found.commit)


async def read_in_session(ask: Ask) -> Response:
    """Gives the bytes that the session's workspace should hold, with the stamp that says where they come from."""
    act = ReadFile(
        actor=ask.actor, collab=await ask.collab(), path=ask.path, at=ask.session.branch, is_stamped=True
    )
    found: FileBytes = await ask.read(act)
    answer = file_answer(ask.request, act.path, found, tag=found.commit)
    answer.headers["gitcollab-version"] = found.commit
    return answer


async def save(ask: Ask) -> Receipt:
    """Saves a file's bytes into the session; If-Match says which commit the copy came from."""
    how, data = ask.query(SaveAs), await ask.request.body()
    return await saved(ask, data, is_draft=how.draft)


async def delete(ask: Ask) -> Receipt:
    """Deletes a file in the session, as a save."""
    return await saved(ask, None)


async def saved(ask: Ask, data: bytes | None, *, is_draft: bool = False) -> Receipt:
    """The receipt of a save of ``data`` under the path asked for."""
    act = Save(
        actor=ask.actor,
        collab=await ask.collab(),
        session=ask.session,
        path=ask.path,
        data=data,
        base=copy_from(ask),
        tool=tool(ask),
        is_draft=is_draft,
        at=ask.request.headers.get("gitcollab-saved-at", ""),
        authors=authors(ask),
    )
    return await ask.do(act)  # type: ignore[no-any-return]


async def rename(ask: Ask) -> Receipt:
    """Renames a file in the session, as a save."""
    wanted = await ask.form(Renamed)
    act = Rename(
        actor=ask.actor,
        collab=await ask.collab(),
        session=ask.session,
        path=ask.path,
        to=checked_path(wanted.rename_to),
        base=copy_from(ask),
    )
    return await ask.do(act)  # type: ignore[no-any-return]


def copy_from(ask: Ask) -> str | None:
    """The commit in If-Match, None if there is none; BadInput if it is no commit."""
    commit = etag_in(ask.request.headers.get("if-match", ""))
    if commit in {"", "*"}:
        return None
    if len(commit) != 40 or not set(commit) <= set("0123456789abcdef"):
        raise BadInput(
            "If-Match names no commit", "send the version that the copy came from, or leave it out"
        )
    return commit


def tool(ask: Ask) -> str:
    """What the copy was saved with, as the client says in ``Gitcollab-Tool``."""
    said = ask.request.headers.get("gitcollab-tool", "")
    return "".join(char for char in said if char.isprintable())[:100]


def authors(ask: Ask) -> tuple[Person, ...]:
    """Who else has changed the copy, as the client says in ``Gitcollab-Authors``: ``NAME=DISPLAY`` with commas between,
    each percent-encoded."""
    said = ask.request.headers.get("gitcollab-authors", "").split(",")
    named = [one.strip().partition("=") for one in said[:LISTED]]
    found = [(line(unquote(name)), line(unquote(display))) for name, _, display in named]
    return tuple(Person(name=name, display=display) for name, display in found if name)


def line(said: str) -> str:
    """What a client has said, as one line that is not too long; no address has such signs in it."""
    return "".join(char for char in said if char.isprintable() and char not in "<>@")[:100].strip()


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """``client``: who has it open (one tab, say), each for itself; ``seconds``: for how long unless said again."""

    client: str = ""
    seconds: float = 180.0


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """``client``: as it was said when the file was opened."""

    client: str = ""


async def hold(ask: Ask) -> None:
    """Says that a client has the file open: its workspace's copy is not written over while it has."""
    said = ask.query(Opening)
    act = Hold(
        actor=ask.actor,
        collab=await ask.collab(),
        session=ask.session,
        path=ask.path,
        client=said.client,
        seconds=said.seconds,
    )
    await ask.do(act)


async def open_files(ask: Ask) -> tuple[str, ...]:
    """Lists the files that clients have open, by path."""
    return await ask.do(ReadOpen(actor=ask.actor, collab=await ask.collab(), session=ask.session))  # type: ignore[no-any-return]


async def release(ask: Ask) -> None:
    """Says that a client has closed the file: what waits for it is delivered."""
    said = ask.query(Closing)
    act = Release(
        actor=ask.actor,
        collab=await ask.collab(),
        session=ask.session,
        path=ask.path,
        client=said.client,
    )
    await ask.do(act)


OPENED = "/api/collabs/{id}/sessions/{user}/{name}/open"
OPEN = "/api/collabs/{id}/sessions/{user}/{name}/open/{path:path}"
IN_SESSION = "/api/collabs/{id}/sessions/{user}/{name}/files/{path:path}"
DOORS = (
    Door(method="GET", path="/api/collabs/{id}/files", go=listing, query=Point, answer=tuple[FileEntry, ...]),
    Door(method="GET", path="/api/collabs/{id}/files/{path:path}", go=read, query=Copy, answer=bytes),
    Door(method="GET", path=IN_SESSION, go=read_in_session, answer=bytes),
    Door(method="PUT", path=IN_SESSION, go=save, query=SaveAs, body=bytes, answer=Receipt),
    Door(method="DELETE", path=IN_SESSION, go=delete, answer=Receipt),
    Door(method="POST", path=IN_SESSION, go=rename, body=Renamed, answer=Receipt),
    Door(method="GET", path=OPENED, go=open_files, answer=tuple[str, ...]),
    Door(method="PUT", path=OPEN, go=hold, query=Opening, status=204),
    Door(method="DELETE", path=OPEN, go=release, query=Closing, status=204),
)
