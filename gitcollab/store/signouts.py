"""Sign-outs: which cookies are good for nothing any more, though they are signed and not expired."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from gitcollab.store import clock, rows
from gitcollab.store.schema import SIGN_OUTS


def sign_out(conn: Connection, cookie: str, lasts: int) -> None:
    """Notes that the cookie with this digest, which expires within ``lasts`` seconds, signs nobody in any more."""
    rows.add(conn, SIGN_OUTS, {"cookie": cookie, "until": clock.later(clock.now(), lasts)})


def is_signed_out(conn: Connection, cookie: str) -> bool:
    """Tells whether the cookie with this digest was signed out."""
    return conn.execute(select(SIGN_OUTS.c.cookie).where(SIGN_OUTS.c.cookie == cookie)).first() is not None


def forget(conn: Connection, at: str = "") -> int:
    """Forgets the sign-outs of cookies that have expired ``at`` (default: now); returns how many."""
    return conn.execute(delete(SIGN_OUTS).where(SIGN_OUTS.c.until < (at or clock.now()))).rowcount
