"""Times are written so that text order is time order."""

from __future__ import annotations

import re

import pytest

from gitcollab.errors import BadInput
from gitcollab.store import clock


def test_now_is_utc_to_the_second() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", clock.now())


def test_later_is_that_many_seconds_later() -> None:
    assert "2028-02-29T00:00:09Z" == clock.later("2028-02-28T23:59:59Z", 10)


@pytest.mark.parametrize("seconds", [0, -1, 10**12, 10**30])
def test_no_time_and_times_beyond_the_calendar_are_bad_input(seconds: int) -> None:
    with pytest.raises(BadInput):
        clock.later("2026-01-01T00:00:00Z", seconds)
