"""API of the other names of people, and of suspending accounts; for administrators."""

from __future__ import annotations

from typing import Literal

import msgspec

from gitcollab.acts import AddIdentity, RemoveIdentity, SuspendUser
from gitcollab.store import identities as known
from gitcollab.store.identities import Identity
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door

Kind = Literal["os", "jupyter", "hub", "oidc", "git"]


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A name of one kind: a user of the system, of Jupyter, of a hub, of a provider; a git author's address."""

    kind: Kind
    name: str


class Suspension(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the account is to be without access."""

    is_suspended: bool


async def names(ask: Ask) -> tuple[Identity, ...]:
    """Lists a person's other names; one's own, or admins anybody's."""
    user = ask.part("user")
    if user != ask.actor.user:
        await ask.admit(SuspendUser(actor=ask.actor, name=user))
    return await ask.site.look(known.identities, user)


async def add(ask: Ask) -> None:
    """Says that a name is this person, too; admins only."""
    new = await ask.form(Named)
    await ask.do(AddIdentity(actor=ask.actor, user=ask.part("user"), kind=new.kind, name=new.name))


async def remove(ask: Ask) -> None:
    """Says that a name is not this person any more; admins only."""
    old = ask.query(Named)
    await ask.do(RemoveIdentity(actor=ask.actor, user=ask.part("user"), kind=old.kind, name=old.name))


async def suspend(ask: Ask) -> None:
    """Ends an account's access everywhere at once, or gives it back; admins only."""
    asked = await ask.form(Suspension)
    await ask.do(SuspendUser(actor=ask.actor, name=ask.part("user"), is_suspended=asked.is_suspended))


AT = "/api/users/{user}/names"
DOORS = (
    Door(method="GET", path=AT, go=names, answer=tuple[Identity, ...]),
    Door(method="POST", path=AT, go=add, body=Named, status=204),
    Door(method="DELETE", path=AT, go=remove, query=Named, status=204),
    Door(method="PUT", path="/api/users/{user}/suspended", go=suspend, body=Suspension, status=204),
)
