"""What a replacement that was killed leaves beside the file: removed if it is nobody's work, given a name if it is."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import time
from pathlib import Path

from gitcollab.workspace import beneath
from gitcollab.workspace.rules import Rules

UNFINISHED = ".gitcollab-new-"
WHOLE = re.compile(r"\.gitcollab-([0-9a-f]{16})-([0-9a-f]{16})-[0-9a-f]{8}\.tmp")
OLD = 60.0  # seconds; a younger one may be another process's, at work


def unfinished() -> str:
    """Returns a name for a file that is still being made: whatever it holds is nobody's work."""
    return f"{UNFINISHED}{secrets.token_hex(8)}.tmp"


def name(old: bytes, new: bytes) -> str:
    """Returns a name for a file that holds either of two contents, unless somebody wrote into it."""
    return f".gitcollab-{_digest(old)}-{_digest(new)}-{secrets.token_hex(4)}.tmp"


def clear(root: Path, rules: Rules) -> tuple[str, ...]:
    """Removes what killed replacements left beneath the root.

    What an editor had written in that very instant is kept: it gets the visible name ``recovered-…``, and the
    names so given are returned.
    """
    kept: list[str] = []
    for above, directories, names in os.walk(root):
        directory = os.path.relpath(above, root)
        at = "" if directory == "." else f"{directory}/"
        directories[:] = [each for each in directories if rules.may_hold(f"{at}{each}")]
        for each in names:
            if (each.startswith(UNFINISHED) or WHOLE.fullmatch(each)) and not _clear(root, f"{at}{each}"):
                kept += _keep(root, f"{at}{each}")
    return tuple(kept)


def _clear(root: Path, path: str) -> bool:
    """Removes one if it is old and nobody's work; False if it is somebody's."""
    with contextlib.suppress(OSError), beneath.parent(root, path) as (fd, each):
        found = os.stat(each, dir_fd=fd, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode) or abs(time.time() - found.st_ctime) < OLD:
            return True
        if not each.startswith(UNFINISHED) and not _is_known(root, path, each):
            return False
        os.unlink(each, dir_fd=fd)
    return True


def _is_known(root: Path, path: str, each: str) -> bool:
    found = WHOLE.fullmatch(each)
    with beneath.opened(root, path) as fd, open(fd, "rb", closefd=False) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    return found is not None and digest in found.groups()


def _keep(root: Path, path: str) -> list[str]:
    above, _, _ = path.rpartition("/")
    visible = f"recovered-{secrets.token_hex(4)}"
    with contextlib.suppress(OSError), beneath.parent(root, path) as (fd, each):
        os.rename(each, visible, src_dir_fd=fd, dst_dir_fd=fd)
        return [f"{above}/{visible}" if above else visible]
    return []


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
