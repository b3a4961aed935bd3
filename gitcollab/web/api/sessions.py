"""API of sessions: opening, closing, and landing or delivering on request."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from gitcollab.acts import CloseSession, Deliver, Land, Opened, OpenSession, Sweep
from gitcollab.errors import NotFound
from gitcollab.events import Swept
from gitcollab.model import Receipt, Session
from gitcollab.store import journal
from gitcollab.store import sessions as registered
from gitcollab.store.refused import refused
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session to open; see ``OpenSession`` for ``workspace``, ``claim`` and ``client``."""

    name: str = "default"
    workspace: str | None = None
    claim: str = ""
    client: str = ""


async def sessions(ask: Ask) -> tuple[Session, ...]:
    """Lists the sessions, open and closed."""
    collab = await ask.collab()
    await ask.admit_reader(collab)
    return await ask.site.look(standing, collab)


def standing(connection: Connection, collab: str) -> tuple[Session, ...]:
    """The collab's sessions with the commits they stand at."""
    heads, waiting = journal.heads(connection, collab), refused(connection, collab)
    return tuple(
        replace(as_session(row, heads), refused=waiting.get(str(row.session), {}) if row.is_open else {})
        for row in registered.sessions(connection, collab)
    )


def as_session(row: registered.Registered, heads: dict[str, str]) -> Session:
    """A row of the store as the session it tells of."""
    return Session(
        user=row.user,
        name=row.name,
        branch=row.session.branch,
        head=heads.get(row.session.ref, ""),
        workspace=row.workspace,
        is_open=row.is_open,
        opened_at=row.opened_at,
    )


async def session(ask: Ask) -> Session:
    """Shows one session."""
    wanted = ask.session
    for each in await sessions(ask):
        if (each.user, each.name) == (wanted.user, wanted.name):
            return each
    raise NotFound("No such session")


async def open_session(ask: Ask) -> Opened:
    """Opens, or takes up again, a session of the asker."""
    new = await ask.form(NewSession)
    act = OpenSession(
        actor=ask.actor,
        collab=await ask.collab(),
        name=new.name,
        workspace=new.workspace,
        claim=new.claim,
        client=new.client,
    )
    return await ask.do(act)  # type: ignore[no-any-return]


async def close(ask: Ask) -> Session:
    """Takes in what is unsaved and closes the session; its history and its contested items stay."""
    return await ask.do(CloseSession(actor=ask.actor, collab=await ask.collab(), session=ask.session))  # type: ignore[no-any-return]


async def land(ask: Ask) -> Receipt:
    """Lands the session now."""
    return await ask.do(Land(actor=ask.actor, collab=await ask.collab(), session=ask.session))  # type: ignore[no-any-return]


async def deliver(ask: Ask) -> Session:
    """Delivers the shared branch to the session now."""
    return await ask.do(Deliver(actor=ask.actor, collab=await ask.collab(), session=ask.session))  # type: ignore[no-any-return]


async def sweep(ask: Ask) -> tuple[Receipt, ...]:
    """Takes in what lies in the asker's watched workspaces, without waiting for the watcher."""
    return await ask.do(Sweep(actor=ask.actor, collab=await ask.collab()))  # type: ignore[no-any-return]


async def evening(ask: Ask) -> tuple[Swept, ...]:
    """Tells what the last look of a day found in each of the asker's watched workspaces: what is not saved, and why."""
    collab = await ask.collab()
    await ask.admit_reader(collab)
    return await ask.site.look(journal.reports, collab, ask.actor.user)


ONE = "/api/collabs/{id}/sessions/{user}/{name}"
DOORS = (
    Door(method="GET", path="/api/collabs/{id}/sessions", go=sessions, answer=tuple[Session, ...]),
    Door(method="POST", path="/api/collabs/{id}/sessions", go=open_session, body=NewSession, answer=Opened),
    Door(method="GET", path=ONE, go=session, answer=Session),
    Door(method="DELETE", path=ONE, go=close, answer=Session),
    Door(method="POST", path=f"{ONE}/land", go=land, answer=Receipt),
    Door(method="POST", path=f"{ONE}/deliver", go=deliver, answer=Session),
    Door(method="GET", path="/api/collabs/{id}/evening", go=evening, answer=tuple[Swept, ...]),
    Door(method="POST", path="/api/collabs/{id}/sweep", go=sweep, answer=tuple[Receipt, ...]),
)
