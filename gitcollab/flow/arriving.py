"""Arriving: suspected secrets in what a push brings, found while git has not let it in yet."""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterator
from pathlib import Path

from gitcollab import notebooks
from gitcollab.acts.pushing import PushedSecret, SearchPush
from gitcollab.flow.alter import printable
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
    """Returns the suspected secrets that these new blobs of a push hold, if the collab wants them looked for.

    A blob is looked at whatever leads to it: git gives any object to whoever knows its id. Secrets that a file had
    before, on the shared branch or where the push goes on from, are shared and ask nothing.
    """
    repo = Repository(path)
    if read_charter(repo, Charter()).secrets == "off":
        return ()
    arrived = Quarantine(path, Path(act.arrived))
    found = {oid: findings for oid in act.blobs if (findings := _secrets(arrived.blob(oid, SIZE_LIMIT)))}
    new = {oid: findings for oid, findings in found.items() if not repo.has(oid)}
    return tuple(itertools.islice(_placed(repo, arrived, act.tips, new), MOST)) if new else ()


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
        self.places: dict[str, Brought] = {}
        self.shared: dict[str, frozenset[str]] = dict.fromkeys(found, frozenset())

    def see(self, change: Brought) -> None:
        """Takes in one change of a new commit; those before it have been seen."""
        if change.oid not in self._found:
            return
        self.places.setdefault(change.oid, change)
        now = self._repo.entry(self._main, change.path) if self._main else None
        for before in (change.old, now.oid if now and now.is_file else None):
            if before is not None:
                self.shared[change.oid] |= self._digests(before)

    def _digests(self, oid: str) -> frozenset[str]:
        """The secrets in a blob that everybody may read already."""
        if oid in self._found:  # new itself
            return self.shared[oid]
        if oid not in self._old:
            known = self._repo.blob(oid) if self._repo.has(oid) else b""
            self._old[oid] = frozenset(one.digest for one in _secrets(known))
        return self._old[oid]


def _placed(
    repo: Repository, arrived: Quarantine, tips: tuple[str, ...], found: dict[str, tuple[Finding, ...]]
) -> Iterator[PushedSecret]:
    """Tells each secret once, where it first stands, but for those that its file had before."""
    judged = _Judged(repo, found)
    for change in arrived.changes(tips):
        judged.see(change)
    told: set[str] = set()
    for oid in dict.fromkeys((*judged.places, *found)):
        for one in found[oid]:
            if one.digest not in judged.shared[oid] and one.digest not in told:
                told.add(one.digest)
                yield _told(one, judged.places.get(oid))


def _told(one: Finding, place: Brought | None) -> PushedSecret:
    return PushedSecret(
        kind=one.kind,
        path=printable(place.path) if place else "",
        commit=place.commit if place else "",
        cell=one.cell,
        field=one.field,
        line=one.line,
        excerpt=one.excerpt,
        digest=one.digest,
    )
