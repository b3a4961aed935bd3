"""API of who sees a collab besides its members."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from gitcollab.acts import ApproveVersion, SetVisibility, Shown
from gitcollab.model import Visibility
from gitcollab.store import approvals, collabs, groups
from gitcollab.store.approvals import Approval
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Who sees a collab: ``groups`` all of it, everyone (if so) its published versions; which of them were approved."""

    visibility: Visibility
    groups: tuple[str, ...]
    needs_approval: bool
    approved: tuple[Approval, ...]


class NewVisibility(msgspec.Struct, frozen=True, kw_only=True):
    """``group``: with ``team``; ``needs_approval``: everyone sees what a second person has approved."""

    visibility: Visibility
    group: str = ""
    needs_approval: bool | None = None


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """A published version by its tag."""

    tag: str


def seen(connection: Connection, collab: str) -> Seen:
    """Who sees the collab."""
    known = collabs.collab(connection, collab)
    given = tuple(one.group for one in groups.grants(connection, collab))
    visibility = Visibility.TEAM if given else Visibility.PRIVATE
    return Seen(
        visibility=Visibility.EVERYONE if known.is_public else visibility,
        groups=given,
        needs_approval=known.needs_approval,
        approved=approvals.approvals(connection, collab),
    )


async def visibility(ask: Ask) -> Seen:
    """Says who sees a collab besides its members."""
    collab = await ask.collab()
    await ask.admit_reader(collab)
    return await ask.site.look(seen, collab)


async def set_visibility(ask: Ask) -> Shown:
    """Says who shall see it: private, team (a group), everyone (published versions only); owner only."""
    new = await ask.form(NewVisibility)
    act = SetVisibility(
        actor=ask.actor,
        collab=await ask.collab(),
        visibility=new.visibility,
        group=new.group,
        needs_approval=new.needs_approval,
    )
    return await ask.do(act)  # type: ignore[no-any-return]


async def approve(ask: Ask) -> None:
    """Lets a published version out to everyone; a maintainer who did not publish it."""
    given = await ask.form(Approved)
    await ask.do(ApproveVersion(actor=ask.actor, collab=await ask.collab(), tag=given.tag))


AT = "/api/collabs/{id}/visibility"
DOORS = (
    Door(method="GET", path=AT, go=visibility, answer=Seen),
    Door(method="PUT", path=AT, go=set_visibility, body=NewVisibility, answer=Shown),
    Door(method="POST", path="/api/collabs/{id}/approvals", go=approve, body=Approved, status=204),
)
