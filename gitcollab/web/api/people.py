"""API of accounts and tokens."""

from __future__ import annotations

import msgspec

from gitcollab.acts import AddUser, CreateToken, RevokeToken, SetDisplay, SetPassword
from gitcollab.model import Person, Token
from gitcollab.store import people, tokens
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. ``name`` is the account's; ``scopes`` empty means all that the person may do."""

    name: str
    display: str
    is_admin: bool
    scopes: tuple[str, ...]


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """An account to create."""

    name: str
    display: str = ""
    password: str = ""
    is_admin: bool = False


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token to create; ``expires_in`` in seconds."""

    label: str = ""
    scopes: tuple[str, ...] = ()
    expires_in: int | None = None


async def me(ask: Ask) -> Me:
    """Says who the asker is."""
    person = await ask.site.look(people.person, ask.actor.user)
    return Me(name=person.name, display=person.display, is_admin=person.is_admin, scopes=ask.actor.scopes)


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """How the asker wants to be called, in one line of any letters."""

    display: str


class NewPassword(msgspec.Struct, frozen=True, kw_only=True):
    """The asker's new password (empty: none), and the old one if there is one."""

    password: str
    old_password: str = ""


async def set_display(ask: Ask) -> Person:
    """Sets the name that people see of the asker."""
    called = await ask.form(Called)
    return await ask.do(SetDisplay(actor=ask.actor, display=called.display))  # type: ignore[no-any-return]


async def set_password(ask: Ask) -> None:
    """Sets the asker's password."""
    new = await ask.form(NewPassword)
    await ask.do(SetPassword(actor=ask.actor, password=new.password, old_password=new.old_password))


async def users(ask: Ask) -> tuple[Person, ...]:
    """Lists the accounts; admins only."""
    await ask.admit(AddUser(actor=ask.actor, name=""))
    return await ask.site.look(people.people)


async def add_user(ask: Ask) -> Person:
    """Creates an account; admins only."""
    new = await ask.form(NewUser)
    act = AddUser(
        actor=ask.actor, name=new.name, display=new.display, password=new.password, is_admin=new.is_admin
    )
    return await ask.do(act)  # type: ignore[no-any-return]


async def my_tokens(ask: Ask) -> tuple[Token, ...]:
    """Lists the asker's tokens, without their secrets."""
    await ask.admit(RevokeToken(actor=ask.actor, token=""))
    return await ask.site.look(tokens.tokens, ask.actor.user)


async def add_token(ask: Ask) -> Token:
    """Creates a token; its secret is in this answer and nowhere else."""
    new = await ask.form(NewToken)
    act = CreateToken(actor=ask.actor, label=new.label, scopes=new.scopes, expires_in=new.expires_in)
    return await ask.do(act)  # type: ignore[no-any-return]


async def revoke_token(ask: Ask) -> None:
    """Revokes one of the asker's tokens at once."""
    await ask.do(RevokeToken(actor=ask.actor, token=ask.part("token")))


DOORS = (
    Door(method="GET", path="/api/me", go=me, answer=Me),
    Door(method="PUT", path="/api/me", go=set_display, body=Called, answer=Person),
    Door(method="PUT", path="/api/me/password", go=set_password, body=NewPassword, status=204),
    Door(method="GET", path="/api/tokens", go=my_tokens, answer=tuple[Token, ...]),
    Door(
        method="POST",
        path="/api/tokens",
        go=add_token,
        body=NewToken,
        answer=Token,
        status=201,
        is_secret=True,
    ),
    Door(method="DELETE", path="/api/tokens/{token}", go=revoke_token, status=204),
    Door(method="GET", path="/api/users", go=users, answer=tuple[Person, ...]),
    Door(method="POST", path="/api/users", go=add_user, body=NewUser, answer=Person, status=201),
)
