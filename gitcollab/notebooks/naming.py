"""Every cell's id in the merged notebook: unique, from an input where one has it, else derived from the content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from gitcollab.notebooks.order import Spot
from gitcollab.notebooks.reading import Cell


class _Claim(NamedTuple):
    rank: int  # 0 for an id that the cell has in the base, too
    content: str
    place: int


def names(spots: Sequence[Spot]) -> list[str]:
    """Returns one id for each cell, the same whichever side is which."""
    wanted = [_wanted(spot) for spot in spots]
    plain = [name for name in wanted if name is not None]
    if len(plain) == len(set(plain)) == len(wanted):
        return plain
    claims = sorted((_Claim(_rank(spot, wanted[k]), _content(spot), k), k) for k, spot in enumerate(spots))
    given: dict[int, str] = {}
    used: set[str] = set()
    late = []
    for _, k in claims:
        name = wanted[k]
        if name is None or name in used:
            late.append(k)
        else:
            given[k] = name
            used.add(name)
    for k in late:
        given[k] = _derived(f"{_content(spots[k])}\0{wanted[k]}", used)
    return [given[k] for k in range(len(spots))]


def _wanted(spot: Spot) -> str | None:
    if spot.base is not None and spot.ours is spot.theirs is spot.base:
        return spot.base.id
    ids = [cell.id for cell in (spot.ours, spot.theirs) if cell is not None and cell.id is not None]
    if not ids:
        return None
    old = spot.base.id if spot.base is not None else None
    new = [name for name in ids if name != old and not (old and name.isdecimal())]
    return min(new) if new else old


def _rank(spot: Spot, wanted: str | None) -> int:
    return 0 if spot.base is not None and spot.base.id == wanted else 1


def _content(spot: Spot) -> str:
    cells: list[Cell] = [cell for cell in (spot.ours, spot.theirs) if cell is not None]
    model = spot.base or min(cells, key=lambda cell: cell.content)
    return "\0".join(model.content)


def _derived(text: str, used: set[str]) -> str:
    n = 0
    while True:
        name = hashlib.sha256(f"{text}\0{n}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
        if name not in used:
            used.add(name)
            return name
        n += 1
