"""API of groups: who is in them, and what they are given in a collab."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from gitcollab.acts import AddGroup, DropGroup, SetGrant, SetInGroup
from gitcollab.model import Role
from gitcollab.store import groups as known
from gitcollab.store.groups import Grant
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class GroupOf(msgspec.Struct, frozen=True, kw_only=True):
    """A group with who is in it. ``source`` says who decides that: empty, the administrators here; else a provider."""

    name: str
    display: str
    source: str
    people: tuple[str, ...]


class NewGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group to create."""

    name: str
    display: str = ""


class GivenToGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The role that everybody in the group gets."""

    role: Role


def all_of(connection: Connection, user: str) -> tuple[GroupOf, ...]:
    """The groups with their people; of one person if given."""
    return tuple(
        GroupOf(
            name=one.name,
            display=one.display,
            source=one.source,
            people=tuple(person.name for person in known.people_in(connection, one.name)),
        )
        for one in known.groups(connection, user)
    )


async def groups(ask: Ask) -> tuple[GroupOf, ...]:
    """Lists the groups: an administrator's all of them, everybody else's the asker's own."""
    return await ask.site.look(all_of, "" if ask.actor.is_admin else ask.actor.user)


async def add(ask: Ask) -> None:
    """Creates a group; admins only."""
    new = await ask.form(NewGroup)
    await ask.do(AddGroup(actor=ask.actor, name=new.name, display=new.display))


async def drop(ask: Ask) -> None:
    """Ends a group and what it was given; admins only."""
    await ask.do(DropGroup(actor=ask.actor, name=ask.part("group")))


async def put_in(ask: Ask) -> None:
    """Puts a person into a group; admins only."""
    await ask.do(SetInGroup(actor=ask.actor, name=ask.part("group"), user=ask.part("user")))


async def take_out(ask: Ask) -> None:
    """Takes a person out of a group; admins only."""
    act = SetInGroup(actor=ask.actor, name=ask.part("group"), user=ask.part("user"), is_in=False)
    await ask.do(act)


async def grants(ask: Ask) -> tuple[Grant, ...]:
    """Lists the groups that have a role in a collab."""
    collab = await ask.collab()
    await ask.admit_reader(collab)
    return await ask.site.look(known.grants, collab)


async def grant(ask: Ask) -> None:
    """Gives everybody in a group a role in a collab, new or changed; owner only."""
    given = await ask.form(GivenToGroup)
    act = SetGrant(actor=ask.actor, collab=await ask.collab(), group=ask.part("group"), role=given.role)
    await ask.do(act)


async def end_grant(ask: Ask) -> None:
    """Ends what a group was given in a collab; owner only."""
    await ask.do(SetGrant(actor=ask.actor, collab=await ask.collab(), group=ask.part("group"), role=None))


ONE, IN = "/api/collabs/{id}/groups/{group}", "/api/groups/{group}/people/{user}"
DOORS = (
    Door(method="GET", path="/api/groups", go=groups, answer=tuple[GroupOf, ...]),
    Door(method="POST", path="/api/groups", go=add, body=NewGroup, status=204),
    Door(method="DELETE", path="/api/groups/{group}", go=drop, status=204),
    Door(method="PUT", path=IN, go=put_in, status=204),
    Door(method="DELETE", path=IN, go=take_out, status=204),
    Door(method="GET", path="/api/collabs/{id}/groups", go=grants, answer=tuple[Grant, ...]),
    Door(method="PUT", path=ONE, go=grant, body=GivenToGroup, status=204),
    Door(method="DELETE", path=ONE, go=end_grant, status=204),
)
