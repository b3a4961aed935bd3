"""Sole: one service writes a database, and whoever lost its connection takes the right anew if it can."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gitcollab import store
from gitcollab.errors import Unavailable, Unusable


def test_a_second_service_is_refused_until_the_first_gives_up(url: str, kind: str) -> None:
    first, second = store.Sole(url), store.Sole(url)
    first.take()
    first.take()
    if kind == "postgresql":
        with pytest.raises(Unusable, match="another gitcollab serves this database"):
            second.take()
    first.release()
    second.take()
    second.release()


def test_a_lost_connection_is_told_and_the_right_taken_anew_or_found_lost(url: str, kind: str) -> None:
    if kind == "sqlite":
        return  # the root's lock holds there
    first, second = store.Sole(url), store.Sole(url)
    first.take()
    end_connections(url)
    with pytest.raises(Unavailable):
        first.take()
    first.take()
    end_connections(url)
    second.take()
    with pytest.raises(Unavailable):
        first.take()
    with pytest.raises(Unusable):
        first.take()
    for one in (first, second):
        one.release()


def end_connections(url: str) -> None:
    """Ends every other connection to the database that holds an advisory lock."""
    engine = store.engine(url)
    ended = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    with engine.begin() as conn:
        assert [True] == list(conn.execute(text(ended)).scalars())
    engine.dispose()
