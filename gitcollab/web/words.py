"""Words on pages: times, counts, initials and the one colour that a person has everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

COLOURS = 12
"""How many colours for people the stylesheet has."""
UNITS = ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"))
LONG_AGO = 5 * 604800
"""Seconds after which a time is said as a date."""


def initials(name: str) -> str:
    """One or two letters for a person: of the first and last word, or the first two of the only one."""
    words = [word for word in name.replace(".", " ").replace("-", " ").replace("_", " ").split() if word]
    if not words:
        return "?"
    letters = words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]
    return letters.upper()


def colour(user: str) -> int:
    """The number of the person's colour, from the account's name alone, so that it is the same everywhere."""
    return hashlib.sha256(user.encode()).digest()[0] % COLOURS


def ago(at: str, now: datetime | None = None) -> str:
    """How long ago the time is, in words; the time itself if it is long ago, or cannot be read."""
    try:
        then = datetime.fromisoformat(at)
    except ValueError:
        return at
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds > LONG_AGO:
        return then.strftime("%-d %b %Y")
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size * 0.75)
    return f"{count(max(1, round(seconds / size)), unit)} ago"


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 change``, ``2 changes``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def exact(at: str) -> str:
    """The time itself, to the minute: ``20 Nov 2026, 11:37 UTC``."""
    try:
        return datetime.fromisoformat(at).astimezone(UTC).strftime("%-d %b %Y, %H:%M UTC")
    except ValueError:
        return at


FILTERS: dict[str, Callable[..., Any]] = {
    "initials": initials,
    "colour": colour,
    "ago": ago,
    "count": count,
    "exact": exact,
}
