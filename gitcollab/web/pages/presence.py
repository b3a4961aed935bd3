"""Presence: who looks at which notebook and cell right now. Kept in memory for a minute, and nowhere else."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from starlette.responses import JSONResponse, Response

from gitcollab.web.answers import ascii_line
from gitcollab.web.pages.frame import About, Page, View, known
from gitcollab.web.words import colour, initials

STAY = 60.0
"""Seconds after which somebody who says nothing more is gone."""
LONGEST = 500
"""Characters of a path or cell id that are kept."""


class Seat(NamedTuple):
    """Where somebody is, and since when nothing else was heard (seconds)."""

    path: str
    cell: str
    at: float


def places(seats: Mapping[str, Seat]) -> dict[str, tuple[str, str]]:
    """Where each is, whenever that was said."""
    return {user: (seat.path, seat.cell) for user, seat in seats.items()}


def told(about: About, seats: Mapping[str, Seat]) -> list[dict[str, object]]:
    """Who is where, as pages show it; only people who take part."""
    members = {member.user for member in about.members}
    return [
        {
            "user": user,
            "name": about.name(user),
            "initials": initials(about.name(user)),
            "colour": colour(user),
            "path": seat.path,
            "cell": seat.cell,
        }
        for user, seat in sorted(seats.items())
        if user in members
    ]


class Presence:
    """Who is where, by collab and person."""

    def __init__(self) -> None:
        self.seats: dict[str, dict[str, Seat]] = defaultdict(dict)

    def note(self, collab: str, user: str, seat: Seat, *, is_gone: bool = False) -> bool:
        """Takes in where somebody is, or that they are gone; forgets who is gone. Returns whether anybody moved."""
        before = self.seats[collab]
        present = {name: each for name, each in before.items() if seat.at - each.at < STAY and name != user}
        self.seats[collab] = present if is_gone else present | {user: seat}
        return places(before) != places(self.seats[collab])

    def others(self, collab: str, user: str) -> dict[str, Seat]:
        """Where the others are that were heard of lately."""
        return {name: seat for name, seat in self.seats[collab].items() if name != user}

    async def here(self, view: View) -> Response:
        """Says where I am, and answers where the others are."""
        said, collab = await view.fields(), await view.collab()
        role = await view.admit_reader(collab)
        seat = Seat(said.get("path", "")[:LONGEST], said.get("cell", "")[:LONGEST], time.monotonic())
        has_moved = self.note(collab, view.actor.user, seat, is_gone=said.get("gone") == "1")
        about = await view.site.look(known, collab, role)
        present = told(about, self.seats[collab])
        if has_moved:
            view.site.hub.say(collab, b"event: here\ndata: %s\n\n" % ascii_line(present))
        return JSONResponse([each for each in present if each["user"] != view.actor.user])

    def routes(self) -> tuple[Page, ...]:
        """The one address."""
        return (Page("/c/{id}/here", self.here, "POST"),)
