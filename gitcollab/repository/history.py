"""History: walks over commits, who descends from whom, and where two lines parted."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from gitcollab.repository.commits import Commits
from gitcollab.repository.trees import Trees
from gitcollab.repository.values import Commit, Entry

ASKED = 10_000
"""Commits of which it is remembered who was last seen to descend from them, or not to."""

FAR = 64
"""Commits between two from which on that is remembered: who is nearer is found sooner than what was remembered."""

_LEFT, _RIGHT, _STALE = 1, 2, 4


class History:
    """The history of one repository."""

    def __init__(self, commits: Commits, trees: Trees) -> None:
        self._read = commits.read
        self._depths: dict[str, int] = {}
        self._asked: OrderedDict[str, tuple[str, bool]] = OrderedDict()
        self._trees = trees

    def log(self, tip: str, path: str = "", limit: int | None = None, before: str = "") -> Iterator[Commit]:
        """Yields what ``tip`` descends from, newest first; with ``path`` only the commits that changed it.

        A merge that took the path from one parent unchanged leads on to that parent only (git's simplification).
        ``before`` is the last commit of the page before; if it is not in this history, nothing follows.
        """
        count = 0
        is_after = not before
        for commit in self._simplified(tip, path) if path else self._walk(tip):
            if is_after:
                yield commit
                count += 1
                if limit is not None and count >= limit:
                    return
            is_after = is_after or commit.oid == before

    def line(self, tip: str, stop: str | None = None) -> Iterator[Commit]:
        """Yields ``tip`` and its first parents, up to but without ``stop``."""
        oid: str | None = tip
        while oid and oid != stop:
            commit = self._read(oid)
            yield commit
            oid = commit.parents[0] if commit.parents else None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether ``newer`` is or descends from ``older``."""
        if older == newer:
            return True
        if (above := self._depth(newer) - self._depth(older)) < FAR:
            return above > 0 and older in self._meetings(older, newer)
        known = self._asked.pop(older, None)
        answer = self._since(older, newer, *known) if known else older in self._meetings(older, newer)
        self._asked[older] = newer, answer
        if len(self._asked) > ASKED:
            self._asked.popitem(last=False)
        return answer

    def _since(self, older: str, newer: str, before: str, was: bool) -> bool:
        """The same, where it is known whether ``before`` descends from ``older``.

        The same commits are asked about at every save, while the shared branch moves on by a few commits: only those
        are walked, and not all the way down to a commit that lies thousands of saves back.
        """
        if before == newer:
            return was
        if was:
            return before in self._meetings(before, newer) or older in self._meetings(older, newer)
        return any(commit.oid == older for commit in self.beyond(newer, (before,)))

    def merge_bases(self, a: str, b: str) -> list[str]:
        """Returns the best common ancestors, newest first: several in a criss-cross, none for strangers."""
        found = self._meetings(a, b)
        if len(found) < 2:
            return found
        return [
            each
            for each in found
            if not any(each in self._meetings(each, other) for other in found if other != each)
        ]

    def beyond(self, tip: str, held: Iterable[str]) -> Iterator[Commit]:
        """Yields what ``tip`` descends from and none of ``held`` does, each after what descends from it."""
        is_held = dict.fromkeys(held, True)
        own = set() if tip in is_held else {tip}
        is_held.setdefault(tip, False)
        queue = [(-self._depth(oid), oid) for oid in is_held]
        heapq.heapify(queue)
        while own:
            _, oid = heapq.heappop(queue)
            commit, here = self._read(oid), is_held[oid]
            own.discard(oid)
            if not here:
                yield commit
            for parent in commit.parents:
                if parent not in is_held:
                    heapq.heappush(queue, (-self._depth(parent), parent))
                is_held[parent] = here or is_held.get(parent, False)
                (own.discard if is_held[parent] else own.add)(parent)

    def _walk(self, tip: str) -> Iterator[Commit]:
        queue, seen = _Queue(), {tip}
        queue.push(self._read(tip))
        while queue:
            commit = queue.pop()
            yield commit
            for parent in commit.parents:
                if parent not in seen:
                    seen.add(parent)
                    queue.push(self._read(parent))

    def _simplified(self, tip: str, path: str) -> Iterator[Commit]:
        queue, seen = _Queue(), {tip}
        queue.push(self._read(tip))
        while queue:
            commit = queue.pop()
            here = self._at(commit, path)
            parents = [self._read(parent) for parent in commit.parents]
            same = [parent for parent in parents if self._at(parent, path) == here]
            if not same and (parents or here is not None):
                yield commit
            for parent in same[:1] or parents:
                if parent.oid not in seen:
                    seen.add(parent.oid)
                    queue.push(parent)

    def _at(self, commit: Commit, path: str) -> Entry | None:
        return self._trees.below(commit.tree, path)

    def _meetings(self, a: str, b: str) -> list[str]:
        """Paints what each side descends from until one side has nothing of its own left (git's paint_down_to_common).

        Deepest first, so that whatever a side still has of its own cannot descend from what was passed already: when
        the other side's is used up, all further common ground lies below what was found. A session that has only had
        deliveries for years is a long side of its own, and is not walked.
        """
        if a == b:
            return [a]
        paint: dict[str, int] = {a: _LEFT, b: _RIGHT}
        queue = [(-self._depth(oid), oid) for oid in (a, b)]
        heapq.heapify(queue)
        own, found = {_LEFT: {a}, _RIGHT: {b}}, list[str]()
        while own[_LEFT] and own[_RIGHT]:
            _, oid = heapq.heappop(queue)
            colour = paint[oid]
            own[_LEFT].discard(oid)
            own[_RIGHT].discard(oid)
            if colour == _LEFT | _RIGHT:
                found.append(oid)
                colour |= _STALE
            for parent in self._read(oid).parents:
                old = paint.get(parent, 0)
                paint[parent] = old | colour
                if not old:
                    heapq.heappush(queue, (-self._depth(parent), parent))
                for side, members in own.items():
                    (members.add if paint[parent] == side else members.discard)(parent)
        found += [oid for _, oid in queue if paint[oid] == _LEFT | _RIGHT]
        return [oid for oid in found if not paint[oid] & _STALE]

    def _depth(self, oid: str) -> int:
        """The length of the longest line below a commit: always more than its parents' (git's generation number)."""
        pending = [oid]
        while pending:
            parents = () if pending[-1] in self._depths else self._read(pending[-1]).parents
            missing = [parent for parent in parents if parent not in self._depths]
            if missing:
                pending += missing
            else:
                done = pending.pop()
                if done not in self._depths:
                    self._depths[done] = 1 + max((self._depths[parent] for parent in parents), default=0)
        return self._depths[oid]


class _Queue:
    """Commits, newest first; of the same second, the one pushed first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Commit]] = []
        self._count = 0

    def push(self, commit: Commit) -> None:
        self._count += 1
        heapq.heappush(self._heap, (-commit.seconds, self._count, commit))

    def pop(self) -> Commit:
        return heapq.heappop(self._heap)[2]

    def __bool__(self) -> bool:
        return bool(self._heap)
