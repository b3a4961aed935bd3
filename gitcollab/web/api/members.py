"""API of who takes part: members, the links that invite them, and whose it is."""

from __future__ import annotations

import msgspec

from gitcollab.acts import CreateLink, HandOver, RedeemLink, RemoveMember, RevokeLink, SetMember
from gitcollab.errors import Forbidden
from gitcollab.model import Link, Member, Role, Summary
from gitcollab.store import collabs
from gitcollab.store.links import links as of_collab
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The role to give."""

    role: Role


class Heir(msgspec.Struct, frozen=True, kw_only=True):
    """Who becomes owner."""

    user: str


class NewLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link to create; ``expires_in`` in seconds; ``uses`` null: any number.

    ``is_guest``: it opens without an account, to read; for a viewer, where the server allows it.
    """

    role: Role = Role.EDITOR
    expires_in: int = 7 * 86400
    uses: int | None = None
    is_guest: bool = False


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A new link. ``link`` and ``code`` are told this once."""

    link: str
    id: str
    code: str
    role: Role
    expires_at: str
    uses_left: int | None


async def members(ask: Ask) -> tuple[Member, ...]:
    """Lists who takes part, and as what."""
    collab = await ask.collab()
    await ask.admit_reader(collab)
    return await ask.site.look(collabs.members, collab)


async def set_member(ask: Ask) -> Member:
    """Gives a person a role, new or changed."""
    given = await ask.form(Given)
    act = SetMember(actor=ask.actor, collab=await ask.collab(), user=ask.part("user"), role=given.role)
    return await ask.do(act)  # type: ignore[no-any-return]


async def remove_member(ask: Ask) -> None:
    """Ends a person's access at once."""
    await ask.do(RemoveMember(actor=ask.actor, collab=await ask.collab(), user=ask.part("user")))


async def hand_over(ask: Ask) -> Member:
    """Makes somebody else owner; who was it stays as a maintainer."""
    heir = await ask.form(Heir)
    return await ask.do(HandOver(actor=ask.actor, collab=await ask.collab(), user=heir.user))  # type: ignore[no-any-return]


async def links(ask: Ask) -> tuple[Link, ...]:
    """Lists the invitation links, without their codes."""
    collab = await ask.collab()
    await ask.admit(CreateLink(actor=ask.actor, collab=collab))
    return await ask.site.look(of_collab, collab)


async def add_link(ask: Ask) -> Invitation:
    """Creates an invitation link."""
    new = await ask.form(NewLink)
    act = CreateLink(
        actor=ask.actor,
        collab=await ask.collab(),
        role=new.role,
        expires_in=new.expires_in,
        uses=new.uses,
        is_guest=new.is_guest,
    )
    if new.is_guest and not ask.site.guests:
        raise Forbidden("This server takes no guests", "make a link for a viewer, who needs an account")
    return invitation(await ask.do(act), ask.site.base_url)


def invitation(link: Link, base_url: str) -> Invitation:
    """The link as the person who hands it on needs it."""
    return Invitation(
        link=f"{base_url}/{'guest' if link.is_guest else 'join'}/{link.code}",
        id=link.id,
        code=link.code,
        role=link.role,
        expires_at=link.expires_at,
        uses_left=link.uses_left,
    )


async def revoke_link(ask: Ask) -> None:
    """Revokes an invitation link at once."""
    await ask.do(RevokeLink(actor=ask.actor, collab=await ask.collab(), link=ask.part("link")))


async def redeem(ask: Ask) -> Summary:
    """Makes the asker a member of the collab that the link opens."""
    return await ask.do(RedeemLink(actor=ask.actor, code=ask.part("code")))  # type: ignore[no-any-return]


DOORS = (
    Door(method="GET", path="/api/collabs/{id}/members", go=members, answer=tuple[Member, ...]),
    Door(method="PUT", path="/api/collabs/{id}/members/{user}", go=set_member, body=Given, answer=Member),
    Door(method="DELETE", path="/api/collabs/{id}/members/{user}", go=remove_member, status=204),
    Door(method="POST", path="/api/collabs/{id}/owner", go=hand_over, body=Heir, answer=Member),
    Door(method="GET", path="/api/collabs/{id}/links", go=links, answer=tuple[Link, ...]),
    Door(
        method="POST",
        path="/api/collabs/{id}/links",
        go=add_link,
        body=NewLink,
        answer=Invitation,
        status=201,
        is_secret=True,
    ),
    Door(method="DELETE", path="/api/collabs/{id}/links/{link}", go=revoke_link, status=204),
    Door(method="POST", path="/api/links/{code}/redeem", go=redeem, answer=Summary),
)
