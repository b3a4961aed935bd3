"""Lines as pages show them: those of a difference one below the other, and what people say with names in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from markupsafe import Markup, escape

from gitcollab.web.render.text import visible

GONE, COME = "\u2212", "+"
"""The signs of a line that was removed and of one that was added."""
NAME = re.compile(r"(?<![\w@.])@([a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?)")


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


def with_names(text: str, names: Iterable[str]) -> Markup:
    """What somebody said as HTML, those of ``names`` marked that it calls with an @."""
    known = set(names)
    parts: list[Markup] = []
    at = 0
    for found in NAME.finditer(text):
        if found[1] in known:
            parts += [
                escape(visible(text[at : found.start()])),
                Markup("<b class=mention>{}</b>").format(found[0]),
            ]
            at = found.end()
    return Markup("").join([*parts, escape(visible(text[at:]))])
