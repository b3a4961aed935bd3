"""Spots: reading, setting and masking the place in a file that an open item is about.

A spot is a cell's field, a whole cell, a notebook's metadata, a hunk of lines (``range`` in the shared text) or the
whole file. ``like`` is the shared branch's file, in which the item's id or range holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

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
        hunk = itemroom.as_bytes(value) or b""
        return stacked([b"".join(lines[:start]), hunk, b"".join(lines[end:])], like=data)
    return notebooks.place(data, item.cell, item.field, value, like=like or b"")


def put_all(data: bytes | None, values: Sequence[tuple[Item, Json]], *, like: bytes | None) -> bytes | None:
    """Sets several spots of one file; hunks from the last to the first, so that ranges stay true."""
    for item, value in sorted(values, key=lambda pair: pair[0].range or (0, 0), reverse=True):
        data = put(data, item, value, like=like)
    return data


def stacked(texts: Sequence[bytes], *, like: bytes = b"") -> bytes:
    """Joins texts so that no line runs into the next: what ends without a newline gets one, as ``like`` has them."""
    present = [text for text in texts if text]
    end = b"\r\n" if b"\r\n" in (like or b"".join(present)) else b"\n"
    whole = [text if text.endswith(b"\n") else text + end for text in present[:-1]]
    return b"".join([*whole, *present[-1:]])


def joined(found: Sequence[Item], shared: bytes, own: bytes) -> list[Item]:
    """Makes one item of one session's open hunks that run into each other in its own text, as lines between them do.

    The first keeps its id and takes on all lines between; the values of its sides are to be judged anew.
    """
    result: list[Item] = []
    for item in sorted(found, key=lambda one: one.range or (0, 0)):
        last = result[-1] if result else None
        if last and aligned(shared, _span(last), own)[1] > aligned(shared, _span(item), own)[0]:
            result[-1] = _one_of(last, item, shared)
        else:
            result.append(item)
    return result


def _span(item: Item) -> tuple[int, int]:
    return item.range or (0, 0)


def _one_of(first: Item, second: Item, shared: bytes) -> Item:
    between = b"".join(notebooks.split(shared)[_span(first)[1] : _span(second)[0]])
    values = {
        side: itemroom.as_json(stacked([_text(first, side), between, _text(second, side)], like=shared))
        for side in itemroom.SIDES
    }
    span = (_span(first)[0], max(_span(first)[1], _span(second)[1]))
    return msgspec.structs.replace(first, range=span, **values)


def _text(item: Item, side: str) -> bytes:
    return itemroom.as_bytes(getattr(item, side)) or b""


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
    hunks = sorted((item for item in bound if item.field == "lines"), key=_span)
    out, done = list[bytes](), 0
    for item in hunks:
        start, end = aligned(like, _span(item), text)
        out += [*lines[done:start], MASK % item.id.encode("ascii")]
        done = max(done, end)
    return b"".join([*out, *lines[done:]])


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
        if out and hunk and not out[-1].endswith(b"\n"):
            out[-1] += b"\n"  # the last line of its text, and no longer
        out += hunk
    return b"".join(out), ranges, [*lines, len(out)]
