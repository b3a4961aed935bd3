"""Pieces of a cell that a browser fetches by their place: pictures, and what may run in a sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gitcollab.web.render import pictures
from gitcollab.web.render.outputs import MANY, given, output_of, streams_joined
from gitcollab.web.render.text import joined

FRAME = "text/html"
FRAGMENT = "text/x-fragment"
PLAIN = "text/plain"
KEY = re.compile(r"(a?)([0-9]{1,4})(h|p|)|(json)")
LARGEST = 20_000_000
"""Characters of one output that may run in a sandbox."""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>An output</title>
<style>body{margin:8px;font:14px/1.5 system-ui,sans-serif;background:#fff;color:#1a1b20}</style>
<body>"""


class Piece(NamedTuple):
    """``kind`` is a picture's type, ``FRAME`` for what runs in a sandbox and nowhere else, ``FRAGMENT`` for harmless
    HTML that a page takes in, or ``PLAIN``."""

    kind: str
    data: bytes


def piece(cell: Mapping[str, Any], key: str) -> Piece | None:
    """The piece of a cell that ``key`` names (see ``Place.address``); None if there is none that may be had."""
    found = KEY.fullmatch(key)
    if found is None:
        return None
    if found[4]:
        return Piece(PLAIN, json.dumps(cell, indent=1, ensure_ascii=False).encode("utf-8", "replace"))
    try:
        return attachment(cell, int(found[2])) if found[1] else output(cell, int(found[2]), found[3])
    except pictures.Unfit:
        return None


def attachment(cell: Mapping[str, Any], number: int) -> Piece | None:
    """A picture attached to a cell."""
    for _, form, text in pictures.attached(cell)[number : number + 1]:
        return Piece(form, pictures.picture(form, text))
    return None


def fragment(cell: Mapping[str, Any], number: int) -> Piece | None:
    """An output as a page shows it, which was too long to stand in it."""
    for k, each in streams_joined(given(cell)[:MANY]):
        if k == number:
            return Piece(FRAGMENT, output_of(each)["html"].encode("utf-8", "replace"))
    return None


def output(cell: Mapping[str, Any], number: int, is_run: str) -> Piece | None:
    """A picture that a cell put out, what of it may run in a sandbox (h), or all of it as a page shows it (p)."""
    if is_run == "p":
        return fragment(cell, number)
    for each in given(cell)[number : number + 1]:
        data = each.get("data")
        if isinstance(data, dict):
            return runnable(data) if is_run else drawn(data)
    return None


def drawn(data: Mapping[str, Any]) -> Piece | None:
    """An output as the picture that a page shows of it."""
    for form in pictures.MAGIC:
        if form in data:
            return Piece(form, pictures.picture(form, joined(data[form])))
    if pictures.SVG in data:
        return Piece(pictures.SVG, pictures.drawing(joined(data[pictures.SVG])))
    return None


RUN: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("text/html", lambda text: text),
    ("application/javascript", lambda text: f'<div id="element"></div><script>{text}</script>'),
    ("text/javascript", lambda text: f'<div id="element"></div><script>{text}</script>'),
)


def runnable(data: Mapping[str, Any]) -> Piece | None:
    """An output as a page of its own."""
    for form, wrapped in RUN:
        text = joined(data.get(form))
        if text and len(text) <= LARGEST:
            return Piece(FRAME, (PAGE + wrapped(text)).encode("utf-8", "replace"))
    return None
