"""Words on pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gitcollab.web.words import COLOURS, ago, colour, count, exact, initials

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ana Lima", "AL"),
        ("ben", "BE"),
        ("x", "X"),
        ("", "?"),
        ("mary-ann o.", "MO"),
        ("Ødegård", "ØD"),
        ("李 明", "李明"),
    ],
)
def test_initials_are_one_or_two_letters(name: str, expected: str) -> None:
    assert expected == initials(name)


def test_a_person_has_the_same_colour_everywhere() -> None:
    assert colour("ana") == colour("ana")
    assert {colour(f"user{n}") for n in range(200)} == set(range(COLOURS))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "just now"), (10, "just now"), (50, "1 minute ago"), (150, "2 minutes ago"), (3500, "1 hour ago"),
        (7300, "2 hours ago"), (90000, "1 day ago"), (800_000, "1 week ago"), (9_000_000, "8 Aug 2026"),
    ],
)  # fmt: skip
def test_times_are_relative_until_they_are_long_ago(seconds: int, expected: str) -> None:
    assert expected == ago((NOW - timedelta(seconds=seconds)).isoformat(), NOW)


def test_a_time_that_is_none_stays_as_it_is() -> None:
    assert ("soon", "soon") == (ago("soon"), exact("soon"))


def test_the_exact_time_is_utc() -> None:
    assert "20 Nov 2026, 10:07 UTC" == exact("2026-11-20T11:07:31+01:00")


def test_counts_agree_with_their_noun() -> None:
    assert ["1 cell", "2 cells", "1,000 people"] == [
        count(1, "cell"),
        count(2, "cell"),
        count(1000, "person", "people"),
    ]
