"""Desks: the workspaces on this machine that the daemon watches, one for each session that has one."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from gitcollab import notebooks
from gitcollab.collab.holds import Holds
from gitcollab.collab.place import Place
from gitcollab.errors import GitcollabError
from gitcollab.flow.copies import oid_at, taken_from_directory
from gitcollab.flow.files import is_notebook
from gitcollab.flow.mirror import Known, Workspace, content_id, mirror
from gitcollab.flow.points import bytes_at
from gitcollab.model import SessionName
from gitcollab.repository import Repository
from gitcollab.workspace import Rules, Unstable, identity, is_exactly, read_stable, scan, survey

FURTHEST = 500
"""Commits of a session that are looked through for the version a workspace holds."""

KIN = 0.5
"""From this share of common cells on, what is new is what has gone, under another name."""

FEW = 10
"""So many deletions, or one in ten of the files, are taken in without asking."""


TICK = 0.025
"""Seconds after which a file that was left alone counts as whole."""

NOWHERE = (0, 0)
"""The place of a directory that is not there."""


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a workspace, and of which directory: its device and inode."""

    place: tuple[int, int]
    known: Known


class Desks:
    """The watched workspaces of one collab. Used under the collab's lock only."""

    def __init__(self, repo: Repository, collab: str, place: Place) -> None:
        self._repo, self._collab, self._place = repo, collab, place
        self._desks: dict[SessionName, Workspace] = {}
        self._places: dict[SessionName, tuple[int, int]] = {}
        self._unkept: set[SessionName] = set()
        self.holds = Holds(place, collab)

    def set_up(self, session: SessionName, root: Path, rules: Rules) -> Workspace:
        """Begins to know a workspace; what is remembered of it holds only while it is the same directory."""
        desk = self._desks.get(session)
        if desk is None or desk.root != root:
            self._places[session] = identity(root) if root.is_dir() else NOWHERE
            self._desks[session] = Workspace(root=root, rules=rules, known=self._remembered(session))
        return self._desks[session]

    def clear(self, session: SessionName) -> None:
        """Forgets a workspace: its session was closed, or the directory is no longer the one it was."""
        self._desks.pop(session, None)
        self._unkept.discard(session)
        self.holds.clear(session)
        self._place.known(self._collab, session).unlink(missing_ok=True)

    def changed(self, session: SessionName) -> Iterator[tuple[str, bytes | None]]:
        """Yields the files of a workspace that are not as they were last taken in or delivered; first those that were
        renamed, under their new names alone.
        """
        desk = self._desks.get(session)
        if desk is None or not desk.root.is_dir():
            return
        there = scan(desk.root, desk.rules)
        gone = [path for path in desk.known if path not in there]
        moved: dict[str, str] = {}
        for path in [path for path in there if path not in desk.known] if gone else ():
            data = self.read(session, path)
            if data is not None and (old := self.moved_from(session, path, data)) not in (None, *moved):
                moved[str(old)] = path
                yield path, data
        there = {path: stat for path, stat in there.items() if path not in moved.values()}
        gone = [path for path in gone if path not in moved]
        if len(gone) <= max(FEW, len(desk.known) * FEW // 100):  # more at once is for the watch to ask about
            yield from ((path, None) for path in gone)
        young: list[str] = []
        for path in itertools.chain(sorted(there), _after_a_tick(young)):
            try:
                data = read_stable(desk.root, path, limit=desk.rules.cap(path))
            except Unstable:
                young.append(path)
                continue
            except (GitcollabError, FileNotFoundError):
                continue  # not to be taken in: the watcher says so, and comes back to it
            if content_id(path, data) != desk.known.get(path):
                yield path, data

    def skipped(self, session: SessionName) -> tuple[tuple[str, str], ...]:
        """Returns the files of a workspace that are not taken in, and why; none while it is away."""
        desk = self._desks.get(session)
        if desk is None or not desk.root.is_dir():
            return ()
        table = survey(desk.root, desk.rules)
        return tuple((table.skipped | dict.fromkeys(sorted(table.blind), "unreadable")).items())

    def base(self, session: SessionName, path: str) -> str | None:
        """The commit that a workspace's copy came from, where a delivery has not been written into it yet.

        What is known of a workspace may be older than its last save that was taken in: a crash came between the two.
        """
        desk, head = self._desks.get(session), self._repo.head(session.ref)
        held = desk.known.get(path) if desk else None
        if held is None or head is None or oid_at(self._repo, head, path) == held:
            return None
        for commit in itertools.islice(self._repo.line(head), FURTHEST):
            if oid_at(self._repo, commit.oid, path) == held:
                return commit.oid
            if (taken := taken_from_directory(self._repo, commit, path)) is not None:
                return None if oid_at(self._repo, taken, path) == oid_at(self._repo, head, path) else taken
        return None

    def has_taken(self, session: SessionName, path: str, data: bytes | None) -> bool:
        """Whether the workspace held just that when it was last taken in or delivered: then it is no new save."""
        desk = self._desks.get(session)
        return desk is not None and data is not None and desk.known.get(path) == content_id(path, data)

    def lies_there(self, session: SessionName, path: str, data: bytes | None) -> bool:
        """Whether the workspace's file is exactly these bytes: then who sends them has just written it."""
        desk = self._desks.get(session)
        if desk is None or data is None or not desk.rules.admits(path):
            return False
        return is_exactly(desk.root, path, data)

    def moved_from(self, session: SessionName, path: str, data: bytes) -> str | None:
        """The one file of a workspace that is missing and is what is new at ``path``: the same bytes, or else a kin.

        So a rename is known also where nobody saw it happen, by whichever door the file comes in.
        """
        desk, head = self._desks.get(session), self._repo.head(session.ref)
        if desk is None or head is None or path in desk.known:
            return None
        gone = [old for old in desk.known if Path(old).suffix == Path(path).suffix]
        gone = [old for old in gone if not os.path.lexists(desk.root / old)]
        same = [old for old in gone if desk.known[old] == content_id(path, data)]
        if same or not is_notebook(path):
            return same[0] if len(same) == 1 else None
        kin = [old for old in gone[:FEW] if _is_kin(bytes_at(self._repo, head, old), data)]
        return kin[0] if len(kin) == 1 else None

    def has_moved(self, session: SessionName, old: str, path: str) -> bool:
        """Whether a workspace's file lies under its new name already: who says so has just renamed it."""
        desk = self._desks.get(session)
        return desk is not None and bool(self.missing(session, (old,))) and (desk.root / path).is_file()

    def held(self, session: SessionName, path: str) -> str | None:
        """The id of what the workspace held at a path when it was last taken in or delivered."""
        desk = self._desks.get(session)
        return desk.known.get(path) if desk else None

    def has_seen(self, session: SessionName, path: str) -> bool:
        """Whether the workspace has held what the session holds at a path; what is not there needs no seeing."""
        desk, head = self._desks.get(session), self._repo.head(session.ref)
        here = oid_at(self._repo, head, path) if head else None
        return here is None or (desk is not None and desk.known.get(path) == here)

    def took(self, session: SessionName, path: str, data: bytes | None) -> None:
        """Notes that a file was taken in, and writes what the session holds otherwise by now."""
        desk = self._desks.get(session)
        if desk is None:
            return
        if data is None:
            desk.known.pop(path, None)
        else:
            desk.known[path] = content_id(path, data)
        self.mirror(session)
        self._remember(session, desk)

    def renamed(self, session: SessionName, old: str, path: str) -> None:
        """Notes that a file of the workspace was renamed."""
        desk = self._desks.get(session)
        if desk is not None and old in desk.known:
            desk.known[path] = desk.known.pop(old)
            self.mirror(session)
            self._remember(session, desk)

    def missing(self, session: SessionName, paths: Iterable[str]) -> tuple[str, ...]:
        """Returns those of the paths that the workspace held and holds no longer; none while it is away itself."""
        desk = self._desks.get(session)
        if desk is None or not desk.root.is_dir():
            return ()
        return tuple(path for path in paths if path in desk.known and not os.path.lexists(desk.root / path))

    def read(self, session: SessionName, path: str) -> bytes | None:
        """Returns what the workspace holds at a path just now, None if that cannot be had."""
        desk = self._desks.get(session)
        with suppress(GitcollabError, OSError):
            return read_stable(desk.root, path, limit=desk.rules.cap(path)) if desk else None
        return None

    def bring_back(self, session: SessionName, paths: Iterable[str]) -> None:
        """Writes files that the workspace holds no longer into it again, as its session has them."""
        desk = self._desks.get(session)
        if desk is not None:
            for path in self.missing(session, paths):
                desk.known.pop(path, None)
            self.mirror(session)

    def restore(self, session: SessionName, path: str, expected: bytes) -> bool:
        """Writes the session's version over exactly these bytes in the workspace; False if it holds others by now.

        Where an editor has the file open, that is written once it has closed it.
        """
        desk, head = self._desks.get(session), self._repo.head(session.ref)
        is_there = head is not None and oid_at(self._repo, head, path) is not None
        if desk is None or not is_there or not is_exactly(desk.root, path, expected):
            return False
        desk.known[path] = content_id(path, expected)
        self.mirror(session)
        self._remember(session, desk)
        return True

    def mirror(self, session: SessionName) -> tuple[str, ...]:
        """Writes into the workspace what the session holds; returns the paths that have to wait."""
        desk, head = self._desks.get(session), self._repo.head(session.ref)
        if desk is None or head is None or not desk.root.is_dir():
            return ()
        done = mirror(self._repo, head, desk, lambda path: self.holds.is_held(session, path))
        if done.written or session in self._unkept:
            self._remember(session, desk)
        return done.waiting

    def _remembered(self, session: SessionName) -> Known:
        path = self._place.known(self._collab, session)
        try:
            found = msgspec.json.decode(path.read_bytes(), type=Remembered)
        except (FileNotFoundError, msgspec.DecodeError):
            return {}
        return found.known if found.place == self._places[session] else {}

    def _remember(self, session: SessionName, desk: Workspace) -> None:
        """Keeps what is known, so that a deletion made while the daemon was down is told from a missing delivery.

        Where the disk refuses, it is tried again with the next mirroring: what was saved is safe without it.
        """
        path = self._place.known(self._collab, session)
        temporary = path.with_suffix(".new")
        self._unkept.add(session)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = Remembered(place=self._places[session], known=desk.known)
            temporary.write_bytes(msgspec.json.encode(kept))
            os.replace(temporary, path)
            self._unkept.discard(session)


def _is_kin(old: bytes | None, new: bytes) -> bool:
    return old is not None and notebooks.kinship(old, new) >= KIN


def _after_a_tick(young: list[str]) -> Iterator[str]:
    """Yields once more, a moment later, what was too young to be read; who is still writing then is waited for by
    the watcher.
    """
    if young:
        time.sleep(TICK)
    yield from list(young)
