"""A page: one route, who may see it, and how it is dressed."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gitcollab import acts
from gitcollab.model import Item, Member, Person, Role, Summary
from gitcollab.store import collabs, journal, people
from gitcollab.web.ask import Ask
from gitcollab.web.site import Site
from gitcollab.web.templates import Templates
from gitcollab.web.words import count

WORTH_PACKING = 4_000
"""Bytes from which a page is packed."""
PACKED = 4
"""How hard (1 to 9): half the time of the default for a tenth more."""


class View(Ask):
    """A request for a page."""

    def __init__(self, request: Request, site: Site, templates: Templates) -> None:
        super().__init__(request, site)
        self.templates = templates

    def show(self, name: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
        """The page made from the template ``name``."""
        return self.templates.page(self.request, name, values, status=status)

    async def show_large(self, name: str, values: Mapping[str, Any]) -> Response:
        """The same for a page that may be long: made in a thread, so that nobody else waits for it."""
        return await run_in_threadpool(self.packed, name, values)

    def packed(self, name: str, values: Mapping[str, Any]) -> Response:
        """The page made from the template ``name``, packed if the browser can unpack it.

        Only pages that hold no secret are packed: from how well one packs, something of it could be guessed (BREACH).
        """
        answer = self.show(name, values)
        answer.headers["vary"] = "accept-encoding"
        if "gzip" in self.request.headers.get("accept-encoding", "") and len(answer.body) > WORTH_PACKING:
            answer.body = gzip.compress(answer.body, PACKED, mtime=0)
            answer.headers["content-encoding"] = "gzip"
            answer.headers["content-length"] = str(len(answer.body))
        return answer

    def go(self, address: str) -> Response:
        """Sends the browser on to ``address`` after a form was taken."""
        return RedirectResponse(address, status_code=303)

    async def fields(self) -> dict[str, str]:
        """What a form sent, by its fields' names."""
        async with self.request.form(max_files=0, max_fields=40, max_part_size=1 << 20) as form:
            return {name: value for name, value in form.items() if isinstance(value, str)}

    async def about(self, tab: str = "") -> About:
        """What every page of a collab says: its name, who takes part, what is contested."""
        collab = await self.collab()
        role = await self.admit_reader(collab)
        about, items = await asyncio.gather(
            self.site.look(known, collab, role), self.read_act(acts.ReadItems, collab)
        )
        about.items, about.tab = items, tab
        self.request.state.about = about  # a page that says what went wrong leads back to it
        return about

    async def read_act(self, kind: type[acts.Reading], collab: str, **fields: Any) -> Any:
        """A worker's answer to a reading act of ``kind``."""
        return await self.read(kind(actor=self.actor, collab=collab, **fields))


@dataclass
class About:
    """A collab as every page of it shows it. ``now``: the shared branch's commit, as far as the journal tells."""

    summary: Summary
    members: tuple[Member, ...]
    names: dict[str, str]
    last: int
    now: str = ""
    items: tuple[Item, ...] = ()
    tab: str = ""

    @property
    def id(self) -> str:
        """The collab's id."""
        return self.summary.id

    @property
    def tracker(self) -> str:
        """The tracker's address; empty if it is no address of the web."""
        link = self.summary.tracker
        return link if link.startswith(("https://", "http://")) else ""

    @property
    def contested(self) -> str:
        """How much waits for a decision, in words."""
        noun = "cell" if all(item.cell is not None for item in self.items) else "place"
        return count(len(self.items), f"contested {noun}")

    @property
    def home(self) -> str:
        """The address of its page."""
        return f"/c/{self.summary.id}"

    def may(self, least: str) -> bool:
        """Whether the asker's role is at least ``least``."""
        return self.summary.role.rank >= Role(least).rank

    def name(self, user: str) -> str:
        """How a person is called."""
        return self.names.get(user) or user


def known(connection: Connection, collab: str, role: Role) -> About:
    """What the store knows of a collab for the pages of somebody with that role."""
    everybody: tuple[Person, ...] = people.people(connection)
    return About(
        summary=collabs.seen_by(connection, collab, role),
        members=collabs.members(connection, collab),
        names={person.name: person.display or person.name for person in everybody},
        last=journal.last(connection, collab),
        now=journal.heads(connection, collab).get("refs/heads/main", ""),
    )


Go = Callable[[View], Awaitable[Response]]


@dataclass(frozen=True)
class Page:
    """One method on one path."""

    path: str
    go: Go
    method: str = field(default="GET")

    def route(self, site: Site, templates: Templates) -> Route:
        """The route that serves it."""

        async def serve(request: Request) -> Response:
            return await self.go(View(request, site, templates))

        return Route(self.path, serve, methods=[self.method], name=f"{self.method} {self.path}")
