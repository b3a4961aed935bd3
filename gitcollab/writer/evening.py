"""The evening: once a day all workspaces are swept and reported on, and old sessions thinned where that is wanted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import anyio.to_thread
import structlog

from gitcollab import store
from gitcollab.collab.archives import DAYS
from gitcollab.condition import Evening, last_evening, note_evening
from gitcollab.events import Swept
from gitcollab.store import clock, collabs
from gitcollab.writer.house import House, told

log = structlog.get_logger("gitcollab.evening")

LOOK = 20.0
"""Seconds between two looks at the clock, which somebody may set."""


async def keep_evenings(house: House, at: str, thin_after: float = 0.0) -> None:
    """Ends each day at ``at`` (HH:MM, local time) until cancelled; never, if that is empty.

    A time at which the service was down is made up for when it is up again. ``thin_after``: days after which closed
    sessions are thinned; 0: never.
    """
    tried = ""
    while at:
        if (due := newest(at)) != tried:
            tried = due
            await anyio.to_thread.run_sync(end_if_due, house, due, thin_after, abandon_on_cancel=True)
        await anyio.sleep(LOOK)


def end_if_due(house: House, due: str, thin_after: float = 0.0) -> Evening | None:
    """Ends the day if that was not done since it was ``due`` (UTC); the first one of a root is only noted."""
    last = last_evening(house.place.root)
    try:
        if last is not None:
            return end_day(house, thin_after) if last.at < due else None
        note_evening(house.place.root, Evening(at=clock.now()))
    except OSError as error:  # the disk takes no writes, which is said elsewhere
        log.warning("no report of the day", error=str(error))
    return None


def newest(at: str, now: datetime | None = None) -> str:
    """Returns the newest HH:MM of the local clock that is past, in UTC."""
    here = (now or datetime.now(UTC)).astimezone()
    hour, minute = map(int, at.split(":"))
    due = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return _form(due if due <= here else due - timedelta(days=1))


def end_day(house: House, thin_after: float = 0.0) -> Evening:
    """Sweeps every collab and notes what was found; then thins what is old enough."""
    found: list[Swept] = []
    failed: dict[str, str] = {}
    with store.reading(house.engine).connect() as conn:
        ids = [one.id for one in collabs.every(conn)]
    for id in ids:
        try:
            found += house.collab(id).evening.swept()
        except Exception as error:  # one collab in trouble must not keep the others from their report
            failed[id] = told(error)
    evening = Evening(
        at=clock.now(),
        workspaces=len(found),
        taken=sum(one.taken for one in found),
        unsaved=sum(len(one.unsaved) for one in found),
        skipped=sum(len(one.skipped) for one in found),
        held=sum(len(one.held) for one in found),
        failed=failed,
    )
    note_evening(house.place.root, evening)
    log.info("the day is over", workspaces=evening.workspaces, taken=evening.taken, failed=failed)
    if thin_after:
        _thin(house, ids, thin_after)
    return evening


def _thin(house: House, ids: list[str], days: float) -> None:
    now = datetime.now(UTC)
    for id in ids:
        try:
            archives = house.collab(id).archives
            for one in archives.thin(_form(now - timedelta(days=days))):
                log.info("archived", collab=id, archive=one.name, commits=one.commits, bytes=one.size)
            if dropped := archives.drop(_form(now - timedelta(days=DAYS))):
                log.info("taken out of the repository", collab=id, objects=dropped)
        except Exception as error:  # thinning can wait for the next day, or for somebody to look
            log.warning("not thinned", collab=id, error=told(error))


def _form(when: datetime) -> str:
    return when.astimezone(UTC).strftime(clock.FORM)
