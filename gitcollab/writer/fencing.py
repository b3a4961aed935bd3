"""Fencing: a writer that another node has taken over from says so, whatever it is that it trips over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import anyio.to_thread
from sqlalchemy import Engine

from gitcollab import acts
from gitcollab.errors import GitcollabError
from gitcollab.store import tenure
from gitcollab.store.tenure import Lost

Answer = Callable[[acts.Act], Awaitable[object]]


def unless_lost(answer: Answer, engine: Engine) -> Answer:
    """Returns ``answer``, which raises Lost for whatever it fails at once the tenure is another node's.

    The repositories are elsewhere then, so it might say that there is none.
    """

    async def answered(act: acts.Act) -> object:
        try:
            return await answer(act)
        except Exception as error:
            if await anyio.to_thread.run_sync(is_lost, engine):
                raise Lost from error
            raise

    return answered


def is_lost(engine: Engine) -> bool:
    """Whether another node writes by now, as far as the database can be asked."""
    try:
        with engine.begin() as conn:
            tenure.check(conn)
    except Lost:
        return True
    except GitcollabError:
        return False
    return False
