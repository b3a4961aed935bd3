"""Two versions of a file, cell by cell: what was added, removed, moved and changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from gitcollab.web.render.lines import Row, rows
from gitcollab.web.render.notebook import body_of, kind_of, title_of
from gitcollab.web.render.outputs import Output, outputs_of
from gitcollab.web.render.text import joined

Cell = dict[str, Any]
UNCHANGED_SHOWN = 3
"""Unchanged lines shown before and after a change; the others are folded away."""
FOLDED_FROM = 6
"""Unchanged lines in a row that are folded; fewer are not worth a click."""


class Compared(Protocol):
    """One cell in both versions: ``gitcollab.notebooks.CellDiff``."""

    @property
    def kind(self) -> str:
        """same, added, removed or changed."""

    @property
    def id(self) -> str:
        """The cell's id."""

    @property
    def before(self) -> Any:
        """The older side's JSON, or None."""

    @property
    def after(self) -> Any:
        """The newer side's JSON, or None."""

    @property
    def before_index(self) -> int | None:
        """Its place in the older version, from 0."""

    @property
    def after_index(self) -> int | None:
        """Its place in the newer version, from 0."""

    @property
    def is_moved(self) -> bool:
        """Whether it changed places with others."""

    @property
    def outputs_changed(self) -> bool:
        """Whether its outputs differ."""

    @property
    def metadata_changed(self) -> bool:
        """Whether its metadata differs."""


def render_diff(cells: Iterable[Compared], language: str = "python") -> tuple[Cell, ...]:
    """The compared cells: what ``Compared`` says of each, and

    ``title`` (plain), ``blocks`` of the source (each ``is_folded`` and ``rows``, a row being kind, old number, old
    html, new number, new html), ``plus`` and ``minus`` (lines), ``html`` (formatted Markdown of the newer side),
    ``outputs`` (pairs of lists, empty if they did not change) and ``metadata`` (rows).
    """
    return tuple(compared(each, language) for each in cells)


def compared(cell: Compared, language: str) -> Cell:
    """One cell in both versions."""
    before, after = side(cell.before), side(cell.after)
    newer = after if cell.after is not None else before
    kind = kind_of(newer)
    source = rows(joined(before.get("source")), joined(after.get("source")), grammar(kind, language))
    return {
        "id": cell.id[:64],
        "kind": cell.kind,
        "type": kind,
        "before_index": cell.before_index,
        "after_index": cell.after_index,
        "is_moved": cell.is_moved,
        "title": title_of(joined(newer.get("source"))),
        "plus": sum(row.kind in {"added", "changed"} for row in source),
        "minus": sum(row.kind in {"removed", "changed"} for row in source),
        "blocks": folded(source) if cell.kind == "changed" else [block(source)],
        "html": body_of(newer, joined(newer.get("source")), kind, language) if kind == "markdown" else "",
        "outputs": outputs(cell, before, after),
        "metadata": metadata(cell, before, after),
        "was_type": kind_of(before) if before else "",
    }


def side(cell: object) -> Mapping[str, Any]:
    """A cell, or an empty one."""
    return cell if isinstance(cell, dict) else {}


def grammar(kind: str, language: str) -> str:
    """The language of a cell's source."""
    return {"code": language, "markdown": "markdown"}.get(kind, "")


def block(part: list[Row], *, is_folded: bool = False) -> Cell:
    """A stretch of lines."""
    return {"is_folded": is_folded, "rows": [list(row) for row in part]}


def folded(source: list[Row]) -> list[Cell]:
    """The lines in blocks, long stretches without a change folded."""
    found: list[Cell] = []
    start = 0
    for first, end in stretches(source):
        head = first + (UNCHANGED_SHOWN if first else 0)
        tail = end - (UNCHANGED_SHOWN if end < len(source) else 0)
        if tail - head < FOLDED_FROM:
            continue
        found += [block(source[start:head])] if head > start else []
        found.append(block(source[head:tail], is_folded=True))
        start = tail
    return [*found, block(source[start:])] if start < len(source) else found


def stretches(source: list[Row]) -> Iterable[tuple[int, int]]:
    """The ranges of lines in a row that both sides have."""
    first = 0
    for index, row in enumerate(source):
        if row.kind != "same":
            if index > first:
                yield first, index
            first = index + 1
    if first < len(source):
        yield first, len(source)


def outputs(cell: Compared, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[list[Output]]:
    """What each side put out; nothing if that is the same."""
    if cell.kind == "changed" and not cell.outputs_changed:
        return []
    if cell.kind == "same":
        return []
    both = [outputs_of(before), outputs_of(after)]
    return both if any(both) else []


def metadata(cell: Compared, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[list[Any]]:
    """The lines of the metadata that differ, as rows."""
    if cell.kind != "changed" or not cell.metadata_changed:
        return []
    was, now = (json.dumps(each.get("metadata", {}), indent=1, sort_keys=True) for each in (before, after))
    return [list(row) for row in rows(was[:20_000], now[:20_000]) if row.kind != "same"]


def render_text_diff(before: bytes | None, after: bytes | None, language: str = "") -> tuple[Cell, ...]:
    """Two versions of a file that is no notebook, as one compared cell; None: the file is not there."""
    was, now = ((data or b"")[:2_000_000].decode("utf-8", "replace") for data in (before, after))
    kind = "same" if before == after else "changed"
    kind = "added" if before is None else "removed" if after is None else kind
    is_binary = any(b"\0" in (data or b"")[:8000] for data in (before, after))
    source = [] if is_binary else rows(was, now, language)
    sizes = " → ".join("not there" if data is None else f"{len(data):,} bytes" for data in (before, after))
    return (
        {
            "id": "",
            "kind": kind,
            "type": "text",
            "before_index": None if before is None else 0,
            "after_index": None if after is None else 0,
            "is_moved": False,
            "title": f"Not text: {sizes}" if is_binary else "",
            "plus": sum(row.kind in {"added", "changed"} for row in source),
            "minus": sum(row.kind in {"removed", "changed"} for row in source),
            "blocks": folded(source) if kind == "changed" else [block(source)],
            "html": "",
            "outputs": [],
            "metadata": [],
            "was_type": "text",
        },
    )
