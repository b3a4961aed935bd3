"""How one's work in a collab stands, put together from what the server tells."""

from __future__ import annotations

from pathlib import Path

from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import Forbidden

DEPTH = 500
"""Commits looked at; beyond that the numbers are lower bounds."""
ARRIVALS = frozenset({"landing", "settlement", "closing"})


def standing(server: Client, collab: str) -> Json:
    """Returns how my sessions in a collab stand.

    Each session says ``waiting`` (saves that have not landed), ``behind`` (changes on main not delivered to
    it), ``skipped`` (files that are not taken in, and why) and ``evening`` (what the last look of a day found).
    """
    told = server.collab(collab)
    me = server.me()["name"]
    main = server.log(collab, branch="main", limit=DEPTH)
    mine = [each for each in server.sessions(collab) if each["user"] == me and each["is_open"]]
    evenings = {each["session"]: each for each in server.evening(collab)}
    return {
        "id": told["id"],
        "alias": told["alias"],
        "role": told["role"],
        "contested": server.contested(collab),
        "held": _held(server, told),
        "sessions": [
            _session(server, told, each, main) | {"evening": evenings.get(f"{me}/{each['name']}")}
            for each in mine
        ],
    }


def _held(server: Client, collab: Json) -> list[Json]:
    """My saves that wait for me; a token that may only read is not told of any."""
    try:
        return server.held(collab["id"])
    except Forbidden:
        return []


def _session(server: Client, collab: Json, session: Json, main: list[Json]) -> Json:
    on_main = {entry["commit"] for entry in main}
    here = server.log(collab["id"], branch=session["branch"], limit=DEPTH) if session["head"] else []
    seen = {entry["commit"] for entry in here}
    return {
        "session": f"{session['user']}/{session['name']}",
        "workspace": session["workspace"],
        "head": session["head"],
        "waiting": sum(entry["act"] == "snapshot" and entry["commit"] not in on_main for entry in here),
        "behind": sum(_is_news(entry, session) and entry["commit"] not in seen for entry in main),
        "skipped": _skipped(collab, session),
    }


def _is_news(entry: Json, session: Json) -> bool:
    """Whether a commit on main brought something that the session did not have: its own landings did not."""
    is_own = entry["act"] == "landing" and entry.get("session") == f"{session['user']}/{session['name']}"
    return entry["act"] in ARRIVALS and not is_own


def _skipped(collab: Json, session: Json) -> list[Json]:
    """The files of a workspace that are not taken in: beyond a quota, or as its directory shows where it is seen."""
    root, refused = Path(session["workspace"] or ""), session.get("refused") or {}
    if not session["workspace"] or not root.is_dir():
        return [{"path": path, "reason": reason} for path, reason in refused.items()]
    from gitcollab.workspace import Rules, survey

    is_the_daemon_s = root.parts[-3:] == ("workspaces", collab["id"], session["user"])
    table = survey(root, Rules() if is_the_daemon_s else Rules(paths=tuple(collab.get("paths") or ())))
    unseen = dict.fromkeys(sorted(table.blind), "unreadable")
    beyond = {path: reason for path, reason in refused.items() if (root / path).exists()}
    return [{"path": path, "reason": reason} for path, reason in (beyond | table.skipped | unseen).items()]
