"""Presence: who looks at which notebook and cell right now. Kept in memory for a minute, and nowhere else."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import NamedTuple

from starlette.responses import JSONResponse, Response

from gitcollab.web.pages.frame import Page, View, known
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


class Presence:
    """Who is where, by collab and person."""

    def __init__(self) -> None:
        self.seats: dict[str, dict[str, Seat]] = defaultdict(dict)

    def note(self, collab: str, user: str, seat: Seat) -> None:
        """Takes in where somebody is; forgets who is gone."""
        present = {name: each for name, each in self.seats[collab].items() if seat.at - each.at < STAY}
        self.seats[collab] = present | {user: seat}

    def others(self, collab: str, user: str) -> dict[str, Seat]:
        """Where the others are that were heard of lately."""
        return {name: seat for name, seat in self.seats[collab].items() if name != user}

    async def here(self, view: View) -> Response:
        """Says where I am, and answers where the others are."""
        said, collab = await view.fields(), await view.collab()
        role = await view.admit_reader(collab)
        seat = Seat(said.get("path", "")[:LONGEST], said.get("cell", "")[:LONGEST], time.monotonic())
        self.note(collab, view.actor.user, seat)
        about = await view.site.look(known, collab, role)
        members = {member.user for member in about.members}
        return JSONResponse(
            [
                {
                    "name": about.name(user),
                    "initials": initials(about.name(user)),
                    "colour": colour(user),
                    "path": seat.path,
                    "cell": seat.cell,
                }
                for user, seat in sorted(self.others(collab, view.actor.user).items())
                if user in members
            ]
        )

    def routes(self) -> tuple[Page, ...]:
        """The one address."""
        return (Page("/c/{id}/here", self.here, "POST"),)
