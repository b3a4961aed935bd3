"""Deciding what is news in a directory: a stat table against what has been taken in. No events, no event loop."""

from __future__ import annotations

import errno
import math
import os
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gitcollab.workspace import Rules, Stat, Table, identity, look, shown, survey
from gitcollab.workspace.reading import COARSE, TICK

SHARE = 50  # a survey may cost one part in so many of the time: 2 %
MASS = 10  # tracked files from which a mass deletion is told apart
MASS_PERCENT = 30
AGAIN = 0.5  # seconds until what was told but not taken in is told again, doubling
AGAIN_AT_MOST = 60.0
JUST_NOW = 1.25 * TICK / 1e9  # seconds; what was written since cannot be read yet, see workspace.take
NEW_DIRECTORY = (
    0.0,
    0.1,
    1.0,
)  # seconds after which a new directory is looked through: its watch may have come late


@dataclass(frozen=True, slots=True)
class Changed:
    """A shared file is new or may have changed. ``is_missed``: it was found by looking, no notice had told of it."""

    path: str
    is_missed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Moved:
    """A file was renamed and not changed: the same inode, size and time under a new name."""

    old: str
    path: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A tracked file was deleted, and stayed so for the grace time."""

    path: str


@dataclass(frozen=True, slots=True)
class MassGone:
    """So many tracked files are gone at once that a person should confirm it before it counts."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that the rules admit is not taken in: too-large, unreadable, outside, not-regular or name."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The root is not the directory it was: it vanished, was replaced, or is no longer mounted."""

    reason: str


Found = Changed | Moved | Gone | MassGone | Skipped | Lost


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the watch is, in seconds.

    ``quiet`` a file has to be left alone, though no longer than ``most`` since its first change; ``grace`` it has
    to be gone; everything is looked at every ``period``, or every ``poll`` where there are no events.
    """

    quiet: float = 0.3
    most: float = 5.0
    grace: float = 2.0
    period: float = 30.0
    poll: float = 1.0
    is_polled: bool = False


@dataclass(slots=True)
class _Told:
    """Something yielded that the caller has not taken in yet."""

    what: object
    again_at: float
    pause: float


@dataclass
class Sight:
    """What is known of a directory. ``hint`` and ``want_all`` may be called while another thread looks."""

    root: Path
    rules: Rules
    seen: Mapping[str, Stat | None]
    pace: Pace

    _inbox: deque[tuple[float, str | None, bool]] = field(default_factory=deque)
    _pending: dict[str, tuple[float, float]] = field(default_factory=dict)  # path -> first, last hint
    _directories: list[tuple[float, int, str]] = field(default_factory=list)  # when, how often already, path
    _missing: dict[str, float] = field(default_factory=dict)  # path -> since when
    _told: dict[str, _Told] = field(default_factory=dict)
    _survey_at: float = 0.0
    _surveyed_at: float = 0.0
    _looked_at: float = 0.0
    _cost: float = 0.0
    _identity: tuple[int, int] | None = None

    def hint(self, path: str, *, is_added: bool = False) -> None:
        """Something happened at the path, relative to the root; nothing, if it is the root itself."""
        if not path:
            self.want_all()
        elif not self.rules.is_ignored(path):
            self._inbox.append((time.monotonic(), path, is_added))

    def want_all(self) -> None:
        """Something may have been missed: look at everything soon (half of the time is left for the rest)."""
        self._inbox.append((time.monotonic(), None, False))

    def rest(self) -> float:
        """Seconds until the next look is due. Not to be called while another thread looks."""
        self._sort_inbox()
        now = time.monotonic()
        dues = [
            self._survey_at,
            *(at for at, _, _ in self._directories),
            *map(self._due, self._pending.values()),
        ]
        dues += [
            due for since in self._missing.values() if (due := since + self.pace.grace) > self._looked_at
        ]
        dues += [told.again_at for told in self._told.values()]
        return max(0.0, min(dues) - now)

    def look(self, period: float) -> list[Found]:
        """Looks at what is due, by now, and returns what is news; blocks on the disk.

        ``period`` is the time in seconds between looks at everything; where one is dear, it comes less often.
        """
        self._sort_inbox()
        self._looked_at = time.monotonic()
        try:
            self._check_root()
            found = [*self._look_at_directories(), *self._look_at_files(), *self._look_at_all(period)]
            found += self._deletions()
            self._check_root()  # once more: a root that goes takes its files with it, and they are not deleted
        except OSError as error:
            return [Lost(error.strerror or "vanished")]
        return found

    def _check_root(self) -> None:
        found = identity(self.root)
        self._identity = self._identity or found
        if found != self._identity:
            raise FileNotFoundError(errno.ENOENT, "replaced by another directory", str(self.root))

    def _sort_inbox(self) -> None:
        while self._inbox:
            at, path, is_added = self._inbox.popleft()
            if path is None:
                self._survey_at = min(self._survey_at, self._surveyed_at + self._cost)
            else:
                first, _ = self._pending.get(path, (at, at))
                self._pending[path] = (first, at)
                if is_added:
                    self._directories.append((at, 0, path))

    def _due(self, times: tuple[float, float]) -> float:
        first, last = times
        return min(last + max(self.pace.quiet, JUST_NOW), first + max(self.pace.most, JUST_NOW))

    # --- looking ---

    def _look_at_files(self) -> Iterator[Found]:
        now = time.monotonic()
        due = {path for path, times in self._pending.items() if self._due(times) <= now}
        for path in due:
            del self._pending[path]
        due |= {path for path, told in self._told.items() if told.again_at <= now}
        due |= {path for path, since in self._missing.items() if since + self.pace.grace <= now}
        due |= self._below({path for path in due if path not in self.seen})
        if due:
            yield from self._judge(look(self.root, self.rules, sorted(due), self.seen.__contains__), due)

    def _look_at_directories(self) -> Iterator[Found]:
        """A new directory's own watch may have come later than its files: it is looked through three times."""
        now = time.monotonic()
        due = {path: times for at, times, path in self._directories if at <= now}
        self._directories = [each for each in self._directories if each[0] > now]
        for path in sorted(due):
            if not (self.root / path).is_dir() or any(above in due for above in _above(path)):
                continue
            table = survey(self.root, self.rules, below=path)
            for file in table.files:
                self._pending.setdefault(file, (now, now))
            yield from self._judge(table, set())
            if due[path] + 1 < len(NEW_DIRECTORY):
                self._directories.append((now + NEW_DIRECTORY[due[path] + 1], due[path] + 1, path))

    def _look_at_all(self, period: float) -> Iterator[Found]:
        self._survey_at = min(self._survey_at, self._surveyed_at + max(period, self._cost * SHARE))
        if time.monotonic() < self._survey_at:
            return
        began, tracked, is_first = time.thread_time(), dict(self.seen), not self._surveyed_at
        table = survey(self.root, self.rules, tracked)
        self._cost, self._surveyed_at = time.thread_time() - began, time.monotonic()
        self._survey_at = self._surveyed_at + max(period, self._cost * SHARE)
        self._wait_for_quiet(table)
        for found in self._judge(table, {*table.files, *table.skipped, *tracked, *self._told}):
            if isinstance(found, Changed) and not is_first:
                yield Changed(found.path, is_missed=True)
            else:
                yield found

    def _below(self, paths: set[str]) -> set[str]:
        """The tracked files that were below those of the paths that were directories and are gone."""
        gone = {path for path in paths if not os.path.lexists(self.root / path)}
        return (
            {each for each in list(self.seen) if any(above in gone for above in _above(each))}
            if gone
            else set()
        )

    def _wait_for_quiet(self, table: Table) -> None:
        """Files found without a hint, and changed this instant, are as good as hinted at."""
        wall, now = time.time_ns(), time.monotonic()
        for path in [path for path, stat in table.files.items() if not self._is_seen(path, stat)]:
            if 0 <= wall - table.files[path].mtime_ns < self.pace.quiet * 1e9:
                self._pending.setdefault(path, (now, now))

    # --- judging ---

    def _judge(self, table: Table, paths: set[str]) -> Iterator[Found]:
        paths = paths - self._pending.keys()
        self._note_missing(table, paths & self.seen.keys())
        for path in sorted(paths & table.files.keys()):
            yield from self._news(path, table.files[path])
        for path, reason in sorted(table.skipped.items()):
            if self._is_news(path, reason, math.inf):
                yield Skipped(shown(path), reason)
        for path in paths - table.files.keys() - table.skipped.keys() - self._missing.keys():
            self._told.pop(path, None)

    def _note_missing(self, table: Table, paths: set[str]) -> None:
        for path in paths:
            is_there = path in table.files or path in table.skipped
            if is_there or table.is_blind_to(path) or not self.rules.admits(path):
                self._missing.pop(path, None)
            else:
                self._missing.setdefault(path, time.monotonic())

    def _news(self, path: str, stat: Stat) -> Iterator[Found]:
        if self._is_seen(path, stat):
            self._told.pop(path, None)
        elif not _is_readable(self.root / path):
            if self._is_news(path, "unreadable", math.inf):
                yield Skipped(shown(path), "unreadable")
        elif self._is_news(path, stat):
            old = self._moved_from(path, stat)
            yield Moved(old, path) if old else Changed(path)

    def _is_seen(self, path: str, stat: Stat) -> bool:
        known = self.seen.get(path)
        is_settled = known is None or not known.is_racy or time.time_ns() - stat.mtime_ns < COARSE
        return stat.is_same(known) and is_settled

    def _moved_from(self, path: str, stat: Stat) -> str:
        """The tracked file that is missing and was this very one; an inode alone is soon used again."""
        if path in self.seen:
            return ""
        for old in self._missing:
            known = self.seen.get(old)
            if known and (known.ino, known.size, known.mtime_ns) == (stat.ino, stat.size, stat.mtime_ns):
                return old
        return ""

    def _deletions(self) -> Iterator[Found]:
        self._missing = {path: since for path, since in self._missing.items() if path in self.seen}
        now = time.monotonic()
        ripe = [path for path, since in sorted(self._missing.items()) if since + self.pace.grace <= now]
        if not self._is_mass():
            yield from [Gone(path) for path in ripe if self._is_news(path, "gone")]
        elif len(ripe) == len(self._missing):
            news = tuple(path for path in ripe if self._is_news(path, "mass", math.inf))
            if news:
                yield MassGone(news)

    def _is_mass(self) -> bool:
        return len(self.seen) >= MASS and len(self._missing) * 100 > len(self.seen) * MASS_PERCENT

    def _is_news(self, path: str, what: object, first_pause: float = AGAIN) -> bool:
        """Whether this has not been told yet, or so long ago that it bears repeating."""
        now, told = time.monotonic(), self._told.get(path)
        is_new = told is None or told.what != what
        if told and not is_new and now < told.again_at:
            return False
        pause = first_pause if told is None or is_new else min(told.pause * 2, AGAIN_AT_MOST)
        self._told[path] = _Told(what, now + pause, pause)
        return True


def _above(path: str) -> Iterator[str]:
    """The directories above a path, the outermost first, without the root."""
    for at, char in enumerate(path):
        if char == "/":
            yield path[:at]


def _is_readable(path: Path) -> bool:
    try:
        return os.access(path, os.R_OK, effective_ids=True)
    except NotImplementedError:  # musl
        return os.access(path, os.R_OK)
