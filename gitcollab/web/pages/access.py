"""Forms about access: who else sees a collab, whose it is, and invitations answered."""

from __future__ import annotations

from starlette.responses import Response

from gitcollab.acts import AcceptInvitation, HandOver, RemoveMember, SetGrant, SetVisibility
from gitcollab.errors import BadInput
from gitcollab.model import Visibility
from gitcollab.web.pages.frame import Page, View
from gitcollab.web.pages.settings import done, role


async def set_visibility(view: View) -> Response:
    """Says who else sees the collab."""
    said, collab = await view.fields(), await view.collab()
    try:
        wanted = Visibility(said.get("visibility", ""))
    except ValueError:
        raise BadInput("Who shall see it?", f"choose one of {', '.join(Visibility)}") from None
    act = SetVisibility(
        actor=view.actor,
        collab=collab,
        visibility=wanted,
        group=said.get("group", "").strip().lower(),
        needs_approval=said.get("approval") == "yes",
    )
    return await done(view, act)


async def set_grant(view: View) -> Response:
    """Gives a group a role, or ends it."""
    said, collab = await view.fields(), await view.collab()
    wanted = None if said.get("end") else role(said)
    group = said.get("group", "").strip().lower()
    return await done(view, SetGrant(actor=view.actor, collab=collab, group=group, role=wanted))


async def hand_over(view: View) -> Response:
    """Makes somebody else owner."""
    said, collab = await view.fields(), await view.collab()
    act = HandOver(actor=view.actor, collab=collab, user=said.get("user", "").strip().lower())
    return await done(view, act)


async def accept(view: View) -> Response:
    """Takes part where somebody has let me in, and shows it."""
    collab = await view.collab()
    await view.do(AcceptInvitation(actor=view.actor, collab=collab))
    return view.go(f"/c/{collab}")


async def decline(view: View) -> Response:
    """Leaves where somebody has let me in."""
    act = RemoveMember(actor=view.actor, collab=await view.collab(), user=view.actor.user)
    await view.do(act)
    return view.go("/")


PAGES = (
    Page("/c/{id}/visibility", set_visibility, "POST"),
    Page("/c/{id}/groups", set_grant, "POST"),
    Page("/c/{id}/owner", hand_over, "POST"),
    Page("/c/{id}/accept", accept, "POST"),
    Page("/c/{id}/decline", decline, "POST"),
)
