"""Bases: which commit the open copy of a file comes from, so that a save of it says so before anybody asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

ALIVE = 120.0
"""Seconds after which a tab that is not heard of is gone; it says again every half minute what it has open."""

REMEMBERED = 200
"""Files, and versions of each that its own saves have replaced, which are remembered."""


class Bases:
    """What open notebooks come from. May be used from several threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._tabs: dict[Path, dict[str, tuple[str, float]]] = {}
        self._replaced: dict[Path, dict[str, None]] = {}

    def note(self, file: Path, tab: str, version: str) -> None:
        """Notes what a tab says its model comes from; what a save of it has replaced by now is old news."""
        with self._lock:
            tabs = self._tabs.setdefault(file, {})
            if version and version not in self._replaced.get(file, {}):
                tabs[tab] = version, self._now() + ALIVE
            while len(self._tabs) > REMEMBERED:
                self._replaced.pop(oldest := next(iter(self._tabs)), None)
                del self._tabs[oldest]

    def of(self, file: Path) -> str | None:
        """Returns what the file that was just saved came from; None unless exactly one tab has it open."""
        with self._lock:
            alive = [version for version, until in self._tabs.get(file, {}).values() if until > self._now()]
            return alive[0] if len(alive) == 1 else None

    def replace(self, file: Path, base: str, version: str) -> None:
        """Notes that a save of a copy of ``base`` became ``version``: the copy comes from there now."""
        with self._lock:
            replaced = self._replaced.setdefault(file, {})
            if base != version:
                replaced[base] = None
                replaced.pop(version, None)
            while len(replaced) > REMEMBERED:
                del replaced[next(iter(replaced))]
            tabs = self._tabs.get(file, {})
            for tab, (known, until) in tabs.items():
                if known == base:
                    tabs[tab] = version, until

    def forget(self, file: Path, tab: str) -> None:
        """Forgets a tab that was closed."""
        with self._lock:
            self._tabs.get(file, {}).pop(tab, None)
