"""Claims: who asks the daemon to watch a directory proves that they may write there."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from gitcollab.errors import BadInput, Forbidden

CLAIM = re.compile(r"\.gitcollab-claim-[0-9a-f]{16,64}")
FRESH = 60.0
"""Seconds for which a claim file is believed."""

HINT = "for a directory the server cannot see, use `gitcollab join` there"


def check_claim(workspace: str, claim: str, now: float, root: Path) -> Path:
    """Returns the directory if ``claim`` names a fresh file in it that its asker has just written.

    ``now`` is the time in seconds. BadInput for a directory that is not there or that holds the root, Forbidden without
    a good claim.
    """
    directory = Path(workspace)
    if not directory.is_absolute() or not directory.is_dir():
        raise BadInput(f"{workspace!r} is no directory that this server can see", HINT)
    resolved = directory.resolve()
    if root.is_relative_to(resolved) or (resolved.is_relative_to(root) and not _is_workspace(resolved, root)):
        raise BadInput(f"{workspace!r} holds the server's own files", "share another directory")
    try:
        found = os.stat(directory / claim, follow_symlinks=False) if CLAIM.fullmatch(claim) else None
    except OSError:
        found = None
    if found is None or not stat.S_ISREG(found.st_mode) or abs(now - found.st_mtime) > FRESH:
        raise Forbidden(
            "only who can write in a directory may share it", f"write a claim file there first; {HINT}"
        )
    return resolved


def _is_workspace(path: Path, root: Path) -> bool:
    return path.is_relative_to(root / "workspaces")
