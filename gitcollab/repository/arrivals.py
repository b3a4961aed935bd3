"""Arrivals: objects that the git program has put into a repository are durable once their names are, too."""

from __future__ import annotations

import os
import time
from pathlib import Path

from gitcollab.repository.durable import sync_files
from gitcollab.repository.errors import disk_errors

RECENT = 900.0
"""Seconds back from now in which a push that is being taken in has been moved out of its quarantine."""

QUARANTINE = "tmp_"
"""How the directories begin in which git keeps what another push brings; they may be gone at any moment."""

SLACK = 2.0
"""Seconds that a directory's time may be older than the clock says: file systems count in ticks."""


class Arrivals:
    """What pushes bring into the repository at ``path``. Used under its collab's lock only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._synced_at = 0.0

    def sync(self) -> None:
        """Makes what has come durable: git flushes the files themselves (core.fsync), not their directories.

        Those that were flushed before and have not changed since are left out; a flush of the whole file system would
        wait for everybody else's writes besides.
        """
        objects, now = self._path / "objects", time.time()
        since = max(self._synced_at, now - RECENT) - SLACK if self._synced_at <= now else now - RECENT
        with disk_errors("what was pushed"), os.scandir(objects) as entries:
            lasting = [one for one in entries if not one.name.startswith(QUARANTINE) and one.is_dir()]
            recent = [Path(one.path) for one in lasting if one.stat().st_mtime >= since]
            sync_files([objects, *recent])
        self._synced_at = now


def sync_arrivals(path: Path) -> None:
    """Does the same once, for what has come into a repository within the last minutes."""
    Arrivals(path).sync()
