"""Layer 2: which cell of one version is which of another. Ids first, then content, then likeness in what is left."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import islice, pairwise
from operator import lt

from gitcollab.notebooks.reading import Cell, likeness

LARGE = 900
"""Pairs of cells in one gap up to which each is compared with each; beyond, only those that share a rare line."""
ALIKE = 0.4
"""Likeness from which two cells in one gap are the same cell, where ids say nothing."""
ALIKE_DESPITE_IDS = 0.7
"""The same where ids are kept from version to version, and these two differ."""
ALIKE_ELSEWHERE = 0.8
"""The same for two cells at different places: moved and edited."""

NUMBERED = 3
"""Cells whose ids are plain numbers from which on such ids are taken for places."""

Pairs = dict[int, int]
"""Index in the new version to index in the old one."""


def align(old: Sequence[Cell], new: Sequence[Cell]) -> Pairs:
    """Returns for each cell of ``new`` that is also in ``old``, moved or edited or not, its place there."""
    return _Alignment(old, new).pairs


def increasing(values: Sequence[int]) -> list[int]:
    """Returns the positions of a longest increasing subsequence (patience sorting, O(n log n))."""
    if all(map(lt, values, islice(values, 1, None))):  # nothing moved, as mostly
        return list(range(len(values)))
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for position, value in enumerate(values):
        k = bisect_left(tails, value)
        before.append(ends[k - 1] if k else -1)
        if k == len(tails):
            tails.append(value)
            ends.append(position)
        else:
            tails[k] = value
            ends[k] = position
    found = []
    at = ends[-1] if ends else -1
    while at >= 0:
        found.append(at)
        at = before[at]
    return found[::-1]


def once(keys: Iterable[Hashable]) -> dict[Hashable, int]:
    """Maps the keys that occur exactly once (None aside) to their positions."""
    seen: dict[Hashable, int] = {}
    for position, key in enumerate(keys):
        seen[key] = -1 if key in seen else position
    return {key: position for key, position in seen.items() if position >= 0 and key is not None}


class _Alignment:
    def __init__(self, old: Sequence[Cell], new: Sequence[Cell]) -> None:
        self.old, self.new = old, new
        self.pairs: Pairs = {}
        self.taken: set[int] = set()
        self.kept_ids = 0
        self._by_id()
        if len(self.pairs) < len(new) and len(self.taken) < len(old):
            self._by_content(lambda cell: cell.content)
            self._by_content(lambda cell: cell.source if cell.is_telling else None)
        if len(self.pairs) < len(new) and len(self.taken) < len(old):
            for gap in self._gaps():
                self._in_gap(*gap)
            self._elsewhere()

    def _pair(self, j: int, i: int) -> None:
        self.pairs[j] = i
        self.taken.add(i)

    def _by_id(self) -> None:
        ids = _identities(self.old), _identities(self.new)
        if ids[0] == ids[1] and None not in ids[0] and len(set(ids[0])) == len(ids[0]):
            twins = [(k, k) for k in range(len(self.new))]
        else:
            places = once(ids[0])
            twins = [(j, places[key]) for key, j in once(ids[1]).items() if key in places]
        self.kept_ids = len(twins)
        unsure = []
        for j, i in twins:
            one, other = self.new[j], self.old[i]
            if one is other or one.source == other.source:
                self.pairs[j] = i
            else:
                unsure.append((j, i))
        self.taken.update(self.pairs.values())
        if unsure:
            self._unless_elsewhere(unsure)

    def _unless_elsewhere(self, twins: list[tuple[int, int]]) -> None:
        """An id whose text has changed beyond recognition holds, unless that very text stands in another cell."""
        free_old, free_new = self._free()
        here = {self.old[i].content for i in free_old}
        there = {self.new[j].content for j in free_new}
        for j, i in twins:
            went = self.old[i].is_telling and self.old[i].content in there
            came = self.new[j].is_telling and self.new[j].content in here
            if not (went or came) or likeness(self.new[j], self.old[i]) >= ALIKE:
                self._pair(j, i)

    @functools.cached_property
    def has_stable_ids(self) -> bool:
        """Whether cells keep their ids between these two versions: what says the same under other ids tells not."""
        if not all(_identities(self.old)) or not all(_identities(self.new)):
            return False
        if not self.kept_ids and min(len(self.old), len(self.new)) > 1:
            return False
        changed = sum(
            self.old[i].id != self.new[j].id
            and self.new[j].is_telling
            and self.old[i].content == self.new[j].content
            for j, i in self.pairs.items()
        )
        return changed <= self.kept_ids

    def _free(self) -> tuple[list[int], list[int]]:
        return (
            [i for i in range(len(self.old)) if i not in self.taken],
            [j for j in range(len(self.new)) if j not in self.pairs],
        )

    def _by_content(self, key_of: Callable[[Cell], Hashable]) -> None:
        free_old, free_new = self._free()
        places = once(key_of(self.old[i]) for i in free_old)
        here = once(key_of(self.new[j]) for j in free_new)
        twins = [(free_new[n], free_old[places[key]]) for key, n in here.items() if key in places]
        in_order = set(increasing([i for _, i in twins]))
        for n, (j, i) in enumerate(twins):
            if n in in_order or self.new[j].is_telling:
                self._pair(j, i)

    def _gaps(self) -> list[tuple[list[int], list[int]]]:
        """Runs of unpaired cells between two neighbouring anchors, in both versions; both runs are not empty."""
        fixed = sorted(self.pairs.items())
        anchors = [fixed[k] for k in increasing([i for _, i in fixed])]
        ends = [(-1, -1), *anchors, (len(self.new), len(self.old))]
        gaps = []
        for (j, i), (next_j, next_i) in pairwise(ends):
            free_new = [k for k in range(j + 1, next_j) if k not in self.pairs]
            free_old = [k for k in range(i + 1, next_i) if k not in self.taken]
            if free_new and free_old:
                gaps.append((free_old, free_new))
        return gaps

    def _in_gap(self, olds: list[int], news: list[int]) -> None:
        olds, news = self._trimmed(olds, news)
        if not olds or not news:
            return
        found = _closest(self.old, self.new, olds, news, ALIKE_DESPITE_IDS if self.has_stable_ids else ALIKE)
        for i, j in found:
            self._pair(j, i)
        if not self.has_stable_ids:
            self._rewritten(olds, news)

    def _trimmed(self, olds: list[int], news: list[int]) -> tuple[list[int], list[int]]:
        """Pairs equal cells at both ends of a gap and returns what is left."""
        start = 0
        while start < min(len(olds), len(news)) and self._is_same(olds[start], news[start]):
            self._pair(news[start], olds[start])
            start += 1
        olds, news = olds[start:], news[start:]
        while olds and news and self._is_same(olds[-1], news[-1]):
            self._pair(news.pop(), olds.pop())
        return olds, news

    def _is_same(self, i: int, j: int) -> bool:
        return self.old[i].content == self.new[j].content

    def _rewritten(self, olds: list[int], news: list[int]) -> None:
        """As many cells of the same types left on both sides between the same neighbours were written anew."""
        for free_old, free_new in self._subgaps(olds, news):
            kinds = [self.old[i].kind for i in free_old], [self.new[j].kind for j in free_new]
            if kinds[0] == kinds[1] and len(free_old) <= 3:
                for i, j in zip(free_old, free_new, strict=True):
                    if not (self.old[i].is_blank or self.new[j].is_blank):
                        self._pair(j, i)

    def _subgaps(self, olds: list[int], news: list[int]) -> list[tuple[list[int], list[int]]]:
        inside = sorted((self.pairs[j], j) for j in news if j in self.pairs)
        ends = [*inside, (olds[-1] + 1, news[-1] + 1)]
        gaps = []
        last_i, last_j = olds[0] - 1, news[0] - 1
        for i, j in ends:
            free_old = [k for k in olds if last_i < k < i and k not in self.taken]
            free_new = [k for k in news if last_j < k < j and k not in self.pairs]
            if free_old and free_new:
                gaps.append((free_old, free_new))
            last_i, last_j = i, j
        return gaps

    def _elsewhere(self) -> None:
        olds, news = self._free()
        olds = [i for i in olds if self.old[i].is_telling]
        news = [j for j in news if self.new[j].is_telling]
        if not olds or not news:
            return
        scored = sorted(
            (
                (-score, i, j)
                for i, j, score in _scores(self.old, self.new, olds, news)
                if score >= ALIKE_ELSEWHERE
            ),
        )
        for _, i, j in scored:
            if i not in self.taken and j not in self.pairs:
                self._pair(j, i)


def _identities(cells: Sequence[Cell]) -> list[str | None]:
    """The ids that tell which cell is which. Some tools number the cells anew at every save: that tells where it is.
    A cell without one may have nbgrader's, which a grade hangs on."""
    if sum([cell.is_numbered for cell in cells]) < NUMBERED:
        return [cell.id or _grade_id(cell) for cell in cells]
    return [_grade_id(cell) if cell.is_numbered else cell.id for cell in cells]


def _grade_id(cell: Cell) -> str | None:
    """nbgrader's name of a graded cell, as no id of nbformat can be."""
    graded = cell.data["metadata"].get("nbgrader")
    name = graded.get("grade_id") if isinstance(graded, dict) else None
    return f"nbgrader {name}" if isinstance(name, str) and name else None


def _closest(
    old: Sequence[Cell], new: Sequence[Cell], olds: list[int], news: list[int], least: float
) -> list[tuple[int, int]]:
    """The pairs in order (no two cross) whose likenesses, each at least ``least``, have the largest sum."""
    scores = {(i, j): score for i, j, score in _scores(old, new, olds, news) if score >= least}
    if len(olds) * len(news) > LARGE:
        return _best_in_order(scores)
    best = [[0.0] * (len(news) + 1) for _ in range(len(olds) + 1)]
    for a in range(len(olds) - 1, -1, -1):
        for b in range(len(news) - 1, -1, -1):
            taken = scores.get((olds[a], news[b]))
            skipped = max(best[a + 1][b], best[a][b + 1])
            best[a][b] = skipped if taken is None else max(skipped, taken + best[a + 1][b + 1])
    found = []
    a = b = 0
    while a < len(olds) and b < len(news):
        if best[a][b] == best[a + 1][b]:
            a += 1
        elif best[a][b] == best[a][b + 1]:
            b += 1
        else:
            found.append((olds[a], news[b]))
            a, b = a + 1, b + 1
    return found


def _best_in_order(scores: dict[tuple[int, int], float]) -> list[tuple[int, int]]:
    found: dict[int, int] = {}
    taken = set()
    for (i, j), _ in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        if j not in found and i not in taken:
            found[j] = i
            taken.add(i)
    in_order = sorted(found.items())
    kept = increasing([i for _, i in in_order])
    return [(in_order[k][1], in_order[k][0]) for k in kept]


def _scores(
    old: Sequence[Cell], new: Sequence[Cell], olds: list[int], news: list[int]
) -> Iterable[tuple[int, int, float]]:
    if len(olds) * len(news) <= LARGE:
        for i in olds:
            for j in news:
                yield i, j, likeness(old[i], new[j])
        return
    rare: dict[str, list[int]] = {}
    for i in olds:
        for line in old[i].lines:
            rare.setdefault(line, []).append(i)
    for j in news:
        near = Counter(i for line in new[j].lines for i in rare.get(line, ())[:8] if len(rare[line]) <= 8)
        for i, _ in near.most_common(4):
            yield i, j, likeness(old[i], new[j])
