"""Spots: reading, setting and masking the place in a file that an open item is about.

A spot is a cell's field, a whole cell, a notebook's metadata, a hunk of lines (``range`` in the shared text) or the
whole file. ``like`` is the shared branch's file, in which the item's id or range holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitcollab import notebooks
from gitcollab.flow import items as itemroom
from gitcollab.model import Item, Json

MASK = b"\x00gitcollab item %s\n"
"""Stands for an open hunk while a text is merged; a text holds no NUL, so it cannot occur in one."""


def get(data: bytes | None, item: Item, *, like: bytes | None) -> Json:
    """Returns the value of an item's spot in a file; None if it is not there."""
    if item.field == "file":
        return itemroom.as_json(data)
    if data is None:
        return None
    if item.field == "lines":
        start, end = aligned(like or b"", item.range or (0, 0), data)
        return itemroom.as_json(b"".join(notebooks.split(data)[start:end]))
    return notebooks.pick(data, item.cell, item.field, like=like or b"")


def put(data: bytes | None, item: Item, value: Json, *, like: bytes | None) -> bytes | None:
    """Returns the file with an item's spot set to ``value``; None removes the spot."""
    if item.field == "file":
        return itemroom.as_bytes(value)
    if data is None:
        return None
    if item.field == "lines":
        lines, (start, end) = notebooks.split(data), aligned(like or b"", item.range or (0, 0), data)
        return b"".join([*lines[:start], itemroom.as_bytes(value) or b"", *lines[end:]])
    return notebooks.place(data, item.cell, item.field, value, like=like or b"")


def put_all(data: bytes | None, values: Sequence[tuple[Item, Json]], *, like: bytes | None) -> bytes | None:
    """Sets several spots of one file; hunks from the last to the first, so that ranges stay true."""
    for item, value in sorted(values, key=lambda pair: pair[0].range or (0, 0), reverse=True):
        data = put(data, item, value, like=like)
    return data


def lines_in(text: bytes) -> int:
    """Counts the lines of a text, an unfinished last one included."""
    return text.count(b"\n") + (not text.endswith(b"\n") and bool(text))


def aligned(shared: bytes, span: tuple[int, int], other: bytes) -> tuple[int, int]:
    """Returns the lines of ``other`` that stand where ``shared`` has the lines ``span``.

    A changed stretch that touches the span belongs to it as a whole, so that no line falls between.
    """
    start, end = span
    touching = [hunk for hunk in notebooks.hunks(shared, other) if hunk.start <= end and hunk.end >= start]
    before = sum(_growth(hunk) for hunk in notebooks.hunks(shared, other) if hunk.end < start)
    first = min([start, *(hunk.start for hunk in touching)]) + before
    last = max([end, *(hunk.end for hunk in touching)]) + before + sum(map(_growth, touching))
    return first, last


def _growth(hunk: notebooks.Hunk) -> int:
    """How many lines longer the new text is for this hunk."""
    return (hunk.new_end - hunk.new_start) - (hunk.end - hunk.start)


def masked(text: bytes, bound: Sequence[Item], *, like: bytes) -> bytes:
    """Returns the text with each open hunk replaced by one line of its own."""
    lines = notebooks.split(text)
    spans = {item.id: aligned(like, item.range or (0, 0), text) for item in bound if item.field == "lines"}
    for name, (start, end) in sorted(spans.items(), key=lambda pair: pair[1], reverse=True):
        lines[start:end] = [MASK % name.encode("ascii")]
    return b"".join(lines)


def unmasked(text: bytes, hunks: Mapping[str, Json]) -> tuple[bytes, dict[str, tuple[int, int]], list[int]]:
    """Puts the hunks back; returns the text, where each hunk now lies, and where each masked line begins now."""
    marks = {MASK % name.encode("ascii"): name for name in hunks}
    out: list[bytes] = []
    ranges: dict[str, tuple[int, int]] = {}
    lines: list[int] = []
    for line in notebooks.split(text):
        lines.append(len(out))
        hunk = notebooks.split(itemroom.as_bytes(hunks[marks[line]]) or b"") if line in marks else [line]
        if line in marks:
            ranges[marks[line]] = (len(out), len(out) + len(hunk))
        out += hunk
    return b"".join(out), ranges, [*lines, len(out)]
