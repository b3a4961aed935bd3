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
    """Saves the file as it was at some point, and shows it as it is now."""
    said, collab = await view.fields(), await view.collab()
    path, at = checked_path(said.get("path", "")), said.get("at", "")
    old: acts.FileBytes = await view.read_act(acts.ReadFile, collab, path=path, at=at)
    session = SessionName(user=view.actor.user, name=NAME)
    await view.do(acts.OpenSession(actor=view.actor, collab=collab, name=NAME, client=NAME))
    now = await view.do(acts.Deliver(actor=view.actor, collab=collab, session=session))
    await view.do(
        acts.Save(
            actor=view.actor,
            collab=collab,
            session=session,
            path=path,
            data=old.data,
            base=now.head,
            tool="web",
        )
    )
    await view.do(acts.CloseSession(actor=view.actor, collab=collab, session=session))
    return view.go(f"/c/{collab}/n/{quote(path)}")


PAGES = (Page("/c/{id}/restore", restore, "POST"),)
