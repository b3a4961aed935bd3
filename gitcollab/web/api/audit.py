"""API of the audit log: who did what to access, and from where."""

from __future__ import annotations

from typing import Annotated

import msgspec

from gitcollab.acts import ReadAudit, Status
from gitcollab.store import audit as log
from gitcollab.store.audit import Note
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """``user``: only what this person did; ``before``: the last page's last number."""

    user: str = ""
    before: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


async def of_collab(ask: Ask) -> tuple[Note, ...]:
    """Lists what was done to a collab's access, newest first; owners only."""
    collab, wanted = await ask.collab(), ask.query(Notes)
    await ask.admit(ReadAudit(actor=ask.actor, collab=collab))
    return await ask.site.look(
        log.notes, collab=collab, user=wanted.user, before=wanted.before, limit=wanted.limit
    )


async def of_server(ask: Ask) -> tuple[Note, ...]:
    """Lists what was done to anybody's access, sign-ins too, newest first; admins only."""
    wanted = ask.query(Notes)
    await ask.admit(Status(actor=ask.actor))
    return await ask.site.look(log.notes, user=wanted.user, before=wanted.before, limit=wanted.limit)


DOORS = (
    Door(method="GET", path="/api/collabs/{id}/audit", go=of_collab, query=Notes, answer=tuple[Note, ...]),
    Door(method="GET", path="/api/audit", go=of_server, query=Notes, answer=tuple[Note, ...]),
)
