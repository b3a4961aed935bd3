"""Refs: read, and moved by compare-and-swap under git's own lock files.

The files are written here, not by libgit2: its errors carry no number, its locks survive a kill in a state where the
ref is both moved and locked, and its creation of a ref is not exclusive (facts-security F5 to F9).
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from gitcollab.repository.commits import SERVICE
from gitcollab.repository.durable import Pending, make_directories
from gitcollab.repository.errors import Damaged, RefLocked, RefMoved, disk_errors
from gitcollab.repository.flushing import flushing
from gitcollab.repository.locks import Lock, checked_ref, clear_empty, no_room, pause, take
from gitcollab.repository.packed import PackedRefs
from gitcollab.repository.values import OID, checked_oid

PATIENCE = 5.0
"""Seconds to wait for a lock that somebody else holds (facts-security §3, row 11)."""


class Move(NamedTuple):
    """A ref goes from ``old`` (None: does not exist) to ``new`` (None: is removed)."""

    ref: str
    new: str | None
    old: str | None
    why: str = ""


class Refs:
    """The refs of one repository, by full name (``refs/heads/main``). ``pending`` is flushed before any moves."""

    def __init__(self, path: Path, pending: Pending) -> None:
        self.path = path
        self.patience = PATIENCE
        self.pending = pending
        self._packed = PackedRefs(path)
        self._staged: dict[str, Move] | None = None
        self._seen: dict[str, str | None] = {}  # while moves are noted, since they were last marked

    def read(self, ref: str) -> str | None:
        """Returns the id that a ref holds, None if there is no such ref."""
        if self._staged is not None and ref in self._staged:
            return self._staged[ref].new
        seen = self._seen if self._staged is not None else {}  # the turn's of now: it may end meanwhile
        if ref not in seen:
            loose = self._loose(checked_ref(ref))
            seen[ref] = loose if loose is not None else self._packed.read().get(ref)
        return seen[ref]

    def all(self, prefix: str = "refs/heads/") -> dict[str, str]:
        """Returns {full name: id} of the refs whose name begins with ``prefix``, sorted."""
        loose = dict(self._walk(prefix))  # before the packed ones: a ref being packed is in one of them
        packed = {name: oid for name, oid in self._packed.read().items() if name.startswith(prefix)}
        staged = {name: each.new for name, each in (self._staged or {}).items() if name.startswith(prefix)}
        return dict(sorted((name, oid) for name, oid in {**packed, **loose, **staged}.items() if oid))

    def move(self, ref: str, new: str, old: str | None, why: str = "") -> None:
        """Moves a ref from ``old`` (None: it must not exist) to ``new``, durably, and what it names with it.

        Raises RefMoved if it is elsewhere, RefLocked if its lock is held for longer than the patience, Unusable if
        its name stands above or below another ref's.
        """
        self._do(Move(ref, checked_oid(new), old, why))

    def drop(self, ref: str, old: str) -> None:
        """Removes a ref that is at ``old``, and its log; RefMoved if it is elsewhere."""
        self._do(Move(ref, None, checked_oid(old)))

    def stage(self) -> None:
        """From now on moves are only noted (and seen by readers of this object), until ``unstage``.

        A ref that is read meanwhile is not read again until ``staged`` marks how far it has come: dozens of questions
        of one turn are about the same few refs. Before a move is made it is read once more, under its lock.
        """
        if self._staged is not None:
            raise RuntimeError("barriers do not nest")
        self._staged = {}
        self._seen = {}

    def staged(self) -> dict[str, Move]:
        """Returns the moves that are noted."""
        self._seen = {}
        return dict(self._staged or {})

    def stage_only(self, moves: dict[str, Move]) -> None:
        """Notes these moves and no others."""
        self._staged = dict(moves)

    def unstage(self) -> list[Move]:
        """Returns the noted moves, one for each ref, in order; from now on moves are made again."""
        staged, self._staged = self._staged or {}, None
        return [move for move in staged.values() if move.new != move.old]

    def prepare(self, moves: Iterable[Move]) -> list[tuple[Lock, Move]]:
        """Takes the locks of all moves, checks them and writes them down, unflushed; none is made yet.

        Raises what ``move`` raises, with no lock left behind. The flush of ``pending`` must come next.
        """
        held: list[tuple[Lock, Move]] = []
        try:
            for move in moves:
                held.append((take(self.path, move.ref, self.patience), move))
                self._fill(*held[-1])
        except BaseException:
            release(held)
            raise
        return held

    def place(self, held: list[tuple[Lock, Move]]) -> list[Path]:
        """Makes the prepared moves, unflushed; returns the directories whose flush makes them durable."""
        for lock, move in held:
            with disk_errors(move.ref):
                if move.new is None:
                    self._remove(move.ref)
                else:
                    self._log(move, move.new)
                    lock.place()
        return list(dict.fromkeys(each for lock, _ in held for each in lock.touched))

    def _do(self, move: Move) -> None:
        if self._staged is not None:
            self._stage(self._staged, move)
            return
        held = self.prepare([move])
        try:
            shared = flushing(self.path)
            with disk_errors(move.ref):
                shared.flush(self.pending)
                self.pending.add(directories=self.place(held))
                shared.flush(self.pending)
        finally:
            release(held)

    def _stage(self, staged: dict[str, Move], move: Move) -> None:
        self._check(move)
        first = staged.pop(move.ref, None)
        staged[move.ref] = move._replace(old=first.old if first else move.old)

    def _check(self, move: Move) -> None:
        current = self.read(move.ref)
        if current != move.old:
            raise RefMoved(move.ref, move.old, current)
        if move.old is None:
            self._check_room(move.ref)

    def _check_room(self, ref: str) -> None:
        parts = ref.split("/")
        above = {"/".join(parts[:count]) for count in range(3, len(parts))}
        for name in self.all("refs/"):
            if name in above or name.startswith(f"{ref}/"):
                raise no_room(ref, name)

    def _fill(self, lock: Lock, move: Move) -> None:
        self._check(move)
        if move.new is not None:
            with disk_errors(move.ref):
                lock.fill(f"{move.new}\n".encode())
            self.pending.add(lock.path)

    def _log(self, move: Move, new: str) -> None:
        log = self.path / "logs" / move.ref
        clear_empty(log)
        make_directories(log.parent, self.path)
        when = f"{SERVICE.decode()} {int(time.time())} +0000"
        line = f"{move.old or '0' * 40} {new} {when}\t{' '.join(move.why.split())}\n"
        with open(log, "ab") as file:
            file.write(line.encode("utf-8", "replace"))

    def _remove(self, ref: str) -> None:
        self._unpack(ref)
        for path in (self.path / ref, self.path / "logs" / ref):
            path.unlink(missing_ok=True)

    def _unpack(self, ref: str) -> None:
        end = time.monotonic() + self.patience
        while True:
            try:
                return self._packed.drop(ref)
            except FileExistsError as error:
                if time.monotonic() > end:
                    raise RefLocked("packed-refs") from error
            pause()

    def _loose(self, ref: str) -> str | None:
        try:
            text = (self.path / ref).read_text("ascii", "replace").strip()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:  # no file system could hold such a ref
                return None
            raise
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


def release(held: Iterable[tuple[Lock, Move]]) -> None:
    """Gives up the locks that were not put in their refs' places."""
    for lock, _ in held:
        lock.release()
