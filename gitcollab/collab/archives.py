"""Archives: what was thinned out of sessions that closed long ago, whole, in bundles that stock git reads.

A session is archived first, then its branch moves to the thinned line, and two weeks later the objects that only the
archive is needed for leave the repository. Whoever takes the session up again finds it as it was.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec

from gitcollab import store
from gitcollab.collab.ground import Ground
from gitcollab.collab.place import Place
from gitcollab.errors import NotFound, Unavailable
from gitcollab.flow.points import BLESSED
from gitcollab.flow.pushed import GIT
from gitcollab.flow.thin import Thinned, thinned, upon
from gitcollab.model import SessionName
from gitcollab.repository import Repository, sync_arrivals, unbundle
from gitcollab.repository.archiving import ROOM, archive, contents, drop, forget, is_whole, strays
from gitcollab.repository.durable import make_directories, sync_directory, sync_files, write_new
from gitcollab.store import clock, sessions

BACK = "refs/gitcollab/archives/"
"""Where what was brought back is held, so that it stays."""

DAYS = 14
"""For how many days what was archived stays in the repository, too."""


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """An archive: the session's branch was at ``tip`` and went to ``thin``; ``at`` it was made, ``dropped`` its
    objects left the repository (empty: they have not), whose objects took ``before`` and then ``after`` bytes, with all
    that left at the same time. ``size`` of the archive in bytes.
    """

    session: str
    tip: str
    thin: str
    at: str
    commits: int
    kept: int
    size: int
    dropped: str = ""
    before: int = 0
    after: int = 0

    @property
    def back(self) -> str:
        """The ref that holds it once it was brought back."""
        return f"{BACK}{self.session}/{self.tip[:12]}"

    @property
    def name(self) -> str:
        """What it is called: ``USER/NAME/TIP``."""
        return f"{self.session}/{self.tip[:12]}"


class Shelf:
    """The archives of one collab on the disk. ``place`` is private/archive/ID under the root."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps whoever archives, brings back or purges apart, another program too; waits until it is free.

        Taken before any turn of the collab, never within one.
        """
        above = self.place.parent
        for directory in make_directories(above, _there(above)):
            sync_directory(directory)
        handle = os.open(above, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def all(self) -> tuple[Archived, ...]:
        """Returns every archive, by session and time."""
        found = (msgspec.json.decode(file.read_bytes(), type=Archived) for file in self.place.rglob("*.json"))
        return tuple(sorted(found, key=lambda one: (one.session, one.at)))

    def bundle(self, one: Archived) -> Path:
        """Returns where its bundle is."""
        return self.place / f"{one.name}.bundle"

    def note(self, one: Archived) -> None:
        """Writes down that there is an archive, durably; its bundle is there already."""
        file = self.place / f"{one.name}.json"
        temporary = file.with_suffix(".note")
        temporary.unlink(missing_ok=True)
        write_new(temporary, [msgspec.json.format(msgspec.json.encode(one), indent=1)], mode=0o600)
        sync_files([temporary])
        os.replace(temporary, file)
        sync_directory(file.parent)

    def room(self, session: SessionName) -> Path:
        """Makes the directory of a session's archives."""
        place = self.place / str(session)
        for directory in make_directories(place, _there(self.place)):
            sync_directory(directory)
        return place

    def clear(self) -> None:
        """Removes all archives: what they hold is elsewhere."""
        if self.place.exists():
            shutil.rmtree(self.place)

    def tidy(self) -> None:
        """Removes what a kill left half made."""
        for each in (*self.place.rglob("*.new"), *self.place.rglob("*.note"), *self.place.rglob(f"{ROOM}*")):
            shutil.rmtree(each) if each.is_dir() else each.unlink(missing_ok=True)


def put_back(repo: Repository, shelf: Shelf, one: Archived) -> None:
    """Brings an archive's objects back into the repository, where a hidden ref holds them; no branch moves."""
    if repo.head(one.back) is not None:
        return
    unbundle(repo.path, shelf.bundle(one))
    sync_arrivals(repo.path)
    repo.move(one.back, one.tip, None, "brought back")


def bring_back(place: Place, collab: str, one: Archived) -> None:
    """Does so for somebody at the root's machine; a server that serves it may run meanwhile.

    :raises NotFound: the archive or the collab is no more. Unavailable: a purge has begun and is not finished.
    """
    shelf, path = Shelf(place.archives(collab)), place.repository(collab)
    with shelf.alone():
        if place.purging(collab).exists():
            raise Unavailable(
                "something is being purged from this collab", "start the server, then try again"
            )
        if not shelf.bundle(one).is_file():
            raise NotFound(f"there is no archive {one.name} any more", "`gitcollab archives` lists them")
        if not path.is_dir():
            raise NotFound(
                f"the collab of {one.name} has ended", f"git reads the archive itself: {shelf.bundle(one)}"
            )
        put_back(Repository(path), shelf, one)


class Archives:
    """Thins the sessions of one collab, and brings them back. Takes turns by itself unless told otherwise."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.shelf = Shelf(ground.given.place.archives(ground.id))

    def thin(self, until: str) -> tuple[Archived, ...]:
        """Thins every session that was closed by a time (UTC); returns what was archived."""
        made: list[Archived] = []
        with self.shelf.alone():
            self.shelf.tidy()
            for session in self._closed(until):
                with self._ground.turns.alone():  # reads what a turn has half done otherwise
                    found = thinned(self._ground.repo, session, self._ground.main())
                if found is not None:
                    made.append(self._archived(session, found))
                    self._moved(session, made[-1], until)
        return tuple(made)

    def drop(self, until: str) -> int:
        """Takes what was archived by a time (UTC) out of the repository; returns how many objects.

        Each archive is read anew first: what it does not hold stays, and what anything else needs.
        """
        with self.shelf.alone():
            return self._dropped(until)

    def _dropped(self, until: str) -> int:
        ground = self._ground
        due = [one for one in self.shelf.all() if not one.dropped and one.at <= until]
        if not due:
            return 0
        with ground.turns.taking():
            pass  # what the journal lacks of the branches that were thinned is told while they can be read
        for one in due:
            session = SessionName.parse(one.session)
            for ref in (session.ref, _draft(session)):
                forget(ground.repo.path, ref, until)
        held = [contents(ground.repo.path, self.shelf.bundle(one)) for one in due]
        dropped = drop(ground.repo, frozenset().union(*held), self._quiet)
        for one in due:
            self.shelf.note(
                msgspec.structs.replace(one, dropped=clock.now(), before=dropped.before, after=dropped.after)
            )
        return dropped.objects

    def take_up(self, session: SessionName) -> None:
        """Brings a session back as it was before it was thinned, in the turn of who opens it again."""
        for one in self.shelf.all():
            if one.session == str(session):
                self._unthinned(one)

    def bring_all_back(self) -> None:
        """Brings everything back as it was, for who rewrites all history."""
        for one in self.shelf.all():
            self._unthinned(one)

    def complete(self, tip: str) -> None:
        """Brings all back if what was pushed builds upon something that was dropped."""
        if any(one.dropped for one in self.shelf.all()) and not is_whole(self._ground.repo.path, tip):
            self.bring_all_back()

    def _unthinned(self, one: Archived) -> None:
        repo, ref = self._ground.repo, SessionName.parse(one.session).ref
        put_back(repo, self.shelf, one)
        if repo.head(ref) == one.thin:
            repo.move(ref, one.tip, one.thin, "as it was before it was thinned")

    def _quiet(self) -> AbstractContextManager[object]:
        return self._ground.turns.alone()

    def _archived(self, session: SessionName, found: Thinned) -> Archived:
        """Archives a session as it is, with its draft and whatever else builds upon what will go."""
        repo = Repository(self._ground.repo.path)
        room = self.shelf.room(session)
        tips = {session.ref: found.tip}
        for number, oid in enumerate(strays(repo, found.first)):
            tips[f"refs/gitcollab/strays/{number}"] = oid
        if draft := repo.head(_draft(session)):
            tips[_draft(session)] = draft
        firm = {self._ground.main(), repo.head(BLESSED), *(commit for _, commit in repo.tags().values())}
        file = room / f"{found.tip[:12]}.bundle"
        archive(repo, tips, (oid for oid in firm if oid), file)
        one = Archived(
            session=str(session),
            tip=found.tip,
            thin=found.thin,
            at=clock.now(),
            commits=found.commits,
            kept=found.kept,
            size=file.stat().st_size,
        )
        self.shelf.note(one)
        return one

    def _moved(self, session: SessionName, one: Archived, until: str) -> None:
        """Moves the branch to its thinned line, if it is as it was archived; else the next time will do."""
        ground = self._ground
        with ground.turns.taking():
            found = thinned(ground.repo, session, ground.main())  # written once more, to be durable here
            if session not in self._closed(until) or found is None or found.thin != one.thin:
                return
            ground.repo.move(session.ref, one.thin, one.tip, "thinned")
            if draft := ground.repo.head(_draft(session)):
                ground.repo.move(_draft(session), upon(ground.repo, draft, one.thin), draft, "thinned")
            for ref, oid in ground.repo.heads(f"{BACK}{session}/").items():
                if ground.repo.is_ancestor(oid, one.tip):
                    ground.repo.drop(ref, oid)
            ground.turns.moved(session.ref)

    def _closed(self, until: str) -> tuple[SessionName, ...]:
        with store.reading(self._ground.given.engine).connect() as conn:
            known = sessions.sessions(conn, self._ground.id)
        return tuple(
            one.session
            for one in known
            if not one.is_open and one.client != GIT and one.closed_at and one.closed_at <= until
        )


def _draft(session: SessionName) -> str:
    return f"refs/gitcollab/drafts/{session}"


def _there(path: Path) -> Path:
    """The nearest directory above that exists."""
    return next(one for one in path.parents if one.is_dir())
