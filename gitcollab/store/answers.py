"""Answers kept for a week, so that a request that is sent again after a lost answer is not done again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from gitcollab.errors import BadInput, Moved, Unusable
from gitcollab.store import clock, rows
from gitcollab.store.schema import ANSWERS

LASTS = 7 * 86400  # seconds


def begin(conn: Connection, user: str, key: str, request: bytes) -> bytes | None:
    """Says that this person's request is about to be done; returns the answer if it has been done before.

    None: it is new; do it, then ``keep`` its answer or ``release`` the key. Whoever races, one begins.

    Unusable if the key was sent with another request (draft-ietf-httpapi-idempotency-key-header, 2.6). Moved if the
    request was begun and never answered: it is being done, or was cut off and may be done or not.
    """
    row = {"user": user, "key": _checked(key), "request": _digest(request), "body": b"", "at": clock.now()}
    if rows.add(conn, ANSWERS, row):
        return None
    ours = (ANSWERS.c.user == user, ANSWERS.c.key == key)
    known = conn.execute(select(ANSWERS.c.request, ANSWERS.c.body).where(*ours)).one()
    if known.request != row["request"]:
        raise Unusable("this key was sent with another request", "use a new key for each request")
    body: bytes = known.body
    if not body:
        raise Moved("a request with this key was begun and is not answered", "look whether it was done")
    return body


def keep(conn: Connection, user: str, key: str, body: bytes) -> None:
    """Keeps the answer, which is not empty, of a request that was begun."""
    ours = (ANSWERS.c.user == user, ANSWERS.c.key == _checked(key))
    conn.execute(update(ANSWERS).where(*ours).values(body=body))


def release(conn: Connection, user: str, key: str) -> None:
    """Forgets a request that was begun and then not done, so that it may be sent again."""
    ours = (ANSWERS.c.user == user, ANSWERS.c.key == _checked(key), ANSWERS.c.body == b"")
    conn.execute(delete(ANSWERS).where(*ours))


def oldest() -> str:
    """Returns the time before which answers are kept no longer."""
    return (datetime.now(UTC) - timedelta(seconds=LASTS)).strftime(clock.FORM)


def forget(conn: Connection, before: str) -> int:
    """Forgets the answers from before that time; returns how many."""
    return conn.execute(delete(ANSWERS).where(ANSWERS.c.at < before)).rowcount


def _checked(key: str) -> str:
    if not 0 < len(key) <= 200:
        raise BadInput("that cannot be an idempotency key", "use 1 to 200 characters, a UUID for example")
    return key


def _digest(request: bytes) -> str:
    return hashlib.sha256(request).hexdigest()
