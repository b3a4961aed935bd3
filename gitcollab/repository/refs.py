"""Refs: read, and moved by compare-and-swap under git's own lock files.

The files are written here, not by libgit2: its errors carry no number, its locks survive a kill in a state where the
ref is both moved and locked, and its creation of a ref is not exclusive (facts-security F5 to F9). The protocol is
git's, so that the git program and this module exclude each other.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gitcollab.errors import BadInput, Unusable
from gitcollab.repository.commits import SERVICE
from gitcollab.repository.durable import make_directories, rewrite, sync_directory, write_new
from gitcollab.repository.errors import Damaged, RefLocked, RefMoved, disk_errors
from gitcollab.repository.packed import PackedRefs
from gitcollab.repository.values import OID, checked_oid

PATIENCE = 5.0
"""Seconds to wait for a lock that somebody else holds (facts-security §3, row 11)."""

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|\.(/|$)|/$")


class _Staged(NamedTuple):
    old: str | None
    new: str | None
    why: str


@dataclass
class _Lock:
    path: Path
    is_spent: bool = False


class Refs:
    """The refs of one repository, by full name (``refs/heads/main``)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_deferred = False
        self.patience = PATIENCE
        self._packed = PackedRefs(path)
        self._staged: dict[str, _Staged] | None = None

    def read(self, ref: str) -> str | None:
        """Returns the id that a ref holds, None if there is no such ref."""
        if self._staged is not None and ref in self._staged:
            return self._staged[ref].new
        loose = self._loose(checked_ref(ref))
        return loose if loose is not None else self._packed.read().get(ref)

    def all(self, prefix: str = "refs/heads/") -> dict[str, str]:
        """Returns {full name: id} of the refs whose name begins with ``prefix``, sorted."""
        loose = dict(self._walk(prefix))  # before the packed ones: a ref being packed is in one of them
        packed = {name: oid for name, oid in self._packed.read().items() if name.startswith(prefix)}
        staged = {name: each.new for name, each in (self._staged or {}).items() if name.startswith(prefix)}
        return dict(sorted((name, oid) for name, oid in {**packed, **loose, **staged}.items() if oid))

    def move(self, ref: str, new: str, old: str | None, why: str = "") -> None:
        """Moves a ref from ``old`` (None: it must not exist) to ``new``; durable on return unless deferred.

        Raises RefMoved if it is elsewhere, RefLocked if its lock is held for longer than the patience, Unusable if
        its name stands above or below another ref's.
        """
        checked_oid(new)
        if self._staged is not None:
            self._stage(self._staged, ref, new, old, why)
            return
        with self.locked(ref) as lock:
            self._expect(ref, old)
            if old is None:
                self._check_room(ref)
            with disk_errors(ref):
                self._write(lock, ref, new, old, why)

    def drop(self, ref: str, old: str) -> None:
        """Removes a ref that is at ``old``, and its log; RefMoved if it is elsewhere."""
        if self._staged is not None:
            self._stage(self._staged, ref, None, old, "")
            return
        with self.locked(ref):
            self._expect(ref, old)
            self._unpack(ref)
            for path in (self.path / ref, self.path / "logs" / ref):
                path.unlink(missing_ok=True)
            sync_directory((self.path / ref).parent)

    def stage(self) -> None:
        """From now on moves are only noted (and seen by readers of this object), until ``apply`` or ``forget``."""
        if self._staged is not None:
            raise RuntimeError("barriers do not nest")
        self._staged = {}

    def apply(self) -> None:
        """Makes the noted moves in their order, unflushed; the first that fails ends it and is raised."""
        staged, self._staged = self._staged or {}, None
        self.is_deferred = True
        try:
            for ref, each in staged.items():
                if each.new is not None:
                    self.move(ref, each.new, each.old, each.why)
                elif each.old is not None:
                    self.drop(ref, each.old)
        finally:
            self.is_deferred = False

    def forget(self) -> None:
        """Drops the noted moves."""
        self._staged = None

    @contextmanager
    def locked(self, ref: str) -> Iterator[_Lock]:
        """Holds a ref's lock file, empty. A block that renames it says so: the next holder's must not be removed."""
        lock = self.path / f"{checked_ref(ref)}.lock"
        with disk_errors(ref):
            self._take(lock, ref)
        held = _Lock(lock)
        try:
            yield held
        finally:
            if not held.is_spent:
                lock.unlink()

    def _stage(
        self, staged: dict[str, _Staged], ref: str, new: str | None, old: str | None, why: str
    ) -> None:
        self._expect(ref, old)
        if old is None:
            self._check_room(ref)
        first = staged.pop(ref, None)
        staged[ref] = _Staged(first.old if first else old, new, why)

    def _take(self, lock: Path, ref: str) -> None:
        end = time.monotonic() + self.patience
        while True:
            try:
                make_directories(lock.parent, self.path, is_synced=not self.is_deferred)
                return write_new(lock, [], is_synced=False)
            except (FileNotFoundError, NotADirectoryError, FileExistsError) as error:
                if isinstance(error, NotADirectoryError) or lock.parent.is_file():
                    raise _no_room(ref, str(lock.parent.relative_to(self.path))) from error
                if time.monotonic() > end:
                    raise RefLocked(ref) from error
            time.sleep(random.uniform(0.001, 0.05))  # noqa: S311 - spreads those who wait, guards nothing

    def _expect(self, ref: str, old: str | None) -> None:
        current = self.read(ref)
        if current != old:
            raise RefMoved(ref, old, current)

    def _check_room(self, ref: str) -> None:
        parts = ref.split("/")
        above = {"/".join(parts[:count]) for count in range(3, len(parts))}
        for name in self.all("refs/"):
            if name in above or name.startswith(f"{ref}/"):
                raise _no_room(ref, name)

    def _write(self, lock: _Lock, ref: str, new: str, old: str | None, why: str) -> None:
        rewrite(lock.path, f"{new}\n".encode(), is_synced=not self.is_deferred)
        self._log(ref, new, old, why)
        _clear_empty(self.path / ref)
        os.rename(lock.path, self.path / ref)
        lock.is_spent = True
        if not self.is_deferred:
            sync_directory(lock.path.parent)

    def _log(self, ref: str, new: str, old: str | None, why: str) -> None:
        log = self.path / "logs" / ref
        _clear_empty(log)
        make_directories(log.parent, self.path, is_synced=False)
        line = (
            f"{old or '0' * 40} {new} {SERVICE.decode()} {int(time.time())} +0000\t{' '.join(why.split())}\n"
        )
        with open(log, "ab") as file:
            file.write(line.encode("utf-8", "replace"))

    def _unpack(self, ref: str) -> None:
        end = time.monotonic() + self.patience
        while True:
            try:
                return self._packed.drop(ref)
            except FileExistsError as error:
                if time.monotonic() > end:
                    raise RefLocked("packed-refs") from error
            time.sleep(random.uniform(0.001, 0.05))  # noqa: S311 - as above

    def _loose(self, ref: str) -> str | None:
        try:
            text = (self.path / ref).read_text("ascii", "replace").strip()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        if text.startswith("ref: "):
            return self.read(text.removeprefix("ref: "))
        if not OID.fullmatch(text):
            raise Damaged(ref, "holds no object id")
        return text

    def _walk(self, prefix: str) -> Iterator[tuple[str, str]]:
        top = self.path / prefix.rpartition("/")[0]
        for directory, _, names in os.walk(top):
            for name in names:
                ref = f"{os.path.relpath(directory, self.path)}/{name}"
                if ref.startswith(prefix) and not name.endswith(".lock"):
                    oid = self._loose(ref)
                    if oid is not None:
                        yield ref, oid


def checked_ref(ref: str) -> str:
    """Returns ``ref`` if it can be a full ref name by git's rules (git-check-ref-format); BadInput if not."""
    if (
        ref.startswith("refs/")
        and not _FORBIDDEN.search(ref)
        and "/-" not in ref
        and len(ref.encode()) < 1000
    ):
        return ref
    raise BadInput(f"{ref[:200]!r} cannot name a ref")


def _no_room(ref: str, other: str) -> Unusable:
    return Unusable(f"{ref} cannot be made beside {other}", "a ref cannot stand above another", ref=ref)


def _clear_empty(path: Path) -> None:
    """Removes the empty directories that dropped refs left at a name; a directory in use is refused earlier."""
    if path.is_dir():
        for directory, _, _ in os.walk(path, topdown=False):
            os.rmdir(directory)
