"""Times as the store writes them: UTC in ISO 8601 to the second, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gitcollab.errors import BadInput

FORM = "%Y-%m-%dT%H:%M:%SZ"


def now() -> str:
    """Returns the present time, ``2026-11-20T10:00:00Z``."""
    return datetime.now(UTC).strftime(FORM)


def later(at: str, seconds: int) -> str:
    """Returns the time ``seconds`` after ``at``; BadInput unless that is later and has a four-digit year."""
    try:
        moment = datetime.fromisoformat(at) + timedelta(seconds=seconds)
    except OverflowError:
        moment = None
    if seconds <= 0 or moment is None:
        raise BadInput(f"{seconds} seconds is no time to last", "give a positive number of seconds")
    return moment.strftime(FORM)
