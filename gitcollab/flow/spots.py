"""Spots: reading, setting and masking the place in a file that an open item is about.

A spot is a cell's field, a whole cell, a notebook's metadata, a hunk of lines (``range`` in the shared text) or the
whole file. ``like`` is the shared branch's file, in which the item's id or range holds.
"""

from __future__ import annotations

import difflib
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
        return itemroom.as_json(b"".join(lines_of(data)[start:end]))
    return notebooks.pick(data, item.cell, item.field, like=like or b"")


def put(data: bytes | None, item: Item, value: Json, *, like: bytes | None) -> bytes | None:
    """Returns the file with an item's spot set to ``value``; None removes the spot."""
    if item.field == "file":
        return itemroom.as_bytes(value)
    if data is None:
        return None
    if item.field == "lines":
        lines, (start, end) = lines_of(data), aligned(like or b"", item.range or (0, 0), data)
        return b"".join([*lines[:start], itemroom.as_bytes(value) or b"", *lines[end:]])
    return notebooks.place(data, item.cell, item.field, value, like=like or b"")


def put_all(data: bytes | None, values: Sequence[tuple[Item, Json]], *, like: bytes | None) -> bytes | None:
    """Sets several spots of one file; hunks from the last to the first, so that ranges stay true."""
    for item, value in sorted(values, key=lambda pair: pair[0].range or (0, 0), reverse=True):
        data = put(data, item, value, like=like)
    return data


def lines_of(text: bytes) -> list[bytes]:
    """Splits a text after each newline, and only there."""
    parts = text.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def lines_in(text: bytes) -> int:
    """Counts the lines of a text, an unfinished last one included."""
    return text.count(b"\n") + (not text.endswith(b"\n") and bool(text))


def aligned(shared: bytes, span: tuple[int, int], other: bytes) -> tuple[int, int]:
    """Returns the lines of ``other`` that stand where ``shared`` has the lines ``span``.

    A changed stretch that reaches over an end of the span belongs to it as a whole, so that no line falls between.
    """
    if shared == other:
        return span
    opcodes = difflib.SequenceMatcher(None, lines_of(shared), lines_of(other), autojunk=False).get_opcodes()
    start, end = span
    first = last = None
    for tag, a0, a1, b0, b1 in opcodes:
        if tag == "equal":
            low, high = max(a0, start), min(a1, end)
            if low < high:
                first = b0 + low - a0 if first is None else first
                last = b0 + high - a0
        elif a0 <= end and a1 >= start and (a0 < end or a1 > start or a0 == a1 or start == end):
            first = b0 if first is None else min(first, b0)
            last = b1
    if first is None or last is None:
        return _empty_at(opcodes, start)
    return first, last


def _empty_at(opcodes: Sequence[tuple[str, int, int, int, int]], line: int) -> tuple[int, int]:
    """Where a line boundary of the shared text lies in the other one."""
    for tag, a0, a1, b0, _ in opcodes:
        if tag == "equal" and a0 <= line <= a1:
            return b0 + line - a0, b0 + line - a0
    return (0, 0)


def masked(text: bytes, bound: Sequence[Item], *, like: bytes) -> bytes:
    """Returns the text with each open hunk replaced by one line of its own."""
    lines = lines_of(text)
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
    for line in lines_of(text):
        lines.append(len(out))
        hunk = lines_of(itemroom.as_bytes(hunks[marks[line]]) or b"") if line in marks else [line]
        if line in marks:
            ranges[marks[line]] = (len(out), len(out) + len(hunk))
        out += hunk
    return b"".join(out), ranges, [*lines, len(out)]
