"""The home page: my collabs, and how to begin or join one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.responses import Response

from gitcollab.acts import CreateCollab, RedeemLink
from gitcollab.errors import BadInput
from gitcollab.model import Actor, Member, Summary
from gitcollab.store import collabs, journal, links
from gitcollab.web.activity import Line, lines
from gitcollab.web.api.collabs import checked_title, visible
from gitcollab.web.pages.frame import Page, View


@dataclass
class Card:
    """A collab on the home page."""

    summary: Summary
    members: tuple[Member, ...]
    newest: Line | None


def cards(connection: Connection, actor: Actor) -> list[Card]:
    """The actor's collabs, the one where something happened last first."""
    found = [
        Card(
            each,
            collabs.members(connection, each.id),
            next(iter(lines(journal.latest(connection, each.id, 12))), None),
        )
        for each in visible(connection, actor)
    ]
    return sorted(found, key=lambda card: card.newest.at if card.newest else "", reverse=True)


async def home(view: View) -> Response:
    """Shows my collabs."""
    return view.show("home.html", {"cards": await view.site.look(cards, view.actor)})


async def begin(view: View) -> Response:
    """Begins a collab and shows it."""
    title = (await view.fields()).get("title", "")
    made = await view.do(CreateCollab(actor=view.actor, title=checked_title(title)))
    return view.go(f"/c/{made.id}")


async def invited(view: View) -> Response:
    """Shows what a link opens, and asks."""
    collab, link = await view.site.look(links.preview, view.part("code"))
    about = await view.site.look(collabs.collab, collab)
    return view.show("join.html", {"collab": about, "link": link, "code": view.part("code")})


async def accept(view: View) -> Response:
    """Joins by a link and shows the collab."""
    joined = await view.do(RedeemLink(actor=view.actor, code=view.part("code")))
    return view.go(f"/c/{joined.id}")


async def follow_link(view: View) -> Response:
    """Goes on to the link that was pasted."""
    code = (await view.fields()).get("link", "").strip().rpartition("/")[2]
    if not code.isascii() or not code.replace("_", "").isalnum():
        raise BadInput("That is no invitation link", "paste the whole address that you were given")
    return view.go(f"/join/{code}")


PAGES = (
    Page("/", home),
    Page("/c", begin, "POST"),
    Page("/join", follow_link, "POST"),
    Page("/join/{code}", invited),
    Page("/join/{code}", accept, "POST"),
)
