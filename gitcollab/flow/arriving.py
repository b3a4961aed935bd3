"""Arriving: suspected secrets in what a push brings, found while git has not let it in yet."""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterator
from pathlib import Path

from gitcollab import notebooks
from gitcollab.acts.pushing import PushedSecret, SearchPush
from gitcollab.flow.arrivedwords import MESSAGE, Words, told
from gitcollab.flow.charter import Charter, read_charter
from gitcollab.flow.points import MAIN
from gitcollab.notebooks import Finding
from gitcollab.repository import Brought, Quarantine, Repository

SIZE_LIMIT = 100_000_000
"""Bytes of a file that is looked into; no larger one is let in."""

MOST = 100
"""Findings that one job tells of."""

HEAD = 8000
"""Bytes at the beginning of a file in which a NUL makes it binary, as git judges."""

SHORTEST = 12
"""Printable bytes in a row that could be a secret in a binary file."""

_PRINTABLE = bytes(32 <= byte < 127 or byte in b"\t\n\r" for byte in range(256))
_ROW = b"\1" * SHORTEST


def search(path: Path, act: SearchPush) -> tuple[PushedSecret, ...]:
    """Returns the suspected secrets that these new objects of a push hold, if the collab wants them looked for.

    A file or commit is looked at whatever leads to it: git gives any object to whoever knows its id. Secrets that a
    file had before, on the shared branch or where the push goes on from, are shared and ask nothing; a name is asked
    about where a new commit gives it to a file. Each secret is told once.
    """
    repo = Repository(path)
    if read_charter(repo, Charter()).secrets == "off":
        return ()
    arrived = Quarantine(path, Path(act.arrived))
    words, found = Words(), dict[str, tuple[Finding, ...]]()
    for oid in act.objects:
        kind, data = arrived.read(oid, SIZE_LIMIT)
        words.look(oid, kind, data)
        if kind == "blob" and (findings := _secrets(data)) and not repo.has(oid):
            found[oid] = findings
    judged = _Judged(repo, found)
    for change in arrived.changes(act.tips) if found or words.has_names else ():
        judged.see(change)
        words.see(change, judged.is_shared)
    said = (told(one, MESSAGE, "") for one in notebooks.secrets(act.message.encode("utf-8", "replace")))
    known: dict[str, PushedSecret] = {}
    for one in (*judged.told(), *words.told(lambda oid: not repo.has(oid)), *said):
        known.setdefault(one.digest, one)
    return tuple(itertools.islice(known.values(), MOST))


def _secrets(data: bytes) -> tuple[Finding, ...]:
    is_binary = b"\0" in data[:HEAD] and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return notebooks.secrets(b"\0".join(rows(data)) if is_binary else data)


def rows(data: bytes) -> Iterator[bytes]:
    """Yields what is printable in a binary file and long enough to be a secret: twenty times as fast."""
    marks, at = data.translate(_PRINTABLE), 0
    while (start := marks.find(_ROW, at)) >= 0:
        at = marks.find(0, start)
        at = len(marks) if at < 0 else at
        yield data[start:at]


class _Judged:
    """What is known of the new blobs that hold something: where they first stand, and what their files had before."""

    def __init__(self, repo: Repository, found: dict[str, tuple[Finding, ...]]) -> None:
        self._repo, self._found = repo, found
        self._main = repo.head(MAIN)
        self._old: dict[str, frozenset[str]] = {}
        self._places: dict[str, Brought] = {}
        self._shared: dict[str, frozenset[str]] = dict.fromkeys(found, frozenset())

    def is_shared(self, path: str) -> bool:
        """Whether everybody has a file of that path."""
        return self._main is not None and self._repo.entry(self._main, path) is not None

    def see(self, change: Brought) -> None:
        """Takes in one change of a new commit; those before it have been seen."""
        if change.oid not in self._found:
            return
        self._places.setdefault(change.oid, change)
        now = self._repo.entry(self._main, change.path) if self._main else None
        for before in (change.old, now.oid if now and now.is_file else None):
            if before is not None:
                self._shared[change.oid] |= self._digests(before)

    def told(self) -> Iterator[PushedSecret]:
        """Tells each secret once, where it first stands, but for those that its file had before."""
        known: set[str] = set()
        for oid in dict.fromkeys((*self._places, *self._found)):
            place = self._places.get(oid)
            for one in self._found[oid]:
                if one.digest not in self._shared[oid] and one.digest not in known:
                    known.add(one.digest)
                    yield told(one, one.field, place.commit if place else "", place.path if place else "")

    def _digests(self, oid: str) -> frozenset[str]:
        """The secrets in a blob that everybody may read already."""
        if oid in self._found:  # new itself
            return self._shared[oid]
        if oid not in self._old:
            known = self._repo.blob(oid) if self._repo.has(oid) else b""
            self._old[oid] = frozenset(one.digest for one in _secrets(known))
        return self._old[oid]
