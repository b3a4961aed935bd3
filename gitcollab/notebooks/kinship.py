"""How much two notebooks are the same one: for pairing renamed files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any

from gitcollab.notebooks.reading import Unreadable, read


def kinship(a: bytes, b: bytes) -> float:
    """Returns 0 (strangers) to 1 (the same): the share of cells, by id or else by source, that both have."""
    if a == b:
        return 1.0
    try:
        cells = [read(data).cells for data in (a, b)]
    except Unreadable:
        return _shared(a.split(b"\n"), b.split(b"\n"))
    ids = [[cell.id for cell in side] for side in cells]
    sources = [[cell.source for cell in side if cell.source] for side in cells]
    by_id = _shared(*ids) if all(side and all(side) for side in ids) else 0.0
    return max(by_id, _shared(*sources))


def _shared(a: list[Any], b: list[Any]) -> float:
    if not a or not b:
        return 0.0
    one: Counter[Hashable] = Counter(a)
    return 2 * sum((one & Counter(b)).values()) / (len(a) + len(b))
