"""Lines of a difference in the order in which a page shows them one below the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

GONE, COME = "\u2212", "+"
"""The signs of a line that was removed and of one that was added."""


def unified(rows: Iterable[list[Any]]) -> Iterator[tuple[str, Any, Any, str]]:
    """Rows one below the other: sign, old number, new number, html; what went before what came, stretch by stretch."""
    gone: list[tuple[str, Any, Any, str]] = []
    come: list[tuple[str, Any, Any, str]] = []
    for kind, old, old_html, new, new_html in rows:
        if kind == "same":
            yield from (*gone, *come)
            gone, come = [], []
            yield " ", old, new, new_html
            continue
        if old is not None:
            gone.append((GONE, old, "", old_html))
        if new is not None:
            come.append((COME, "", new, new_html))
    yield from (*gone, *come)
