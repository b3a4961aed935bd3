"""Pieces of notebooks, fetched one by one: pictures, and what may run in a sandbox and nowhere else."""

from __future__ import annotations

import re

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import Forbidden, NotFound
from gitcollab.web.ask import Ask
from gitcollab.web.pages.frame import Page, View

COMMIT = re.compile(r"[0-9a-f]{40}")
SPOT = re.compile(r"([0-9]{1,5})\.([a-z0-9]{1,6})")
FRAME = "text/html"
TYPES = {"text/x-fragment": "text/html; charset=utf-8", "text/plain": "text/plain; charset=utf-8"}
STILL = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""What a picture may do that is opened by itself: be seen."""
SANDBOX = "; ".join(
    (
        "sandbox allow-scripts",
        "default-src 'none'",
        "script-src 'unsafe-inline' 'unsafe-eval'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "font-src data:",
        "media-src data: blob:",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
"""What runs in a frame may draw there: it has no origin, no network and no way out."""
KEPT = "private, max-age=31536000, immutable"


async def piece(view: View) -> Response:
    """Answers with a picture, or with what runs in a frame; the address names a commit, so it never changes."""
    cell, key = spot_of(view)
    found: acts.PieceBytes = await view.read_act(
        acts.RenderPiece, await view.collab(), path=view.path, at=view.part("commit"), cell=cell, key=key
    )
    return shown(view, found)


def spot_of(ask: Ask) -> tuple[int, str]:
    """The cell and the key of the piece that an address names, with the commit that it lies in; NotFound if none."""
    spot = SPOT.fullmatch(ask.part("spot"))
    if spot is None or not COMMIT.fullmatch(ask.part("commit")):
        raise NotFound("There is no such output", "reload the page")
    return int(spot[1]), spot[2]


def shown(ask: Ask, found: acts.PieceBytes) -> Response:
    """The answer that a piece is, with what it may do."""
    if found.kind == FRAME:
        return framed(ask, found)
    headers = {"content-security-policy": STILL, "cache-control": KEPT}
    return Response(found.data, media_type=TYPES.get(found.kind, found.kind), headers=headers)


def framed(ask: Ask, found: acts.PieceBytes) -> Response:
    """What runs in a frame, and only there: Forbidden for a browser that would show it as a page of its own, from where
    it might go on to another site by itself."""
    if ask.request.headers.get("sec-fetch-dest") != "iframe":
        raise Forbidden("This is shown in a frame of its notebook only", "open the notebook")
    headers = {
        "content-security-policy": SANDBOX,
        "x-dns-prefetch-control": "off",
        "cache-control": KEPT,
        "vary": "sec-fetch-dest",
    }
    return Response(found.data, media_type="text/html; charset=utf-8", headers=headers)


PAGES = (Page("/c/{id}/o/{commit}/{spot}/{path:path}", piece),)
