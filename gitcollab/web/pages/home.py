"""The home page: my collabs, and how to begin or join one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.responses import Response

from gitcollab.acts import CreateCollab, RedeemLink
from gitcollab.errors import BadInput
from gitcollab.model import Actor, Member, Summary
from gitcollab.store import collabs, journal, links, people
from gitcollab.web.activity import Line, lines
from gitcollab.web.api.collabs import checked_title, may_read, visible
from gitcollab.web.pages.frame import Page, View
from gitcollab.web.pages.looked import Looked

LOOKED_BACK = 60
"""Events of each collab that are looked at."""


@dataclass
class Card:
    """A collab on the home page. ``fresh`` are the lines since the person last looked at it, ``who`` made them."""

    summary: Summary
    members: tuple[Member, ...]
    newest: Line | None
    fresh: list[Line]

    @property
    def who(self) -> list[str]:
        """Who did something since."""
        return list(dict.fromkeys(line.user for line in self.fresh))

    @property
    def is_calling(self) -> bool:
        """Whether somebody called the person by name."""
        return any(line.is_calling for line in self.fresh)

    @property
    def has_contested(self) -> bool:
        """Whether something waits for a decision since."""
        return any(line.state == "contested" for line in self.fresh)


def cards(connection: Connection, actor: Actor, looked: Looked) -> list[Card]:
    """The actor's collabs, the one where something happened last first."""
    found = []
    for each in visible(connection, actor):
        told = lines(journal.latest(connection, each.id, LOOKED_BACK, actor.user), actor.user)
        seen = looked.seen(each.id)
        fresh = [line for line in told if seen is not None and line.n > seen and line.user != actor.user]
        members = collabs.members(connection, each.id)
        found.append(Card(each, members, next(iter(told), None), fresh))
    return sorted(found, key=lambda card: card.newest.at if card.newest else "", reverse=True)


async def home(view: View) -> Response:
    """Shows my collabs, and what is new in each."""
    looked = Looked.of(view.request)
    found, waiting = await view.site.look(standing, view.actor, looked)
    return view.show("home.html", {"cards": found} | waiting)


def standing(connection: Connection, actor: Actor, looked: Looked) -> tuple[list[Card], dict[str, object]]:
    """The cards, and what waits for the actor: invitations to answer, and how they want to be called."""
    asked = [each for each in collabs.invitations(connection, actor.user) if may_read(actor, each[0])]
    is_nameless = actor.via != "guest" and not people.person(connection, actor.user).display
    return cards(connection, actor, looked), {"asked": asked, "is_nameless": is_nameless}


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
