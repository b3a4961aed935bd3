"""Tidies the store up now and then: answers and sign-outs that were kept long enough are forgotten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gitcollab.errors import GitcollabError
from gitcollab.store import answers, signouts

if TYPE_CHECKING:
    from gitcollab.web.site import Site

PERIOD = 3600.0
"""Seconds between two times."""

log = structlog.get_logger(__name__)


async def keep_tidy(site: Site) -> None:
    """Tidies up for ever, the first time after an hour."""
    while True:
        await asyncio.sleep(PERIOD)
        try:
            await site.note(answers.forget, answers.oldest())
            await site.note(signouts.forget)
        except (GitcollabError, SQLAlchemyError) as error:
            log.warning("not tidied up", error=str(error))
