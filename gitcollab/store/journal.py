"""The journal: every event of a collab, numbered without gap, and the refs that these events tell of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from gitcollab.errors import NotFound
from gitcollab.events import AnyEvent, Swept, may_see
from gitcollab.model import COLLAB_ID
from gitcollab.store import clock, tenure
from gitcollab.store.schema import COLLABS, EVENTS, HEADS

DEEPEST = 100
REPORTS = 100
DECODER = msgspec.json.Decoder(AnyEvent)


def append(
    conn: Connection, collab: str, events: Sequence[AnyEvent], heads: Mapping[str, str | None] | None = None
) -> tuple[AnyEvent, ...]:
    """Writes events and what refs they leave behind; returns them with number and time.

    In one transaction, so that the numbers have no gap, even where several processes append. ``heads`` are the
    refs as they now stand, by full name; None: the ref is gone. NotFound for an unknown collab, Lost if the database
    has another writer by now (see ``tenure``).
    """
    fence = tenure.check(conn)
    # The row stays locked until the transaction ends: numbers become visible in order.
    count = {"last_event": COLLABS.c.last_event + len(events)}
    if not conn.execute(update(COLLABS).where(COLLABS.c.id == collab).values(count)).rowcount:
        raise NotFound("no such collab", "its row is missing from the database")
    start, at = last(conn, collab) - len(events) + 1, clock.now()
    told = [
        encoded(replace(event, collab=collab, n=n, at=event.at or at))
        for n, event in enumerate(events, start)
    ]
    if told:
        conn.execute(insert(EVENTS), [_row(event, body) | {"fence": fence} for event, body in told])
    _set_heads(conn, collab, heads or {})
    return tuple(event for event, _ in told)


def since(conn: Connection, collab: str, after: int, limit: int = 500) -> tuple[AnyEvent, ...]:
    """Returns the events numbered above ``after``, in order, at most ``limit``; whoever shows them asks ``may_see``."""
    return tuple(DECODER.decode(body) for _, body in bodies(conn, collab, after, limit))


def bodies(conn: Connection, collab: str, after: int, limit: int = 500) -> tuple[tuple[int, bytes], ...]:
    """Returns the same as ``since``, each as its number and its JSON, for who only passes it on."""
    newer = select(EVENTS.c.n, EVENTS.c.body).where(EVENTS.c.collab == collab, EVENTS.c.n > after)
    return tuple((row.n, row.body) for row in conn.execute(newer.order_by(EVENTS.c.n).limit(limit)))


def latest(conn: Connection, collab: str, limit: int = 50, reader: str = "") -> tuple[AnyEvent, ...]:
    """Returns the last ``limit`` events, oldest first, less those that are not for the eyes of ``reader``."""
    newest = select(EVENTS.c.body).where(EVENTS.c.collab == collab).order_by(EVENTS.c.n.desc()).limit(limit)
    found = tuple(DECODER.decode(body) for body in conn.execute(newest).scalars())[::-1]
    return tuple(event for event in found if may_see(event, reader))


def reports(conn: Connection, collab: str, user: str) -> tuple[Swept, ...]:
    """Returns the last look of a day at each of a person's sessions, newest first; no older than the last hundred."""
    newest = select(EVENTS.c.body).where(EVENTS.c.collab == collab, EVENTS.c.kind == "swept")
    found: dict[str, Swept] = {}
    for body in conn.execute(newest.order_by(EVENTS.c.n.desc()).limit(REPORTS)).scalars():
        event = DECODER.decode(body)
        if isinstance(event, Swept) and may_see(event, user):
            found.setdefault(event.session, event)
    return tuple(found.values())


def rewrite(conn: Connection, collab: str, rewritten: Callable[[bytes], bytes]) -> int:
    """Puts other bodies in the place of events that ``rewritten`` changes, numbers as they are; returns how many."""
    rows = conn.execute(select(EVENTS.c.n, EVENTS.c.body).where(EVENTS.c.collab == collab)).all()
    changed = [(row.n, after) for row in rows if (after := rewritten(row.body)) != row.body]
    for n, body in changed:
        which = (EVENTS.c.collab == collab) & (EVENTS.c.n == n)
        conn.execute(update(EVENTS).where(which).values(body=body))
    return len(changed)


def move_heads(conn: Connection, collab: str, ids: Mapping[str, str]) -> None:
    """Says of refs that were told of at an old id that they are at the new one."""
    for ref, oid in heads(conn, collab).items():
        if oid in ids:
            _set_heads(conn, collab, {ref: ids[oid]})


def last(conn: Connection, collab: str) -> int:
    """Returns the number of the last event; 0 before the first. NotFound for an unknown collab."""
    found: int | None = None
    if COLLAB_ID.fullmatch(collab):
        found = conn.execute(select(COLLABS.c.last_event).where(COLLABS.c.id == collab)).scalar_one_or_none()
    if found is None:
        raise NotFound("no such collab", "its row is missing from the database")
    return found


def heads(conn: Connection, collab: str) -> dict[str, str]:
    """Returns the refs that the journal has told of, by full name: where git differs, events are missing."""
    rows = conn.execute(
        select(HEADS.c.ref, HEADS.c.oid).where(HEADS.c.collab == collab).order_by(HEADS.c.ref)
    )
    return {row.ref: row.oid for row in rows}


def encoded(event: AnyEvent) -> tuple[AnyEvent, bytes]:
    """Returns an event and its JSON. What JSON cannot carry is replaced in both: the bytes themselves are in git."""
    try:
        return event, msgspec.json.encode(event)
    except (ValueError, OverflowError, RecursionError):
        tamed: AnyEvent = _tame(event, 0)
        return tamed, msgspec.json.encode(tamed)


def _tame(value: Any, depth: int) -> Any:
    """Replaces lone surrogates, numbers above 64 bits and what is nested too deeply; keeps types."""
    if type(value) is str:
        return value.encode("utf-8", "replace").decode()
    if type(value) is int and not -(2**63) <= value < 2**64:
        return str(value) if value.bit_length() < 4096 else None
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: _tame(getattr(value, name), depth) for name in value.__struct_fields__})
    if isinstance(value, list | tuple | dict) and depth > DEEPEST:
        return None
    if isinstance(value, list | tuple):
        return type(value)(_tame(one, depth + 1) for one in value)
    if isinstance(value, dict):
        return {_tame(key, depth): _tame(one, depth + 1) for key, one in value.items()}
    return value


def _row(event: AnyEvent, body: bytes) -> dict[str, object]:
    kind = type(event).__struct_config__.tag
    return {"collab": event.collab, "n": event.n, "kind": kind, "at": event.at, "body": body}


def _set_heads(conn: Connection, collab: str, heads: Mapping[str, str | None]) -> None:
    keys = {ref: hashlib.sha256(ref.encode()).hexdigest() for ref in heads}
    if keys:
        conn.execute(NO_HEAD, [{"in": collab, "of": key} for key in keys.values()])
    rows = [{"collab": collab, "key": keys[ref], "ref": ref, "oid": oid} for ref, oid in heads.items() if oid]
    if rows:
        conn.execute(insert(HEADS), rows)


NO_HEAD = delete(HEADS).where(HEADS.c.collab == bindparam("in"), HEADS.c.key == bindparam("of"))
