"""Upkeep: what a crash left is cleared before anything is served, and history is packed while it grows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import structlog

from gitcollab.collab import Place
from gitcollab.errors import GitcollabError
from gitcollab.repository import (
    Repository,
    clear_unfinished,
    end_running,
    heal,
    loose,
    maintain,
    mend,
    places,
)

log = structlog.get_logger("gitcollab.upkeep")

PERIOD = 60.0
"""Seconds between two looks at how much is loose."""


def heal_all(place: Place, since: float | None) -> dict[str, str]:
    """Clears locks and half-written files in every repository and puts damaged objects aside.

    ``since`` is the time of the last clean stop in seconds; what was written after it is looked at byte by byte. None:
    the last stop was clean. Called under the root's lock, before anything else looks at a repository. Returns what is
    wrong in which collab: the others are served all the same.
    """
    troubles: dict[str, str] = {}
    clear_unfinished(place.repositories)
    for path in _repositories(place):
        try:
            _heal(path, since)
        except (GitcollabError, OSError) as error:
            log.error("not healed", repository=path.stem, error=str(error))
            troubles[path.stem] = str(error)
    return troubles


def _heal(path: Path, since: float | None) -> None:
    healed = heal(path)
    if healed.locks or healed.refs:
        log.warning("healed", repository=path.stem, locks=len(healed.locks), refs=healed.refs)
    if since is not None:
        _mend(path, since)


def _mend(path: Path, since: float) -> None:
    repo = Repository(path)
    mended = mend(repo, since)
    if mended.healed:
        log.warning("damaged objects had a second copy", repository=path.stem, count=len(mended.healed))
    for lost in places(repo, mended.lost) if mended.lost else ():
        log.error("lost to damage", repository=path.stem, commit=lost.commit, path=lost.path)


@contextmanager
def running(directory: Path) -> Iterator[float | None]:
    """Yields since when the last stop was not clean (0: ever), None if it was; marks this one clean when it ends."""
    mark, clean = directory / "running", directory / "stopped-cleanly"
    since = None
    if mark.exists():
        since = clean.stat().st_mtime if clean.exists() else 0.0
    mark.touch()
    yield since
    clean.touch()
    mark.unlink(missing_ok=True)


async def pack_as_it_grows(place: Place) -> None:
    """Packs each repository when enough is loose, beside the saves and never in their way; until cancelled.

    Cancelled, it ends the git under way and waits for nothing: packing is done again after the next start.
    """
    try:
        while True:
            await anyio.sleep(PERIOD)
            for path in await anyio.to_thread.run_sync(_repositories, place):
                try:
                    await anyio.to_thread.run_sync(_pack, path, abandon_on_cancel=True)
                except (GitcollabError, OSError) as error:
                    log.warning("not packed", repository=path.stem, error=str(error))
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(end_running)


def _repositories(place: Place) -> list[Path]:
    return sorted(place.repositories.glob("*.git"))


def _pack(path: Path) -> None:
    if loose(path).is_due:
        before = maintain(path)
        log.info("packed", repository=path.stem, objects=before.count)
