"""Webhooks: whom a collab calls when something happens, how far each has been told, and how the last calls went."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from gitcollab.errors import BadInput, NotFound
from gitcollab.outside import checked_url
from gitcollab.store import clock, journal, secret
from gitcollab.store.members import lock
from gitcollab.store.schema import COLLABS, DELIVERIES, WEBHOOKS

KINDS = ("landed", "contested", "published")
"""The events that are told."""

SECRET = "gcw_"  # noqa: S105  # what one begins with
MOST = 20
"""Webhooks of one collab, and deliveries that are kept of each."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How telling of one event went: ``outcome`` is delivered, waiting (for the next try) or given-up.

    ``status`` is the answer's, 0 where none came; ``problem`` says why not.
    """

    n: int
    kind: str
    first_at: str
    at: str
    tries: int
    status: int
    problem: str
    outcome: str


class Webhook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom a collab calls. ``secret`` is told when it is made, and never again."""

    id: str
    url: str
    kinds: tuple[str, ...]
    created_by: str
    created_at: str
    deliveries: tuple[Delivery, ...] = ()
    secret: str = ""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that has not been told of everything yet: with its ``secret``, and the last event it is done with."""

    id: str
    collab: str
    url: str
    secret: str
    kinds: tuple[str, ...]
    done: int


def add_webhook(conn: Connection, collab: str, by: str, url: str, kinds: Sequence[str] = ()) -> Webhook:
    """Has a URL called from now on for events of these kinds; none: all that there are.

    :raises BadInput: no such kind, no such URL, or too many webhooks.
    """
    lock(conn, collab)
    checked_url(url)
    wanted = tuple(one for one in KINDS if one in kinds) if kinds else KINDS
    if not set(kinds) <= set(KINDS):
        raise BadInput(
            f"no webhook is told of {', '.join(sorted(set(kinds) - set(KINDS)))[:100]}",
            "use " + ", ".join(KINDS),
        )
    if len(webhooks(conn, collab)) >= MOST:
        raise BadInput(f"a collab has {MOST} webhooks at most", "remove one first")
    made = Webhook(
        id=secret.public_id("w"),
        url=url,
        kinds=wanted,
        created_by=by,
        created_at=clock.now(),
        secret=secret.new(SECRET),
    )
    row = {"id": made.id, "collab": collab, "url": url, "secret": made.secret, "kinds": " ".join(wanted)}
    more = {"created_by": by, "created_at": made.created_at, "done": journal.last(conn, collab)}
    conn.execute(insert(WEBHOOKS).values(row | more))
    return made


def remove_webhook(conn: Connection, collab: str, id: str) -> None:
    """Calls it no more; NotFound if the collab has none of that id."""
    ours = (WEBHOOKS.c.collab == collab) & (WEBHOOKS.c.id == id)
    if conn.execute(select(WEBHOOKS.c.id).where(ours)).first() is None:
        raise NotFound("no such webhook", "list them first")
    conn.execute(delete(DELIVERIES).where(DELIVERIES.c.webhook == id))
    conn.execute(delete(WEBHOOKS).where(ours))


def webhooks(conn: Connection, collab: str) -> tuple[Webhook, ...]:
    """Returns a collab's webhooks, oldest first, each with its last deliveries, newest first."""
    found = select(WEBHOOKS).where(WEBHOOKS.c.collab == collab)
    rows = conn.execute(found.order_by(WEBHOOKS.c.created_at, WEBHOOKS.c.id)).all()
    return tuple(
        Webhook(
            id=row.id,
            url=row.url,
            kinds=tuple(row.kinds.split()),
            created_by=row.created_by,
            created_at=row.created_at,
            deliveries=_deliveries(conn, row.id),
        )
        for row in rows
    )


def due(conn: Connection) -> tuple[Due, ...]:
    """Returns the webhooks of living collabs in which something has happened since they were last told."""
    behind = (COLLABS.c.last_event > WEBHOOKS.c.done) & COLLABS.c.ended_at.is_(None)
    found = select(WEBHOOKS).join(COLLABS, COLLABS.c.id == WEBHOOKS.c.collab).where(behind)
    return tuple(
        Due(
            id=row.id,
            collab=row.collab,
            url=row.url,
            secret=row.secret,
            kinds=tuple(row.kinds.split()),
            done=row.done,
        )
        for row in conn.execute(found.order_by(WEBHOOKS.c.id))
    )


def note(conn: Connection, webhook: str, delivery: Delivery) -> None:
    """Writes down how telling of an event went; forgets the oldest ones. Nothing if the webhook is no more."""
    if conn.execute(select(WEBHOOKS.c.id).where(WEBHOOKS.c.id == webhook)).first() is None:
        return
    same = (DELIVERIES.c.webhook == webhook) & (DELIVERIES.c.n == delivery.n)
    conn.execute(delete(DELIVERIES).where(same))
    conn.execute(insert(DELIVERIES).values(msgspec.structs.asdict(delivery) | {"webhook": webhook}))
    kept = [one.n for one in _deliveries(conn, webhook)]
    if len(kept) == MOST:
        conn.execute(delete(DELIVERIES).where(DELIVERIES.c.webhook == webhook, DELIVERIES.c.n < min(kept)))


def last_try(conn: Connection, webhook: str, n: int) -> Delivery | None:
    """Returns how telling of an event went so far; None if it was not tried."""
    same = (DELIVERIES.c.webhook == webhook) & (DELIVERIES.c.n == n)
    row = conn.execute(select(DELIVERIES).where(same)).first()
    return _delivery(row) if row else None


def pass_by(conn: Connection, webhook: str, n: int) -> None:
    """Says that a webhook is done with all events up to a number."""
    forward = (WEBHOOKS.c.id == webhook) & (WEBHOOKS.c.done < n)
    conn.execute(update(WEBHOOKS).where(forward).values(done=n))


def _deliveries(conn: Connection, webhook: str) -> tuple[Delivery, ...]:
    found = select(DELIVERIES).where(DELIVERIES.c.webhook == webhook)
    return tuple(_delivery(row) for row in conn.execute(found.order_by(DELIVERIES.c.n.desc()).limit(MOST)))


def _delivery(row: Row[tuple[object, ...]]) -> Delivery:
    return msgspec.convert(
        {str(name): value for name, value in row._mapping.items() if name != "webhook"}, Delivery
    )
