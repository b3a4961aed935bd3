"""Watching: one watch for each open session with a workspace on this machine; what it finds is saved."""

from __future__ import annotations

import os
import time
from pathlib import Path

import anyio
import anyio.to_thread
import structlog

from gitcollab import store, tracing
from gitcollab.collab import Collab
from gitcollab.collab.saves import reason
from gitcollab.errors import GitcollabError, NotFound, Unusable
from gitcollab.events import Skipped as SkippedEvent
from gitcollab.flow.mirror import Workspace
from gitcollab.flow.watch import Changed, Found, Gone, Lost, MassGone, Moved, Pace, Skipped, watch
from gitcollab.model import Receipt, SessionName
from gitcollab.store import collabs, sessions
from gitcollab.workspace import Rules, Stat, Unstable, take
from gitcollab.workspace import Skipped as NotTaken
from gitcollab.writer.house import House
from gitcollab.writer.measuring import Measures, commits

log = structlog.get_logger("gitcollab.watching")

REST = 2.0
"""Seconds after which a vanished workspace, or one that waits for an editor, is looked at again."""


Wanted = tuple[Path, Rules, str]
"""What is to be watched: a directory, which files of it, and since when."""


class Watching:
    """Keeps the set of watches equal to the set of open sessions with a workspace."""

    def __init__(self, house: House, pace: Pace, measures: Measures | None = None) -> None:
        self.house, self.pace, self.measures = house, pace, measures or Measures()
        self._stops: dict[tuple[str, SessionName], tuple[Wanted, anyio.Event]] = {}
        self._again = anyio.Event()
        self.measures.watch("watches", "Directories that are watched", lambda: len(self._stops))

    def look_again(self) -> None:
        """Asks to compare watches and sessions now: a session may have been opened or closed."""
        self._again.set()

    async def run(self) -> None:
        """Watches until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                self._again = anyio.Event()
                try:
                    wanted = await anyio.to_thread.run_sync(self._wanted)
                except GitcollabError as error:  # the database is away: what is watched stays watched
                    log.warning("not looked which to watch", error=error.message)
                    await anyio.sleep(REST)
                    continue
                for key, (now, stop) in list(self._stops.items()):
                    if wanted.get(key) != now:  # closed, or closed and opened again since
                        stop.set()
                        del self._stops[key]
                for key in set(wanted) - set(self._stops):
                    (root, rules, _), stop = wanted[key], anyio.Event()
                    self._stops[key] = wanted[key], stop
                    tasks.start_soon(_Watch(self, key, root, rules).run, stop)
                with anyio.move_on_after(REST):
                    await self._again.wait()

    def _wanted(self) -> dict[tuple[str, SessionName], Wanted]:
        with store.reading(self.house.engine).connect() as conn:
            open_now = sessions.watched(conn)
            paths = {one.collab: collabs.collab(conn, one.collab).paths for one in open_now}
        found: dict[tuple[str, SessionName], Wanted] = {}
        for one in open_now:
            root = Path(one.workspace or "")
            rules = Rules() if self.house.place.is_ours(root) else Rules(paths=paths[one.collab])
            found[one.collab, one.session] = (root, rules, one.opened_at)
        return found


class _Watch:
    """The watch of one workspace."""

    def __init__(self, watching: Watching, key: tuple[str, SessionName], root: Path, rules: Rules) -> None:
        self._house, (self._id, self._session) = watching.house, key
        self._root, self._rules, self._pace = root, rules, watching.pace
        self._measures = watching.measures
        self._seen: dict[str, Stat | None] = {}
        self._skipped: dict[str, str] = {}
        self._asked: tuple[str, ...] = ()  # about these deletions

    async def run(self, stop: anyio.Event) -> None:
        """Takes in what changes until ``stop``; waits for a directory that has vanished to come back."""
        while not stop.is_set():
            try:
                collab = await anyio.to_thread.run_sync(self._house.collab, self._id)
                desk = collab.desks.set_up(self._session, self._root, self._rules)
                self._seen = dict.fromkeys(desk.known)
                await anyio.to_thread.run_sync(collab.mirror, self._session)
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._mirror_again, collab, desk, stop)
                    async for found in watch(
                        self._root, self._rules, seen=self._seen, stop=stop, pace=self._pace
                    ):
                        await self._note(collab, desk, found)
                    tasks.cancel_scope.cancel()
            except Exception as error:  # a watch must outlive any one file's or moment's trouble
                log.warning("watch", collab=self._id, session=str(self._session), error=repr(error))
            with anyio.move_on_after(REST):
                await stop.wait()

    async def _mirror_again(self, collab: Collab, desk: Workspace, stop: anyio.Event) -> None:
        """Files that an editor had just changed are delivered once its save has been taken in."""
        while not stop.is_set():
            await anyio.sleep(REST)
            await anyio.to_thread.run_sync(collab.mirror, self._session)
            for path in await anyio.to_thread.run_sync(self._decided, desk):
                self._seen.pop(path, None)
            await anyio.to_thread.run_sync(self._ask, collab, desk)

    def _ask(self, collab: Collab, desk: Workspace) -> None:
        """Asks about deletions for as long as they wait: files brought back may have gone again, unseen."""
        gone = [path for path in self._asked if path in desk.known]
        self._asked = tuple(path for path in gone if not os.path.lexists(self._root / path))
        if self._asked and self._root.is_dir():
            collab.ask_deletions(self._session, self._asked)

    def _decided(self, desk: Workspace) -> list[str]:
        """The files that are gone and known no more: their deletion was decided, and nobody waits for them."""
        forgotten = [path for path in list(self._seen) if path not in desk.known]
        return [path for path in forgotten if not os.path.lexists(self._root / path)]

    async def _note(self, collab: Collab, desk: Workspace, found: Found) -> None:
        try:
            await anyio.to_thread.run_sync(self._take, collab, desk, found)
        except GitcollabError as error:
            path = getattr(found, "path", "")
            log.warning("not taken in", collab=self._id, session=str(self._session), error=error.code)
            self._skip(collab, path, reason(error))

    def _take(self, collab: Collab, desk: Workspace, found: Found) -> None:
        match found:
            case Changed(path):
                if found.is_missed:
                    self._measures.missed_changes.inc()
                self._take_file(collab, path)
            case Moved(old, path):
                self._take_move(collab, old, path)
            case Gone(path):
                if path in desk.known:
                    collab.take_in(self._session, path, None)
                self._seen.pop(path, None)
            case MassGone(paths):
                self._asked = (*self._asked, *paths)
                self._ask(collab, desk)
            case Skipped(path, reason):
                self._skip(collab, path, reason)
            case Lost(reason):
                collab.forget(self._session)
                self._skip(collab, ".", f"workspace lost: {reason}")

    def _take_move(self, collab: Collab, old: str, path: str) -> None:
        try:
            collab.take_in_rename(self._session, old, path)
        except (
            NotFound,
            Unusable,
        ):  # others were there before: a new file, and a deletion that is still to come
            self._take_file(collab, path)
        else:
            self._seen[path] = self._seen.pop(old, None)

    def _take_file(self, collab: Collab, path: str) -> None:
        try:
            taken = take(self._root, path, limit=self._rules.cap(path))
        except (Unstable, FileNotFoundError):
            return  # the watch yields it again
        except NotTaken as why:
            self._skip(collab, path, why.reason)
            return
        began = time.monotonic()
        with tracing.collecting() as stages:
            receipt = collab.take_in(self._session, path, taken.data)
        seconds = time.monotonic() - began
        tracing.saved(stages, seconds, receipt, collab=self._id, session=str(self._session), by="watched")
        self._told_of(receipt, seconds)
        self._seen[path] = taken.stat
        self._skipped.pop(path, None)

    def _told_of(self, receipt: Receipt, seconds: float) -> None:
        self._measures.landed(receipt, seconds, "watched")
        told = {"collab": self._id, "session": str(self._session), **commits([receipt])}
        log.info("saved", **told, ms=round(seconds * 1000))

    def _skip(self, collab: Collab, path: str, reason: str) -> None:
        """Says once for each file and reason that it is not taken in."""
        if self._skipped.get(path) == reason:
            return
        self._skipped[path] = reason
        session = self._session
        collab.tell(
            SkippedEvent(collab=self._id, user=session.user, session=str(session), path=path, reason=reason)
        )
