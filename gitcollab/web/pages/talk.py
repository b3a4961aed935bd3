"""Talk on pages: the threads beside what they are about, and the forms that begin, answer and resolve them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, quote

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.model import Thread, checked_path
from gitcollab.web.pages.frame import Page, View
from gitcollab.web.pages.shape import Shape

Talk = dict[tuple[str, str], list[Thread]]
"""Threads by the cell that they stand beside, and the number of its output (empty: beside the cell itself)."""


async def threads_of(view: View, collab: str, path: str) -> tuple[Thread, ...]:
    """The threads of a file; none where they cannot be read in time: the file is shown all the same."""
    try:
        found: tuple[Thread, ...] = await view.read_act(acts.ReadThreads, collab, path=path)
    except GitcollabError:
        return ()
    return found


def beside(
    threads: Iterable[Thread], shown: Mapping[str, Iterable[Mapping[str, str]]]
) -> tuple[Talk, list[Thread]]:
    """The threads by what they stand beside on a page, and those that stand beside nothing on it.

    ``shown``: the outputs that the page shows of each cell that it shows.
    """
    talk: Talk = {}
    rest: list[Thread] = []
    for thread in threads:
        if not thread.cell or thread.cell not in shown:
            rest.append(thread)
            continue
        numbers = {output.get("number", "") for output in shown[thread.cell]}
        number = str(thread.output) if thread.output is not None else ""
        talk.setdefault((thread.cell, number if number in numbers else ""), []).append(thread)
    return talk, rest


def open_in(threads: Sequence[Thread], path: str) -> int:
    """How many threads of a file are not resolved."""
    return sum(thread.path == path and not thread.resolved_by for thread in threads)


async def begin(view: View) -> Response:
    """Begins a thread and shows it."""
    said, collab = await view.fields(), await view.collab()
    path = checked_path(said.get("path", ""))
    line, output = (number(said.get(name, "")) for name in ("line", "output"))
    act = acts.Comment(
        actor=view.actor,
        collab=collab,
        path=path,
        cell=said.get("cell") or None,
        line=None if line is None else line - 1,
        output=output,
        text=said.get("text", ""),
        at=said.get("at", ""),
    )
    return back(view, collab, await view.do(act), said)


async def go_on(view: View) -> Response:
    """Answers in a thread, resolves it or opens it again."""
    said, collab = await view.fields(), await view.collab()
    id, what = view.part("thread"), said.get("what", "reply")
    if what in {"resolve", "reopen"}:
        act: acts.CollabAct = acts.ResolveComment(
            actor=view.actor, collab=collab, thread=id, is_resolved=what == "resolve"
        )
    else:
        act = acts.Reply(actor=view.actor, collab=collab, thread=id, text=said.get("text", ""))
    return back(view, collab, await view.do(act), said)


def number(text: str) -> int | None:
    """A whole number that a form sent, None for no text; BadInput for another one."""
    if not text.strip():
        return None
    if not (text.isascii() and text.strip().isdigit() and len(text) < 9):
        raise BadInput("Which line?", "give the line's number, or leave it out")
    return int(text)


def back(view: View, collab: str, thread: Thread, said: Mapping[str, str]) -> Response:
    """Goes to the thread, on the page of changes that the form was on, or else on its file's page."""
    place = f"n/{quote(thread.path)}"
    if said.get("span"):
        place = f"diff/{quote(said['span'])}{Shape.of(dict(parse_qsl(said.get('shape', '')))).query}"
    return view.go(f"/c/{collab}/{place}#thread-{thread.id}")


PAGES = (
    Page("/c/{id}/comments", begin, "POST"),
    Page("/c/{id}/comments/{thread}", go_on, "POST"),
)
