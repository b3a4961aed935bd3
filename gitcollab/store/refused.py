"""What watched workspaces hold beyond a quota, as the journal tells it: files that wait there until there is room."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gitcollab.events import OVER, Saved, Skipped
from gitcollab.store.journal import DECODER
from gitcollab.store.schema import EVENTS

NEWEST, SAVES = 200, 2000
"""Files of a collab that are looked at, the newest first, and saves since then."""


def refused(conn: Connection, collab: str) -> dict[str, dict[str, str]]:
    """Returns by session (``USER/NAME``) the files that were beyond a quota and have not been saved since, and why."""
    found: dict[str, dict[str, str]] = {}
    told: dict[tuple[str, str], int] = {}
    for n, event in _events(conn, collab, "skipped", NEWEST):
        if isinstance(event, Skipped) and event.reason.startswith(OVER):
            found.setdefault(event.session, {}).setdefault(event.path, event.reason)
            told.setdefault((event.session, event.path), n)
    if not found:
        return {}
    for n, event in _events(conn, collab, "saved", SAVES, min(told.values())):
        if isinstance(event, Saved):
            for path in (file.path for file in event.files):
                if n > told.get((event.session, path), n):
                    found[event.session].pop(path, None)
    return found


def _events(conn: Connection, collab: str, kind: str, most: int, after: int = 0) -> list[tuple[int, object]]:
    """Returns a collab's newest events of one kind, numbered above ``after``, with their numbers; newest first."""
    ours = select(EVENTS.c.n, EVENTS.c.body).where(EVENTS.c.collab == collab, EVENTS.c.kind == kind)
    rows = conn.execute(ours.where(EVENTS.c.n > after).order_by(EVENTS.c.n.desc()).limit(most))
    return [(row.n, DECODER.decode(row.body)) for row in rows]
