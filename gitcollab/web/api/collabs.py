"""API of collabs themselves."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response

from gitcollab.access import allow
from gitcollab.acts import CreateCollab, DeleteCollab, Reading
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.model import Actor, Member, Role, Session, Summary
from gitcollab.store import collabs as known
from gitcollab.web.api.sessions import standing
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door
from gitcollab.web.paging import Page, paged


class NewCollab(msgspec.Struct, frozen=True, kw_only=True):
    """A collab to create; ``paths`` limits it to those files."""

    title: str
    paths: tuple[str, ...] = ()


class Search(Page, frozen=True, kw_only=True):
    """``find``: an id, an alias with its authors in any order, or a name."""

    find: str = ""


async def collabs(ask: Ask) -> Response:
    """Lists the collabs that the asker takes part in."""
    search = ask.query(Search)
    mine = await ask.site.look(visible, ask.actor)
    if search.find:
        found = await ask.site.look(known.find, search.find, ask.actor.user)
        mine = tuple(each for each in mine if each.id == found)
    return paged(ask.request, search, mine, lambda each: each.id)


async def create(ask: Ask) -> Summary:
    """Creates a collab owned by the asker."""
    new = await ask.form(NewCollab)
    title = checked_title(new.title)
    return await ask.do(CreateCollab(actor=ask.actor, title=title, paths=new.paths))  # type: ignore[no-any-return]


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """A collab with who takes part and their sessions."""

    id: str
    alias: str
    title: str
    role: Role
    created_at: str
    paths: tuple[str, ...]
    tracker: str
    members: tuple[Member, ...]
    sessions: tuple[Session, ...]


async def collab(ask: Ask) -> Whole:
    """Shows one collab as its participants see it."""
    id = await ask.collab()
    return await ask.site.look(whole, id, await ask.admit_reader(id))


def checked_title(text: str) -> str:
    """``text`` if people can read it; BadInput if there is nothing to read."""
    if not text.strip():
        raise BadInput("A collab needs a title", "say in a few words what it is about")
    return text


def whole(connection: Connection, collab: str, role: Role) -> Whole:
    """All that the store knows of a collab, as somebody with that role sees it."""
    summary = known.seen_by(connection, collab, role)
    return Whole(
        **msgspec.structs.asdict(summary),
        members=known.members(connection, collab),
        sessions=standing(connection, collab),
    )


def visible(connection: Connection, actor: Actor) -> tuple[Summary, ...]:
    """The collabs that the actor may see listed; a token may be bound to some of them."""
    mine = known.collabs_of(connection, actor.user)
    return tuple(each for each in mine if may_read(actor, each))


def may_read(actor: Actor, summary: Summary) -> bool:
    """Whether the actor may read the collab that ``summary`` tells of."""
    try:
        allow(actor, Reading(actor=actor, collab=summary.id), summary.role)
    except GitcollabError:
        return False
    return True


async def end(ask: Ask) -> None:
    """Ends a collab for everybody; owner only."""
    await ask.do(DeleteCollab(actor=ask.actor, collab=await ask.collab()))


DOORS = (
    Door(method="GET", path="/api/collabs", go=collabs, query=Search, answer=tuple[Summary, ...]),
    Door(method="POST", path="/api/collabs", go=create, body=NewCollab, answer=Summary, status=201),
    Door(method="GET", path="/api/collabs/{id}", go=collab, answer=Whole),
    Door(method="DELETE", path="/api/collabs/{id}", go=end, status=204),
)
