"""The condition of a root: whether its disk takes writes, whether the clock has jumped, which collabs are in trouble.

The writer notes what it knows in ROOT/run/condition.json, so that it can be told while the writer is away, too.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Literal

import msgspec

Disk = Literal["ok", "full", "read-only", "failing"]

NAMES: dict[int, Disk] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read-only",
}


class Condition(msgspec.Struct, frozen=True):
    """What the writer knows: by how many seconds the clock has jumped of late, and what is wrong in which collab."""

    jumped: float = 0.0
    collabs: dict[str, str] = {}


def disk(root: Path) -> Disk:
    """Returns what a write to the root meets, found out by making one."""
    path = root / "run" / f"probe.{os.getpid()}"
    try:
        path.write_bytes(b"\0" * 4096)
    except OSError as error:
        return NAMES.get(error.errno or 0, "failing")
    finally:
        _remove(path)
    return "ok"


def noted(root: Path) -> Condition:
    """Returns what the writer has noted last; nothing is wrong where it has noted nothing."""
    try:
        return msgspec.json.decode(_file(root).read_bytes(), type=Condition)
    except (OSError, msgspec.DecodeError):
        return Condition()


def note(root: Path, condition: Condition) -> bool:
    """Notes the condition; False where the disk takes no writes, which who asks is told anyway."""
    temporary = _file(root).with_suffix(".new")
    try:
        temporary.write_bytes(msgspec.json.encode(condition))
        temporary.replace(_file(root))
    except OSError:
        return False
    return True


class Evening(msgspec.Struct, frozen=True):
    """What the last look of a day found, over all collabs: when (UTC), and how many workspaces and files.

    ``failed`` says which collabs could not be looked at, and why.
    """

    at: str
    workspaces: int = 0
    taken: int = 0
    unsaved: int = 0
    skipped: int = 0
    held: int = 0
    failed: dict[str, str] = {}


def last_evening(root: Path) -> Evening | None:
    """Returns what the last look of a day found; None if there was none yet."""
    try:
        return msgspec.json.decode(_evening(root).read_bytes(), type=Evening)
    except (OSError, msgspec.DecodeError):
        return None


def note_evening(root: Path, evening: Evening) -> None:
    """Notes what the last look of a day found; OSError where the disk takes no writes."""
    temporary = _evening(root).with_suffix(".new")
    temporary.write_bytes(msgspec.json.encode(evening))
    temporary.replace(_evening(root))


def _evening(root: Path) -> Path:
    return root / "private" / "evening.json"


def _file(root: Path) -> Path:
    return root / "run" / "condition.json"


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # on a disk that takes no writes nothing was made
