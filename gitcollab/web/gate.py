"""Ends open streams when access ends: a membership removed, a token revoked, an account or a collab gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gitcollab.acts import Reading
from gitcollab.errors import GitcollabError
from gitcollab.store.members import role_of
from gitcollab.web.ask import admitted
from gitcollab.web.auth import Credential, actor_of
from gitcollab.web.stream import Reader

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gitcollab.web.gitrun import Runs
    from gitcollab.web.site import Site

RECHECK = 0.5
"""Seconds between looks; what this process is asked to change is looked at once."""
SHARE = 10
"""A look that took long is followed by so many times as long a pause: many readers must not be kept busy by it."""

log = structlog.get_logger(__name__)


async def keep_gate(site: Site, git: Callable[[], Runs]) -> None:
    """Looks for ever after the access of everybody who reads a stream, or has git running in a collab."""
    took = 0.0
    while True:
        await pause(site.hub.access_moved, max(RECHECK, took * SHARE))
        began = time.monotonic()
        try:
            for collab, ring in tuple(site.hub.rings.items()):
                readers = [each for each in ring.readers if isinstance(each, Reader)]
                wanted = {each.credential for each in readers}
                if end(readers, await site.look(shut_out, collab, wanted)):
                    ring.wake()
            running = git().under_way()
            for collab, user in await site.look(without_role, running) if running else ():
                git().end(collab, user)
        except (GitcollabError, SQLAlchemyError) as error:
            log.error("access not rechecked", error=str(error))
        took = time.monotonic() - began


async def pause(access_moved: asyncio.Event, seconds: float = RECHECK) -> None:
    """Waits for the next look, or until members are known to have changed."""
    try:
        await asyncio.wait_for(access_moved.wait(), seconds)
    except TimeoutError:
        return
    access_moved.clear()


def without_role(connection: Connection, asked: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those collabs and people of ``asked`` where the person has no role any more; who is nobody is asked elsewhere."""
    return [(collab, user) for collab, user in asked if user and role_of(connection, collab, user) is None]


def shut_out(connection: Connection, collab: str, credentials: Iterable[Credential]) -> set[Credential]:
    """Those of ``credentials`` that may no longer read ``collab``."""
    return {each for each in credentials if not is_welcome(connection, collab, each)}


def is_welcome(connection: Connection, collab: str, credential: Credential) -> bool:
    """Whether ``credential`` still opens ``collab``."""
    actor = actor_of(connection, credential)
    if actor is None:
        return False
    try:
        admitted(connection, actor, Reading(actor=actor, collab=collab))
    except GitcollabError:
        return False
    return True


def end(readers: Iterable[Reader], gone: set[Credential]) -> bool:
    """Marks the readers whose credential is ``gone``; whether there were any."""
    ended = [reader for reader in readers if reader.credential in gone]
    for reader in ended:
        reader.is_ended = True
    return bool(ended)
