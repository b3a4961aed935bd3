"""API of comments: threads on cells, lines and outputs. Who may speak is asked before what they say is looked at."""

from __future__ import annotations

import msgspec

from gitcollab.acts import Comment, ReadThreads, Reply, ResolveComment
from gitcollab.model import Thread, checked_path
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class Of(msgspec.Struct, frozen=True, kw_only=True):
    """``path``: of this file alone."""

    path: str = ""


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What a new thread is about, and its first words. ``line`` and ``output`` count from 0.

    ``at``: the version in which it was seen, if that is not the shared one as it is now.
    """

    path: str
    text: str
    cell: str | None = None
    line: int | None = None
    output: int | None = None
    at: str = ""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""

    text: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a thread is resolved."""

    is_resolved: bool


async def threads(ask: Ask) -> tuple[Thread, ...]:
    """Lists the threads of comments, each where its cell or line is by now."""
    path = ask.query(Of).path
    act = ReadThreads(actor=ask.actor, collab=await ask.collab(), path=path and checked_path(path))
    return await ask.read(act)  # type: ignore[no-any-return]


async def begin(ask: Ask) -> Thread:
    """Begins a thread on a file, a cell, a line or an output."""
    collab = await ask.collab()
    await ask.admit(Comment(actor=ask.actor, collab=collab, path="", text=""))
    said = await ask.form(Begun)
    act = Comment(
        actor=ask.actor,
        collab=collab,
        path=checked_path(said.path),
        text=said.text,
        cell=said.cell,
        line=said.line,
        output=said.output,
        at=said.at,
    )
    return await ask.do(act)  # type: ignore[no-any-return]


async def reply(ask: Ask) -> Thread:
    """Answers in a thread; one that was resolved is open again."""
    collab, thread = await ask.collab(), ask.part("thread")
    await ask.admit(Reply(actor=ask.actor, collab=collab, thread=thread, text=""))
    said = await ask.form(Words)
    act = Reply(actor=ask.actor, collab=collab, thread=thread, text=said.text)
    return await ask.do(act)  # type: ignore[no-any-return]


async def resolve(ask: Ask) -> Thread:
    """Marks a thread as resolved, or opens it again."""
    collab, thread = await ask.collab(), ask.part("thread")
    await ask.admit(ResolveComment(actor=ask.actor, collab=collab, thread=thread))
    wanted = await ask.form(Standing)
    act = ResolveComment(actor=ask.actor, collab=collab, thread=thread, is_resolved=wanted.is_resolved)
    return await ask.do(act)  # type: ignore[no-any-return]


DOORS = (
    Door(
        method="GET",
        path="/api/collabs/{id}/comments",
        go=threads,
        query=Of,
        answer=tuple[Thread, ...],
    ),
    Door(
        method="POST",
        path="/api/collabs/{id}/comments",
        go=begin,
        body=Begun,
        answer=Thread,
        status=201,
    ),
    Door(
        method="POST",
        path="/api/collabs/{id}/comments/{thread}",
        go=reply,
        body=Words,
        answer=Thread,
    ),
    Door(
        method="PUT",
        path="/api/collabs/{id}/comments/{thread}",
        go=resolve,
        body=Standing,
        answer=Thread,
    ),
)
