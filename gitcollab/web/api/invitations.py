"""API of invitations: where others have let me in, and what I say to that."""

from __future__ import annotations

import msgspec

from gitcollab.acts import AcceptInvitation, RemoveMember
from gitcollab.model import Role, Summary
from gitcollab.store import collabs
from gitcollab.web.api.collabs import may_read
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A collab into which ``by`` has let the asker, who may do there what the role says, and has not answered."""

    id: str
    alias: str
    title: str
    role: Role
    by: str
    at: str


async def invitations(ask: Ask) -> tuple[Asked, ...]:
    """Lists where the asker has been let in and has not answered."""
    found = await ask.site.look(collabs.invitations, ask.actor.user)
    return tuple(
        Asked(id=one.id, alias=one.alias, title=one.title, role=one.role, by=by, at=at)
        for one, by, at in found
        if may_read(ask.actor, one)
    )


async def accept(ask: Ask) -> Summary:
    """Takes part: the invitation is answered."""
    return await ask.do(AcceptInvitation(actor=ask.actor, collab=await ask.collab()))  # type: ignore[no-any-return]


async def decline(ask: Ask) -> None:
    """Does not take part: leaves the collab."""
    await ask.do(RemoveMember(actor=ask.actor, collab=await ask.collab(), user=ask.actor.user))


DOORS = (
    Door(method="GET", path="/api/invitations", go=invitations, answer=tuple[Asked, ...]),
    Door(method="POST", path="/api/invitations/{id}/accept", go=accept, answer=Summary),
    Door(method="POST", path="/api/invitations/{id}/decline", go=decline, status=204),
)
