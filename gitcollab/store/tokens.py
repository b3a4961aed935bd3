"""Tokens and one-time sign-in codes: what a person shows instead of a password."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, insert, or_, select, update

from gitcollab.access import checked_scopes
from gitcollab.errors import NotFound
from gitcollab.model import Person, Token
from gitcollab.store import clock, people, secret
from gitcollab.store.schema import LOGIN_CODES, PEOPLE, TOKENS

LOGIN_LASTS = 24 * 3600  # seconds


def add_token(
    conn: Connection, user: str, label: str = "", scopes: tuple[str, ...] = (), expires_at: str | None = None
) -> Token:
    """Creates a token; ``secret`` is set in this answer and never again. No scopes: all that the person may do.

    BadInput for an unknown scope (see ``access``), NotFound for an unknown user.
    """
    people.person(conn, user)
    token = Token(
        id=secret.public_id("t"),
        label=secret.checked_line(label, "label"),
        scopes=checked_scopes(scopes),
        created_at=clock.now(),
        expires_at=expires_at,
        secret=secret.new(secret.TOKEN),
    )
    row = {
        "id": token.id,
        "user": user,
        "hash": secret.hashed(token.secret),
        "label": token.label,
        "scopes": " ".join(token.scopes),
        "created_at": token.created_at,
        "expires_at": expires_at,
    }
    conn.execute(insert(TOKENS).values(row))
    return token


def person_of_token(conn: Connection, text: str, at: str = "") -> tuple[Person, Token] | None:
    """Returns whose token that secret is; None if unknown, revoked or expired ``at`` (default: now). Only reads."""
    row = conn.execute(SHOWN, {"shown": secret.hashed(text), "at": at or clock.now()}).one_or_none()
    if row is None:
        return None
    return Person(name=row.user, display=row.display, is_admin=row.is_admin), _token(row)


def touch(conn: Connection, token: str, at: str) -> None:
    """Notes that a token was used ``at``; a door does so once in a while, not on each request."""
    conn.execute(update(TOKENS).where(TOKENS.c.id == token).values(last_used_at=at))


def tokens(conn: Connection, user: str, at: str = "") -> tuple[Token, ...]:
    """Returns a person's tokens that are good ``at`` (default: now), oldest first, without secrets."""
    rows = conn.execute(
        select(TOKENS)
        .where(TOKENS.c.user == user, TOKENS.c.revoked_at.is_(None), _lasts(at or clock.now()))
        .order_by(TOKENS.c.created_at, TOKENS.c.id)
    )
    return tuple(_token(row) for row in rows)


def revoke_token(conn: Connection, user: str, token: str) -> None:
    """Ends one of a person's tokens at once; NotFound if it is not theirs or has been ended before."""
    done = conn.execute(
        update(TOKENS)
        .where(TOKENS.c.id == token, TOKENS.c.user == user, TOKENS.c.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
    if not done.rowcount:
        raise NotFound("no such token", "`gitcollab token` lists yours")


def add_login_code(conn: Connection, user: str, lasts: int = LOGIN_LASTS) -> str:
    """Returns a code that signs the person in once, within ``lasts`` seconds."""
    people.person(conn, user)
    code, at = secret.new(secret.LOGIN), clock.now()
    row = {"hash": secret.hashed(code), "user": user, "created_at": at, "expires_at": clock.later(at, lasts)}
    conn.execute(insert(LOGIN_CODES).values(row))
    return code


def use_login_code(conn: Connection, code: str, at: str = "") -> Person | None:
    """Returns whom the code signs in, the first time; None if it is unknown, used, or expired ``at`` (default: now)."""
    at, hashed = at or clock.now(), secret.hashed(code)
    done = conn.execute(
        update(LOGIN_CODES)
        .where(LOGIN_CODES.c.hash == hashed, LOGIN_CODES.c.used_at.is_(None), LOGIN_CODES.c.expires_at > at)
        .values(used_at=at)
    )
    if not done.rowcount:
        return None
    user = conn.execute(select(LOGIN_CODES.c.user).where(LOGIN_CODES.c.hash == hashed)).scalar_one()
    try:
        return people.person(conn, user)
    except NotFound:
        return None


def _lasts(at: str | BindParameter[str]) -> Any:
    return or_(TOKENS.c.expires_at.is_(None), TOKENS.c.expires_at > at)


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        label=row.label,
        scopes=tuple(row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


SHOWN = (
    select(TOKENS, PEOPLE.c.display, PEOPLE.c.is_admin)
    .join(PEOPLE, PEOPLE.c.name == TOKENS.c.user)
    .where(TOKENS.c.hash == bindparam("shown"), TOKENS.c.revoked_at.is_(None), _lasts(bindparam("at")))
    .where(PEOPLE.c.suspended_at.is_(None))
)
"""Made once, as ``members.ROLES`` is: it is asked with every request."""
