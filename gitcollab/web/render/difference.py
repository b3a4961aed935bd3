"""Two versions of a file, cell by cell: what was added, removed, moved and changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from gitcollab.web.render.lines import Row, rows
from gitcollab.web.render.notebook import body_of, kind_of, title_of
from gitcollab.web.render.outputs import Budget, Output, outputs_of
from gitcollab.web.render.place import NOWHERE, Place
from gitcollab.web.render.text import joined

Cell = dict[str, Any]
Places = tuple[Place, Place]
UNCHANGED_SHOWN = 3
"""Unchanged lines shown before and after a change; the others are folded away."""
MOST = 2_000
"""Lines of one cell that are shown; the others are counted."""
RUN = 8
"""Unchanged cells in a row that are drawn; more are fetched when somebody opens them."""
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


def render_diff(
    cells: Iterable[Compared],
    language: str = "python",
    places: Places = (NOWHERE, NOWHERE),
    wanted: range | None = None,
) -> tuple[Cell, ...]:
    """The compared cells: what ``Compared`` says of each (``places``: where each side's pictures can be fetched), and

    ``wanted``: only these cells are returned (counted in the order of ``cells``), the unchanged ones whole; without it
    long runs of unchanged cells are only counted, with no ``blocks``, so that a page need not hold what nobody asked
    for. Besides: ``title`` (plain), ``blocks`` of the source (each ``is_folded`` and ``rows``: kind, old number, old
    html, new number, new html), ``plus`` and ``minus`` (lines), ``html`` (formatted Markdown of the newer side),
    ``outputs`` (pairs of lists, empty if they did not change) and ``metadata`` (rows).
    """
    every = list(cells)
    chosen = every if wanted is None else every[wanted.start : wanted.stop]
    undrawn = long_runs(every) if wanted is None else set()
    budget = Budget()
    return tuple(
        counted(each) if place in undrawn else compared(each, language, places_of(each, places), budget)
        for place, each in enumerate(chosen)
    )


def long_runs(cells: Sequence[Compared]) -> set[int]:
    """Where the cells stand that are unchanged like many of their neighbours."""
    found: set[int] = set()
    run: list[int] = []
    for place, cell in enumerate(cells):
        if cell.kind == "same" and not cell.is_moved:
            run.append(place)
            continue
        found |= set(run if len(run) > RUN else ())
        run = []
    return found | set(run if len(run) > RUN else ())


def counted(cell: Compared) -> Cell:
    """An unchanged cell that is not drawn."""
    empty: Cell = {"blocks": [], "left": 0, "html": "", "html_before": "", "outputs": [], "metadata": []}
    return empty | {
        "id": cell.id[:64],
        "kind": "same",
        "type": "",
        "before_index": cell.before_index,
        "after_index": cell.after_index,
        "is_moved": False,
        "title": "",
        "plus": 0,
        "minus": 0,
        "was_type": "",
        "is_drawn": False,
    }


def places_of(cell: Compared, places: Places) -> Places:
    """The places of one cell in both versions."""
    return places[0].of(cell.before_index or 0), places[1].of(cell.after_index or 0)


def compared(cell: Compared, language: str, places: Places, budget: Budget) -> Cell:
    """One cell in both versions."""
    before, after = side(cell.before), side(cell.after)
    newer = after if cell.after is not None else before
    kind = kind_of(newer)
    was, now = joined(before.get("source")), joined(after.get("source"))
    is_kept = cell.kind == "changed" and was == now
    source = [] if is_kept else rows(was, now, grammar(kind, language))
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
        **cut(folded(source) if cell.kind == "changed" else [block(source)]),
        "html": formatted(newer, places[1 if cell.after is not None else 0]),
        "html_before": formatted(before, places[0]) if cell.kind == "changed" else "",
        "outputs": [budget.fit(each) for each in outputs(cell, before, after, places)],
        "metadata": metadata(cell, before, after),
        "was_type": kind_of(before) if before else "",
        "is_drawn": True,
    }


def formatted(cell: Mapping[str, Any], place: Place) -> str:
    """A Markdown cell as it reads; empty for another one."""
    is_text = kind_of(cell) == "markdown"
    return body_of(cell, joined(cell.get("source")), "", place) if is_text else ""


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


def cut(blocks: list[Cell]) -> Cell:
    """The ``blocks`` up to ``MOST`` lines, and how many lines are ``left`` out."""
    shown: list[Cell] = []
    room = MOST
    for each in blocks:
        shown += [{**each, "rows": each["rows"][:room]}] if room else []
        room -= min(room, len(each["rows"]))
    return {
        "blocks": shown,
        "left": sum(len(each["rows"]) for each in blocks) - (MOST - room),
    }


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


def outputs(
    cell: Compared, before: Mapping[str, Any], after: Mapping[str, Any], places: Places
) -> list[list[Output]]:
    """What each side put out; nothing if that is the same."""
    if cell.kind == "changed" and not cell.outputs_changed:
        return []
    if cell.kind == "same":
        return []
    both = [outputs_of(before, places[0]), outputs_of(after, places[1])]
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
            **cut(folded(source) if kind == "changed" else [block(source)]),
            "html": "",
            "outputs": [],
            "metadata": [],
            "was_type": "text",
            "html_before": "",
            "is_drawn": True,
        },
    )
