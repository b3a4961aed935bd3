"""Answers kept for a week, so that a request that is sent again after a lost answer is not done again."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, delete, select

from gitcollab.errors import BadInput, Moved, Unusable
from gitcollab.store import clock, rows
from gitcollab.store.schema import ANSWERS

LASTS = 7 * 86400  # seconds


def answered(conn: Connection, user: str, key: str, request: bytes) -> bytes | None:
    """Returns the answer that this request of this person got under ``key``; None if it is new.

    Unusable if the key was sent with another request (draft-ietf-httpapi-idempotency-key-header, 2.6).
    """
    ours = (ANSWERS.c.user == user, ANSWERS.c.key == _checked(key))
    row = conn.execute(select(ANSWERS.c.request, ANSWERS.c.body).where(*ours)).one_or_none()
    if row is None:
        return None
    if row.request != _digest(request):
        raise Unusable("this key was sent with another request", "use a new key for each request")
    body: bytes = row.body
    return body


def keep(conn: Connection, user: str, key: str, request: bytes, body: bytes) -> None:
    """Keeps the answer, in the transaction of the act itself.

    Moved if another request with the key was answered meanwhile: this transaction must not be committed.
    """
    row = {"user": user, "key": _checked(key), "request": _digest(request), "body": body, "at": clock.now()}
    if not rows.add(conn, ANSWERS, row):
        raise Moved("a request with this key has just been answered", "send it again to have the answer")


def forget(conn: Connection, before: str) -> int:
    """Forgets the answers from before that time; returns how many."""
    return conn.execute(delete(ANSWERS).where(ANSWERS.c.at < before)).rowcount


def _checked(key: str) -> str:
    if not 0 < len(key) <= 200:
        raise BadInput("that cannot be an idempotency key", "use 1 to 200 characters, a UUID for example")
    return key


def _digest(request: bytes) -> str:
    return hashlib.sha256(request).hexdigest()
