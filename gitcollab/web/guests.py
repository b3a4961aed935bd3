"""Guests: who comes by a link to read one collab, without an account, where the server allows it."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gitcollab.errors import NotFound
from gitcollab.model import Link
from gitcollab.store import audit, collabs, links
from gitcollab.store.collabs import Collab
from gitcollab.web.auth import GUEST, Cookie, Credential, address_of
from gitcollab.web.site import Site
from gitcollab.web.templates import Templates


class Guests:
    """The page of a guest link, and the door behind it."""

    def __init__(self, site: Site, templates: Templates) -> None:
        self.site, self.templates, self.cookie = site, templates, Cookie(site)

    def routes(self) -> list[Route]:
        """The routes, which need no sign-in."""
        at = "/guest/{code}"
        return [Route(at, self.page, methods=["GET"]), Route(at, self.enter, methods=["POST"])]

    async def page(self, request: Request) -> Response:
        """Shows what the link opens, and asks."""
        collab, link = await self.opened(request)
        values = {"collab": collab, "link": link, "code": request.path_params["code"]}
        return self.templates.page(request, "guest.html", values)

    async def enter(self, request: Request) -> Response:
        """Lets the browser read the collab for as long as the link works."""
        collab, link = await self.opened(request)
        origin = address_of(request.scope)
        note = audit.Note(user=GUEST, act="SignIn", collab=collab.id, detail={"link": link.id}, origin=origin)
        await self.site.note(audit.note, note)
        response = RedirectResponse(f"/c/{collab.id}", status_code=303)
        self.cookie.give(response, Credential(GUEST, link.id, via=GUEST))
        return response

    async def opened(self, request: Request) -> tuple[Collab, Link]:
        """What the link opens; NotFound alike for links that are no good, not for guests, or not welcome here."""
        collab, link = await self.site.look(guest_link, str(request.path_params["code"]))
        if not self.site.guests:
            raise no_such_link()
        return collab, link


def guest_link(connection: Connection, code: str) -> tuple[Collab, Link]:
    """The collab and the link that a guest's code opens."""
    id, link = links.preview(connection, code)
    if not link.is_guest:
        raise no_such_link()
    return collabs.collab(connection, id), link


def no_such_link() -> NotFound:
    """The one answer to every link that does not open anything."""
    return NotFound("no such link", "it may have expired, been used up or been revoked; ask for a new one")
