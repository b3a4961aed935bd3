"""A cookie that was signed out stays out until it would have expired anyway."""

from __future__ import annotations

from sqlalchemy import Connection

from gitcollab.store import clock, signouts


def test_who_signs_out_is_out_and_nobody_else(conn: Connection) -> None:
    signouts.sign_out(conn, "a", 60)
    signouts.sign_out(conn, "a", 60)
    assert (True, False) == (signouts.is_signed_out(conn, "a"), signouts.is_signed_out(conn, "b"))


def test_a_sign_out_is_forgotten_with_its_cookie(conn: Connection) -> None:
    signouts.sign_out(conn, "a", 60)
    assert 0 == signouts.forget(conn)
    assert 1 == signouts.forget(conn, clock.later(clock.now(), 61))
    assert not signouts.is_signed_out(conn, "a")
