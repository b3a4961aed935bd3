"""Bringing an older state of a file back: a save like any other, so that nothing is lost by it either."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from gitcollab import acts
from gitcollab.model import SessionName, checked_path
from gitcollab.web.pages.frame import Page, View

NAME = "web"
"""The session in which the browser saves."""


async def restore(view: View) -> Response:
    """Saves the file, or one cell of a notebook, as it was at some point, and shows the file as it is now."""
    said, collab = await view.fields(), await view.collab()
    path, at = checked_path(said.get("path", "")), said.get("at", "")
    old = await before(view, collab, path, at)
    await save(view, collab, path, old.data)
    cell = said.get("cell", "")
    return view.go(f"/c/{collab}/n/{quote(path)}" + (f"#cell-{quote(cell)}" if cell else ""))


async def save(view: View, collab: str, path: str, data: bytes) -> None:
    """Saves a file for everybody, in the actor's session of the browser, as a change of what is there now."""
    session = SessionName(user=view.actor.user, name=NAME)
    await view.do(acts.OpenSession(actor=view.actor, collab=collab, name=NAME, client=NAME))
    now = await view.do(acts.Deliver(actor=view.actor, collab=collab, session=session))
    await view.do(
        acts.Save(
            actor=view.actor,
            collab=collab,
            session=session,
            path=path,
            data=data,
            base=now.head,
            tool="web",
        )
    )
    await view.do(acts.Land(actor=view.actor, collab=collab, session=session))
    await view.do(acts.CloseSession(actor=view.actor, collab=collab, session=session))


async def before(view: View, collab: str, path: str, at: str) -> acts.FileBytes:
    """What is saved: the file as it was, or as it is with one cell as that was."""
    cell = (await view.fields()).get("cell", "")
    found: acts.FileBytes = (
        await view.read_act(acts.ReadRestored, collab, path=path, at=at, cell=cell)
        if cell
        else await view.read_act(acts.ReadFile, collab, path=path, at=at)
    )
    return found


PAGES = (Page("/c/{id}/restore", restore, "POST"),)
