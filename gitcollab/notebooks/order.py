"""Layer 3: the order of cells, apart from their content. It does not depend on which side is which."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from gitcollab.notebooks.identity import LARGE, Pairs, align, increasing, once
from gitcollab.notebooks.reading import Cell, likeness
from gitcollab.notebooks.weighing import is_edited

ALIKE_INSERTS = 0.85
"""Likeness from which two cells that the sides inserted at one place are one cell written twice."""


class Places(NamedTuple):
    """Where a cell stood in the base and where each side put it (from 0), and whose place it has: shared or session."""

    base: int
    shared: int
    session: int
    taken: str


class Spot(NamedTuple):
    """One cell of the merge: the cell that each version has for it, None where it has none.

    ``source`` is set where the merged source is already known, because text went from one cell to another, ``places``
    where both sides moved the cell, to different places.
    """

    base: Cell | None
    ours: Cell | None
    theirs: Cell | None
    source: str | None = None
    places: Places | None = None

    @property
    def cells(self) -> tuple[Cell | None, Cell | None, Cell | None]:
        """The three versions."""
        return self[:3]


NOTHING: tuple[list[int], list[int]] = ([], [])
"""What floats in most gaps."""

Sides = tuple[Sequence[Cell], Sequence[Cell], Sequence[Cell]]


def spots(base: Sequence[Cell], ours: Sequence[Cell], theirs: Sequence[Cell]) -> list[Spot]:
    """Returns the cells of a merge, deleted ones too, in the order in which they shall stand."""
    return _Order((base, ours, theirs)).spots()


class _Order:
    """Works on numbers: a cell of the base has its index; one that a side inserted has a number behind them."""

    def __init__(self, sides: Sides) -> None:
        self.sides = sides
        base, ours, theirs = sides
        self.maps = (align(base, ours), align(base, theirs))
        self.names: list[list[int]] = []
        self.cells: list[dict[int, Cell]] = []  # of each version, by name, once all names are final
        self.torn: dict[int, bool] = {}  # cells that both sides moved apart, and whether ours decided
        self.following = len(base)
        for side, pairs in zip((ours, theirs), self.maps, strict=True):
            names = []
            for j in range(len(side)):
                if j in pairs:
                    names.append(pairs[j])
                else:
                    names.append(self.following)
                    self.following += 1
            self.names.append(names)
        for correct in (self._part, self._agree):
            seen = [list(names) for names in self.names]  # both sides are judged by the same sight of things
            for k in (0, 1):
                correct(k, seen[1 - k])

    def _agree(self, k: int, others: list[int]) -> None:
        """A cell that this side seems to have inserted, and that says what the other one made of a base cell, is that
        cell: a copy that was left as it was, or nothing at all, has been taken for it."""
        base, mine, other = self.sides[0], self.sides[k + 1], self.sides[2 - k]
        new = {
            cell.content: j
            for j, cell in enumerate(mine)
            if self.names[k][j] >= len(base) and cell.is_telling
        }
        if not new:
            return
        held = {name: j for j, name in enumerate(self.names[k])}
        for name, cell in zip(others, other, strict=True):
            if name < len(base) and cell.content in new and cell.content != base[name].content:
                j, i = new[cell.content], held.get(name)
                if i is None or (
                    mine[i].content == base[name].content
                    and (mine[i].id is None or mine[i].id != base[name].id)
                ):
                    names = self.names[k]
                    if i is not None:
                        names[i] = names[j]
                    names[j] = name
                    del new[cell.content]

    def _part(self, k: int, others: list[int]) -> None:
        """A cell that was taken for a base cell written anew, and that the other side inserted, is inserted."""
        base, mine, other = self.sides[0], self.sides[k + 1], self.sides[2 - k]
        new = {
            cell.content
            for name, cell in zip(others, other, strict=True)
            if name >= len(base) and cell.is_telling
        }
        for j, name in enumerate(self.names[k] if new else ()):
            is_edited = name < len(base) and mine[j].content != base[name].content
            if is_edited and mine[j].content in new and not _has_id_of(mine[j], base[name]):
                self.names[k][j] = self.following
                self.following += 1

    def spots(self) -> list[Spot]:
        """The result: the backbone that neither side moved, and what floats in the gaps between."""
        if self.names[0] == self.names[1] == list(range(len(self.sides[0]))):
            return list(map(Spot, *self.sides))  # each cell is where it was, as mostly
        gaps, lost = self._gaps()
        if self._join_twins(gaps):
            gaps, lost = self._gaps()
        self.cells = [self._by_name(k) for k in range(3)]
        order: list[int] = []
        for backbone, floats in gaps:
            if floats is not NOTHING:
                order += self._woven(*floats)
            if backbone is not None:
                order.append(backbone)
        seen = set(order)
        order += [name for name in lost if name not in seen]
        base, ours, theirs = self.cells
        apart = self._places_apart()
        return [
            Spot(base.get(name), ours.get(name), theirs.get(name), None, apart.get(name)) for name in order
        ]

    def _places_apart(self) -> dict[int, Places]:
        if not self.torn:
            return {}
        at = [{name: j for j, name in enumerate(names)} for names in self.names]
        sides = {True: "shared", False: "session"}
        return {n: Places(n, at[0][n], at[1][n], sides[is_ours]) for n, is_ours in self.torn.items()}

    def _by_name(self, k: int) -> dict[int, Cell]:
        if k == 0:
            return dict(enumerate(self.sides[0]))
        return dict(zip(self.names[k - 1], self.sides[k], strict=True))

    def _gaps(self) -> tuple[list[tuple[int | None, tuple[list[int], list[int]]]], list[int]]:
        """The gaps: what floats before each cell of the backbone (None: the end), as ours and as theirs has it."""
        size = len(self.sides[0])
        gone = self._gone()
        left = [[name for name in names if name not in gone] if gone else names for names in self.names]
        moved = [self._moved(left[k], set(left[1 - k])) for k in (0, 1)]
        loose = moved[0] | moved[1] | gone
        gap_of = [self._places(names, loose, size) for names in left]
        both = moved[0] & moved[1]
        self.torn = {n: gap_of[0][n] < gap_of[1][n] for n in both if gap_of[0][n] != gap_of[1][n]}
        floats: dict[int, tuple[list[int], list[int]]] = {}
        for k in (0, 1):
            for name in left[k]:
                place = gap_of[k].get(name)
                if place is not None and self._decides(name, k, moved, gap_of):
                    floats.setdefault(place, ([], []))[k].append(name)
        gaps: list[tuple[int | None, tuple[list[int], list[int]]]] = []
        for i in range(size + 1):
            is_backbone = i < size and i not in loose
            if is_backbone or i in floats:
                gaps.append((i if is_backbone else None, floats.get(i, NOTHING)))
        return gaps, sorted(loose)

    def _gone(self) -> set[int]:
        """The base cells that will not be there: what is beside them on either side stands at one place."""
        base = self.sides[0]
        both = [set(names) for names in self.names]
        gone = set(range(len(base))) - (both[0] & both[1])
        for k in (0, 1):
            for name, cell in zip(self.names[k], self.sides[k + 1], strict=True):
                if name in gone and is_edited(base[name].data, cell.data):
                    gone.discard(name)
        return gone

    def _moved(self, names: list[int], other: set[int]) -> set[int]:
        """The base cells that a side has elsewhere; a cell that the other side deleted moves before any other."""
        size = len(self.sides[0])
        known = [name for name in names if name < size]
        common = [name for name in known if name in other]
        kept = {common[n] for n in increasing(common)}
        if len(kept) == len(known):
            return set()
        later = size
        ceilings = []
        for name in reversed(known):
            later = name if name in kept else later
            ceilings.append(later)
        floor = -1
        moved = set()
        for name, ceiling in zip(known, reversed(ceilings), strict=True):
            if name in kept or floor < name < ceiling:
                floor = name
            else:
                moved.add(name)
        return moved

    @staticmethod
    def _places(names: list[int], loose: set[int], size: int) -> dict[int, int]:
        """Each floating cell's gap: the number of the base cell before which the gap ends."""
        places = {}
        gap = 0
        for name in names:
            if name < size and name not in loose:
                gap = name + 1
            else:
                places[name] = gap
        return places

    def _decides(self, name: int, k: int, moved: list[set[int]], gap_of: list[dict[int, int]]) -> bool:
        """Whether side ``k`` says where a floating cell goes: the one that moved it; of two, the earlier place."""
        other = gap_of[1 - k].get(name)
        if other is None:
            return True
        if name < len(self.sides[0]) and (name in moved[k]) != (name in moved[1 - k]):
            return name in moved[k]
        return gap_of[k][name] <= other

    def _join_twins(self, gaps: list[tuple[int | None, tuple[list[int], list[int]]]]) -> bool:
        """Gives cells that both sides inserted, and that are one, one name; returns whether there are any."""
        ours, theirs = (self._by_name(k) for k in (1, 2))
        size = len(self.sides[0])
        new = [[name for name in names if name >= size] for names in self.names]
        if not new[0] or not new[1]:
            return False
        twins = _same_inserts({n: ours[n] for n in new[0]}, {n: theirs[n] for n in new[1]})
        joined = {*twins, *twins.values()}
        for _, floats in gaps:
            if floats is NOTHING:
                continue
            left = [[n for n in side if n >= size and n not in joined] for side in floats]
            if left[0] and left[1]:
                more = _like_inserts([(n, ours[n]) for n in left[0]], [(n, theirs[n]) for n in left[1]])
                twins |= more
                joined |= {*more, *more.values()}
            more = _variants(floats, twins, (ours, theirs))
            twins |= more
            joined |= {*more, *more.values()}
        self.names[1] = [twins.get(name, name) for name in self.names[1]]
        return bool(twins)

    def _woven(self, ours: list[int], theirs: list[int]) -> list[int]:
        """Both sides' floating cells of one gap; shared ones hold the rest in place."""
        place = {name: k for k, name in enumerate(ours)}
        shared = [(k, place[name]) for k, name in enumerate(theirs) if name in place]
        kept = [shared[n] for n in increasing([a for _, a in shared])]
        held = {ours[a] for _, a in kept}
        found: list[int] = []
        at = [0, 0]
        for k, a in [*kept, (len(theirs), len(ours))]:
            mine = ours[at[0] : a]
            other = [name for name in theirs[at[1] : k] if name not in place or name in held]
            found += self._shuffled(mine, other)
            if a < len(ours):
                found.append(ours[a])
            at = [a + 1, k + 1]
        return found

    def _shuffled(self, ours: list[int], theirs: list[int]) -> list[int]:
        if not ours or not theirs:
            return ours or theirs
        mine, other = (self._blocks(k, names) for k, names in ((1, ours), (2, theirs)))
        found: list[int] = []
        while mine and other:
            first = mine if mine[0][0] <= other[0][0] else other
            found += first.pop(0)[1]
        return found + [name for _, names in mine + other for name in names]

    def _blocks(self, k: int, names: list[int]) -> list[tuple[tuple[int, str, bool], list[int]]]:
        """Cuts inserted cells into blocks whose keys increase: merging blocks by key gives the same order for any
        number of sides, in whatever order they come, and no block is torn."""
        cells = self.cells[k]
        blocks: list[tuple[tuple[int, str, bool], list[int]]] = []
        for name in names:
            is_new = name >= len(self.sides[0])
            key = (*_key(cells[name] if is_new else self.sides[0][name]), is_new)
            if blocks and key <= blocks[-1][0]:
                blocks[-1][1].append(name)
            else:
                blocks.append((key, [name]))
        return blocks


def _has_id_of(cell: Cell, other: Cell) -> bool:
    return cell.id is not None and cell.id == other.id


def _key(cell: Cell) -> tuple[int, str]:
    """A heading leads what follows it, so that sections stay whole; else any order that everybody computes alike."""
    rank = 0
    if cell.kind == "markdown":
        rank = 2 if cell.source.startswith("#") else 1
    text = f"{cell.kind}\0{cell.source}\0{cell.id}"
    return rank, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _same_inserts(ours: dict[int, Cell], theirs: dict[int, Cell]) -> Pairs:
    """Pairs (theirs to ours) of cells that say the same, or that have one id and much in common."""
    found: Pairs = {}
    places = once(cell.id for cell in ours.values())
    names = list(ours)
    for name, cell in theirs.items():
        if cell.id in places:
            twin = names[places[cell.id]]
            if likeness(ours[twin], cell) >= 0.5:
                found[name] = twin
    free: dict[tuple[str, str], list[int]] = {}
    joined = set(found.values())
    for name, cell in ours.items():
        if name not in joined:
            free.setdefault(cell.content, []).append(name)
    for name, cell in theirs.items():
        if name not in found and free.get(cell.content) and cell.is_telling:
            found[name] = free[cell.content].pop(0)
    return found


def _like_inserts(ours: list[tuple[int, Cell]], theirs: list[tuple[int, Cell]]) -> Pairs:
    """Pairs of cells at one place that say the same or nearly so, in order."""
    found: Pairs = {}
    first = 0
    is_small = len(ours) * len(theirs) <= LARGE
    for name, cell in theirs:
        for k in range(first, len(ours) if is_small else min(first + 1, len(ours))):
            if _is_like(cell, ours[k][1]):
                found[name] = ours[k][0]
                first = k + 1
                break
    return found


def _variants(
    floats: tuple[list[int], list[int]], twins: Pairs, cells: tuple[dict[int, Cell], dict[int, Cell]]
) -> Pairs:
    """Where both inserted one sequence of cells, the single cell that each has between two equal ones is one cell."""
    places = {name: k for k, name in enumerate(floats[0])}
    ends = [(k, places[twins[name]]) for k, name in enumerate(floats[1]) if twins.get(name) in places]
    found: Pairs = {}
    for (k, a), (next_k, next_a) in pairwise(ends):
        if next_k - k == 2 and next_a - a == 2:
            name, twin = floats[1][k + 1], floats[0][a + 1]
            if name in cells[1] and twin in cells[0] and cells[0][twin].kind == cells[1][name].kind:
                found[name] = twin
    joined = set(twins.values()) if found else ()
    return {name: twin for name, twin in found.items() if name not in twins and twin not in joined}


def _is_like(cell: Cell, other: Cell) -> bool:
    if cell.kind == other.kind and cell.source.strip() == other.source.strip():
        return True
    return cell.is_telling and other.is_telling and likeness(cell, other) >= ALIKE_INSERTS
