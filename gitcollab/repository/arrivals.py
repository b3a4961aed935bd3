"""Arrivals: objects that the git program has put into a repository are durable once their names are, too."""

from __future__ import annotations

import os
import time
from pathlib import Path

from gitcollab.repository.durable import sync_files
from gitcollab.repository.errors import disk_errors

RECENT = 900.0
"""Seconds back from now in which a push that is being taken in has been moved out of its quarantine."""


def sync_arrivals(path: Path) -> None:
    """Makes what a push has just brought durable: git flushes the files themselves (core.fsync), not their directories.

    A flush of the whole file system would wait for everybody else's writes besides.
    """
    objects = path / "objects"
    since = time.time() - RECENT
    with disk_errors("what was pushed"), os.scandir(objects) as entries:
        recent = [Path(one.path) for one in entries if one.is_dir() and one.stat().st_mtime >= since]
        sync_files([objects, *recent])
