"""Webhooks: tells other servers what has happened, from the journal, at least once and in order, signed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from datetime import datetime
from functools import partial

import anyio
import anyio.to_thread
import msgspec
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gitcollab import outside
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.events import AnyEvent, Contested, Event, Landed, Published
from gitcollab.model import Json
from gitcollab.store import clock, journal
from gitcollab.store import webhooks as kept
from gitcollab.store.webhooks import Delivery, Due
from gitcollab.web.site import Site

PERIOD = 1.0
"""Seconds between two looks at who has to be told."""

FIRST, SLOWEST = 2.0, 3600.0
"""Seconds until the second try, doubled with each, and at most."""

GIVE_UP = 24 * 3600.0
"""Seconds after the first try when an event is given up."""

WITHIN = 10.0
"""Seconds that one call may take."""

AT_ONCE = 8
PAGE = 100
NAMED = 50
"""Files and items that one call names."""

log = structlog.get_logger(__name__)


class Webhooks:
    """Calls whoever has to be told. ``hosts`` are the only ones, if there are any; else whatever is public."""

    def __init__(
        self, site: Site, hosts: tuple[str, ...] = (), *, period: float = PERIOD, first: float = FIRST
    ) -> None:
        self.site, self.hosts, self.period, self.first = site, hosts, period, first
        self.places = anyio.CapacityLimiter(AT_ONCE)
        self.underway: dict[str, asyncio.Task[None]] = {}
        self.not_before: dict[str, float] = {}

    async def run(self) -> None:
        """Tells until it is cancelled; a driver of the database that is just at work may swallow that once."""
        me = asyncio.current_task()
        try:
            while not (me and me.cancelling()):
                try:
                    await self.look()
                except (GitcollabError, SQLAlchemyError) as error:
                    log.warning("webhooks not told", error=str(error))
                await asyncio.sleep(self.period)
        finally:
            for task in self.underway.values():
                task.cancel()

    async def look(self) -> None:
        """Begins to tell each webhook that is behind, one event after the other; the slow ones hold up nobody."""
        now = time.monotonic()
        for one in await self.site.look(kept.due):
            if one.id not in self.underway and self.not_before.get(one.id, 0.0) <= now:
                task = asyncio.create_task(self.tell(one))
                self.underway[one.id] = task
                task.add_done_callback(partial(self._ended, one.id))

    async def tell(self, one: Due) -> None:
        """Tells a webhook what it has not been told of; stops at what cannot be delivered now."""
        after = one.done
        while events := await self.site.look(journal.since, one.collab, after, PAGE):
            for event in events:
                if _kind(event) in one.kinds and not await self.deliver(one, event):
                    return
                after = event.n
            await self.site.note(kept.pass_by, one.id, after)

    async def deliver(self, one: Due, event: AnyEvent) -> bool:
        """Makes one call; whether the event is done with."""
        before = await self.site.look(kept.last_try, one.id, event.n)
        if before is not None and before.outcome != "waiting":
            return True  # told, and killed before that was noted
        status, problem = await self._called(one, event)
        at, tries = clock.now(), (before.tries if before else 0) + 1
        first_at = before.first_at if before else at
        outcome = "delivered" if not problem else "given-up" if _age(first_at, at) > GIVE_UP else "waiting"
        told = Delivery(
            n=event.n,
            kind=_kind(event),
            first_at=first_at,
            at=at,
            tries=tries,
            status=status,
            problem=problem,
            outcome=outcome,
        )
        await self.site.note(_noted, one.id, told)
        if outcome == "waiting":
            self.not_before[one.id] = time.monotonic() + min(SLOWEST, self.first * 2 ** min(tries - 1, 20))
        return outcome != "waiting"

    async def _called(self, one: Due, event: AnyEvent) -> tuple[int, str]:
        """Returns the status of the answer, 0 if none came, and what is wrong with it."""
        body = msgspec.json.encode(payload(event, self.site.base_url))
        headers = signed(one.secret, body, str(int(time.time())))
        headers |= {
            "Content-Type": "application/json",
            "X-Gitcollab-Event": _kind(event),
            "X-Gitcollab-Delivery": f"{event.collab}/{event.n}",
        }
        try:
            if self.hosts and not outside.is_listed(outside.checked_url(one.url), self.hosts):
                raise BadInput("this server calls no such host (its setting webhook_hosts)")
            call = partial(outside.send, one.url, self.hosts, headers=headers, body=body, within=WITHIN)
            reply = await anyio.to_thread.run_sync(call, limiter=self.places, abandon_on_cancel=True)
        except GitcollabError as error:
            return 0, error.message[:200]
        return reply.status, "" if 200 <= reply.status < 300 else f"it was answered with {reply.status}"

    def _ended(self, id: str, task: asyncio.Task[None]) -> None:
        self.underway.pop(id, None)
        if not task.cancelled() and (error := task.exception()):
            log.warning("a webhook was not told", webhook=id, error=repr(error))
            self.not_before[id] = time.monotonic() + self.first


def signed(secret: str, body: bytes, timestamp: str) -> dict[str, str]:
    """Returns the headers that prove who calls: HMAC-SHA256 of the time (seconds since 1970), a dot, and the body."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Gitcollab-Timestamp": timestamp, "X-Gitcollab-Signature": f"sha256={digest}"}


def payload(event: AnyEvent, base_url: str) -> dict[str, Json]:
    """Returns what is told of an event: who, when, and the names of things; nothing of what stands in a cell.

    ``text`` is a sentence, as chat servers want it.
    """
    told: dict[str, Json] = {
        "id": f"{event.collab}/{event.n}",
        "kind": _kind(event),
        "n": event.n,
        "collab": event.collab,
        "at": event.at,
        "user": event.user,
        "url": f"{base_url}/c/{event.collab}",
    }
    if isinstance(event, Published):
        named = {
            "notebook": event.notebook,
            "version": event.version,
            "tag": event.tag,
            "commit": event.commit,
        }
        told |= named | {"text": f"{event.user} published {event.notebook} {event.version}"}
    elif isinstance(event, Landed):
        files = [{"path": one.path, "kind": one.kind} for one in event.files[:NAMED]]
        told |= {"session": event.session, "commit": event.commit, "files": files}
        told |= {
            "contested": len(event.contested),
            "text": f"work of {event.user} reached main: {_paths(files)}",
        }
    elif isinstance(event, Contested):
        items = [{"id": one.id, "path": one.path, "cell": one.cell} for one in event.items[:NAMED]]
        told |= {"session": event.session, "commit": event.commit, "items": items}
        told |= {"text": f"somebody has to decide: {_paths(items)}"}
    return told


def _paths(named: list[dict[str, Json]]) -> str:
    paths = list(dict.fromkeys(str(one["path"]) for one in named))
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _noted(conn: Connection, webhook: str, told: Delivery) -> None:
    kept.note(conn, webhook, told)
    if told.outcome != "waiting":
        kept.pass_by(conn, webhook, told.n)


def _kind(event: Event) -> str:
    return str(event.__struct_config__.tag)


def _age(first_at: str, at: str) -> float:
    return (datetime.fromisoformat(at) - datetime.fromisoformat(first_at)).total_seconds()
