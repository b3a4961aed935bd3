"""How one's work in a collab stands, put together from what the server tells."""

from __future__ import annotations

from gitcollab.client import Client
from gitcollab.client.transport import Json

DEPTH = 500
"""Commits looked at; beyond that the numbers are lower bounds."""
ARRIVALS = frozenset({"landing", "settlement", "closing"})


def standing(server: Client, collab: str) -> Json:
    """Returns how my sessions in a collab stand.

    Each session says ``waiting`` (saves that have not landed), ``behind`` (changes on main not delivered to
    it) and ``skipped`` (files that are not taken in, and why).
    """
    told = server.collab(collab)
    me = server.me()["name"]
    main = server.log(collab, branch="main", limit=DEPTH)
    mine = [each for each in server.sessions(collab) if each["user"] == me and each["is_open"]]
    return {
        "id": told["id"],
        "alias": told["alias"],
        "role": told["role"],
        "contested": server.contested(collab),
        "sessions": [_session(server, collab, each, main) for each in mine],
    }


def _session(server: Client, collab: str, session: Json, main: list[Json]) -> Json:
    on_main = {entry["commit"] for entry in main}
    here = server.log(collab, branch=session["branch"], limit=DEPTH) if session["head"] else []
    seen = {entry["commit"] for entry in here}
    return {
        "session": f"{session['user']}/{session['name']}",
        "workspace": session["workspace"],
        "head": session["head"],
        "waiting": sum(entry["act"] == "snapshot" and entry["commit"] not in on_main for entry in here),
        "behind": sum(entry["act"] in ARRIVALS and entry["commit"] not in seen for entry in main),
        "skipped": [],
    }
