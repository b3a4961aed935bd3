"""Who changed each cell last, beside a page: at once where that is quick, else a moment after the page itself."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import NotFound
from gitcollab.model import BlameCell
from gitcollab.web.blames import Blame, Spot, within
from gitcollab.web.pages.frame import Page, View

COMMIT = re.compile(r"[0-9a-f]{40}")
PATIENCE = 1.0
"""Seconds that a page waits for it."""
NEEDED = 5.0
"""Seconds that a page waits for it which is made with it: whose changes are shown, whose version is shared."""


async def blamed(view: View, spot: Spot, seconds: float = PATIENCE) -> Blame | None:
    """Who changed each cell last; None if the page shall go without it for now. The asker may read the collab."""
    return await within(begun(view, spot), seconds) if spot.path.endswith(".ipynb") else {}


def begun(view: View, spot: Spot) -> asyncio.Task[Blame]:
    """The same, under way: what else a page needs can be found meanwhile."""

    async def find() -> tuple[BlameCell, ...]:
        act = acts.ReadBlame(actor=view.actor, collab=spot.collab, path=spot.path, at=spot.commit)
        return await view.site.workers.call(act)  # type: ignore[no-any-return]

    return view.site.blames.ask(spot, find)


def begin(view: View, *spots: Spot) -> None:
    """Has it looked for wherever a spot names a commit, as it must to be kept."""
    for spot in spots:
        if COMMIT.fullmatch(spot.commit) and spot.path.endswith(".ipynb"):
            begun(view, spot)


def address(spot: Spot, *, is_change: bool = False) -> str:
    """Where a page fetches it that went without it; ``is_change``: as a page of changes shows it."""
    at = f"/c/{spot.collab}/who/{spot.commit}/{quote(spot.path)}"
    return f"{at}?in=changes" if is_change else at


async def who(view: View) -> Response:
    """Answers with what stands beside each cell."""
    commit, about = view.part("commit"), await view.about()
    if not COMMIT.fullmatch(commit):
        raise NotFound("There is no such version", "reload the page")
    found = await blamed(view, Spot(about.id, commit, view.path), seconds=60)
    is_change = view.request.query_params.get("in") == "changes"
    values = {"about": about, "path": view.path, "blame": found or {}, "is_change": is_change}
    return await view.show_large("who.html", values)


PAGES = (Page("/c/{id}/who/{commit}/{path:path}", who),)
