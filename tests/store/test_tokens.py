"""Tokens and sign-in codes: seen once, stored hashed, good until they expire, are used or are revoked."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Connection, Engine, text

from gitcollab import store
from gitcollab.errors import BadInput, NotFound
from gitcollab.model import Person
from gitcollab.store import clock, people, tokens

EARLY, LATE = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


def test_a_token_says_whose_it_is_and_what_it_may(conn: Connection) -> None:
    made = tokens.add_token(conn, "ana", "laptop", ("write", "read", "read"), LATE)
    found = tokens.person_of_token(conn, made.secret)
    assert found is not None
    person, token = found
    assert Person(name="ana", display="Ana") == person
    assert (made.id, "laptop", ("read", "write"), LATE, "") == (
        token.id,
        token.label,
        token.scopes,
        token.expires_at,
        token.secret,
    )


def test_a_secret_is_256_bits_with_our_prefix_and_stored_nowhere(conn: Connection, kind: str) -> None:
    made = tokens.add_token(conn, "ana")
    code = tokens.add_login_code(conn, "ana")
    assert re.fullmatch(r"gcp_[a-z2-7]{52}", made.secret)
    for table in ("tokens", "login_codes"):
        rows = str(conn.execute(text(f"SELECT * FROM {table}")).all())
        assert not any(secret[4:] in rows for secret in (made.secret, code))


@pytest.mark.parametrize("secret", ["", "gcp_", "gcp_" + "a" * 52, "\0", "\ud800", "x" * 100_000])
def test_an_unknown_secret_is_nobodys(conn: Connection, secret: str) -> None:
    tokens.add_token(conn, "ana")
    assert None is tokens.person_of_token(conn, secret)
    assert None is tokens.use_login_code(conn, secret)


def test_an_expired_token_is_nobodys(conn: Connection) -> None:
    made = tokens.add_token(conn, "ana", expires_at="2030-01-01T00:00:00Z")
    assert tokens.person_of_token(conn, made.secret, "2029-12-31T23:59:59Z")
    assert None is tokens.person_of_token(conn, made.secret, "2030-01-01T00:00:00Z")


def test_a_revoked_token_is_nobodys_at_once(conn: Connection) -> None:
    made, other = tokens.add_token(conn, "ana"), tokens.add_token(conn, "ana")
    tokens.revoke_token(conn, "ana", made.id)
    assert None is tokens.person_of_token(conn, made.secret)
    assert [other.id] == [one.id for one in tokens.tokens(conn, "ana")]


def test_only_its_owner_revokes_a_token_and_only_once(conn: Connection) -> None:
    made = tokens.add_token(conn, "ana")
    with pytest.raises(NotFound):
        tokens.revoke_token(conn, "ben", made.id)
    tokens.revoke_token(conn, "ana", made.id)
    with pytest.raises(NotFound):
        tokens.revoke_token(conn, "ana", made.id)


def test_tokens_are_listed_without_secrets_and_with_their_last_use(conn: Connection) -> None:
    made = tokens.add_token(conn, "ana", "laptop")
    tokens.add_token(conn, "ana", "old", expires_at=EARLY)
    tokens.touch(conn, made.id, LATE)
    (listed,) = tokens.tokens(conn, "ana")
    assert ("laptop", LATE, "") == (listed.label, listed.last_used_at, listed.secret)


def test_reading_a_token_writes_nothing(engine: Engine, conn: Connection) -> None:
    made = tokens.add_token(conn, "ana")
    conn.commit()
    with store.reading(engine).connect() as reading:
        assert tokens.person_of_token(reading, made.secret)


@pytest.mark.parametrize("scope", ["", "root", "collab:", "collab:x", "cabcdefghi", "read write", "Read"])
def test_an_unknown_scope_is_bad_input(conn: Connection, scope: str) -> None:
    with pytest.raises(BadInput):
        tokens.add_token(conn, "ana", scopes=(scope,))


def test_a_token_can_be_bound_to_collabs(conn: Connection) -> None:
    assert ("collab:cabcdefghi", "read") == tokens.add_token(
        conn, "ana", "", ("read", "collab:cabcdefghi")
    ).scopes


def test_nobody_gets_no_token(conn: Connection) -> None:
    with pytest.raises(NotFound):
        tokens.add_token(conn, "nobody")
    with pytest.raises(NotFound):
        tokens.add_login_code(conn, "nobody")


def test_a_login_code_signs_in_once(conn: Connection) -> None:
    code = tokens.add_login_code(conn, "ana")
    assert people.person(conn, "ana") == tokens.use_login_code(conn, code)
    assert None is tokens.use_login_code(conn, code)


def test_a_login_code_expires(conn: Connection) -> None:
    code = tokens.add_login_code(conn, "ana", lasts=60)
    assert None is tokens.use_login_code(conn, code, clock.later(clock.now(), 61))
    assert tokens.use_login_code(conn, code)
