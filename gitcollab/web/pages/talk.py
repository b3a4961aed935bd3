"""Talk on pages: the threads beside what they are about, and the forms that begin, answer and resolve them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.model import Thread, checked_path
from gitcollab.web.pages.frame import Page, View


async def threads_of(view: View, collab: str, path: str) -> tuple[Thread, ...]:
    """The threads of a file; none where they cannot be read in time: the file is shown all the same."""
    try:
        found: tuple[Thread, ...] = await view.read_act(acts.ReadThreads, collab, path=path)
    except GitcollabError:
        return ()
    return found


def by_cell(threads: Iterable[Thread]) -> dict[str, list[Thread]]:
    """The threads by the cell that they are about; those of what is gone, and of the file as a whole, under ``""``."""
    found: dict[str, list[Thread]] = {}
    for thread in threads:
        is_gone = thread.is_outdated and thread.line is None
        found.setdefault("" if is_gone or thread.cell is None else thread.cell, []).append(thread)
    return found


def unplaced(talk: dict[str, list[Thread]], cells: Iterable[str]) -> list[Thread]:
    """The threads that stand beside none of the cells that a page shows."""
    shown = set(cells)
    return [thread for cell, each in talk.items() if cell not in shown or not cell for thread in each]


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
    )
    return back(view, collab, await view.do(act))


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
    return back(view, collab, await view.do(act))


def number(text: str) -> int | None:
    """A whole number that a form sent, None for no text; BadInput for another one."""
    if not text.strip():
        return None
    if not (text.isascii() and text.strip().isdigit() and len(text) < 9):
        raise BadInput("Which line?", "give the line's number, or leave it out")
    return int(text)


def back(view: View, collab: str, thread: Thread) -> Response:
    """Goes to the thread on its file's page."""
    return view.go(f"/c/{collab}/n/{quote(thread.path)}#thread-{thread.id}")


PAGES = (
    Page("/c/{id}/comments", begin, "POST"),
    Page("/c/{id}/comments/{thread}", go_on, "POST"),
)
