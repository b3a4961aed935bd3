"""One request to the API: who asks, about which collab, with what; and the only way on, past ``allow``."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request

from gitcollab.access import allow
from gitcollab.acts import Act, CollabAct, Reading, RemoveMember, SetMember
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.model import COLLAB_ID, Actor, Role, SessionName, checked_path
from gitcollab.store import audit, collabs
from gitcollab.web.site import Site

Form = TypeVar("Form")


class Ask:
    """A request, and the site it came to."""

    def __init__(self, request: Request, site: Site) -> None:
        self.request, self.site = request, site
        self.actor: Actor = request.state.actor

    def part(self, name: str) -> str:
        """A piece of the path by its name."""
        return str(self.request.path_params[name])

    @property
    def path(self) -> str:
        """The file that the path names; BadInput if no tree could hold it."""
        return checked_path(self.part("path"))

    @property
    def session(self) -> SessionName:
        """The session that the path names."""
        return SessionName.parse(f"{self.part('user')}/{self.part('name')}")

    async def collab(self) -> str:
        """The collab's id; the path may name it by its alias, too."""
        text = self.part("id")
        if COLLAB_ID.fullmatch(text):
            return text
        return await self.site.look(collabs.find, text, self.actor.user)

    def query(self, form: type[Form]) -> Form:
        """The query's parameters as a ``form``; BadInput says which one is wrong."""
        try:
            return msgspec.convert(dict(self.request.query_params), form, strict=False)
        except msgspec.ValidationError as error:
            raise BadInput(f"The address's parameters: {error}") from None

    async def form(self, form: type[Form]) -> Form:
        """The body's JSON as a ``form``; an empty body is an empty object."""
        body = await self.request.body()
        try:
            return msgspec.json.decode(body or b"{}", type=form)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"The request's body: {error}", "send a JSON object") from None

    async def admit(self, act: Act) -> Role | None:
        """Raises NotFound or Forbidden unless the actor may do ``act`` now; returns their role."""
        return await self.site.look(admitted, self.actor, act)

    async def admit_reader(self, collab: str) -> Role:
        """Raises NotFound or Forbidden unless the actor may read ``collab`` now; returns their role."""
        return await self.admit(Reading(actor=self.actor, collab=collab)) or Role.VIEWER

    async def do(self, act: Act) -> Any:
        """The writer's answer to ``act``; the audit log is told of a refusal, here as there."""
        try:
            await self.admit(act)
        except GitcollabError as error:
            if audit.is_told(act):
                await self.site.note(audit.note_act, act, error.code)
            raise
        done = await self.site.writer.call(act)
        if audit.is_told(act):  # an act on access: open streams are looked at anew at once
            self.site.hub.access_moved.set()
        return done

    async def read(self, act: Act) -> Any:
        """A worker's answer to ``act``."""
        await self.admit(act)
        return await self.site.workers.call(act)


def admitted(connection: Connection, actor: Actor, act: Act) -> Role | None:
    """The actor's role in the act's collab; raises what ``allow`` raises."""
    if not isinstance(act, CollabAct):
        allow(actor, act)
        return None
    role = role_for(connection, actor, act.collab)
    is_about_owners = isinstance(act, RemoveMember | SetMember)
    allow(actor, act, role, owners=collabs.owners(connection, act.collab) if is_about_owners else None)
    return role


def role_for(connection: Connection, actor: Actor, collab: str) -> Role | None:
    """The actor's role in a collab; a guest reads the one that their link opens, which is all that binds them."""
    if actor.via == "guest":
        return Role.VIEWER if f"collab:{collab}" in actor.scopes else None
    return collabs.role_of(connection, collab, actor.user)
