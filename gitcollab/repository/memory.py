"""Remembers what ids stand for, which never changes, within a bound on how much."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class Memory(Generic[V]):
    """Called with an id, loads its value or recalls it; forgets the longest unused beyond ``limit`` in weight."""

    def __init__(self, load: Callable[[str], V], weigh: Callable[[V], int], limit: int) -> None:
        self._load, self._weigh, self._limit = load, weigh, limit
        self._known: OrderedDict[str, V] = OrderedDict()
        self._weight = 0

    def __call__(self, oid: str) -> V:
        if oid in self._known:
            self._known.move_to_end(oid)
            return self._known[oid]
        value = self._load(oid)
        self._known[oid] = value
        self._weight += self._weigh(value)
        while self._weight > self._limit and len(self._known) > 1:
            self._weight -= self._weigh(self._known.popitem(last=False)[1])
        return value
