"""Puts a repository right after a crash: stale locks and temporary files go, damaged refs are named.

Only for the one process that holds the root's lock: whoever else held one of these locks is gone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gitcollab.repository.durable import sync_filesystem
from gitcollab.repository.values import OID


class Healed(msgspec.Struct, frozen=True):
    """What a heal found, as paths inside the repository: locks and temporaries removed, refs that hold no id."""

    locks: tuple[str, ...] = ()
    temporaries: tuple[str, ...] = ()
    damaged_refs: tuple[str, ...] = ()


def heal(path: Path) -> Healed:
    """Removes what a kill left in the repository at ``path`` and makes everything else in it durable.

    The flush at the end covers objects that were written without one just before the kill: the same content saved
    again finds them and would otherwise be acknowledged unflushed.
    """
    locks = [each for each in _locks(path) if _removed(each)]
    temporaries = [each for each in _temporaries(path) if _removed(each)]
    damaged = [each for each in _files(path / "refs") if _is_damaged(each)]
    sync_filesystem(path)
    return Healed(
        *(
            tuple(sorted(str(each.relative_to(path)) for each in group))
            for group in (locks, temporaries, damaged)
        )
    )


def _locks(path: Path) -> Iterator[Path]:
    yield from path.glob("*.lock")
    for directory in ("refs", "logs", "info", "objects/info", "objects/pack"):
        yield from (each for each in _files(path / directory) if each.name.endswith(".lock"))


def _temporaries(path: Path) -> Iterator[Path]:
    objects = path / "objects"
    yield from path.glob("packed-refs.new")
    for pattern in (
        "tmp_objdir-*",
        "incoming-*",
        "??/tmp_obj*",
        "pack/tmp_*",
        "pack/.tmp-*",
        "info/commit-graphs/tmp_*",
    ):
        yield from objects.glob(pattern)


def _removed(path: Path) -> bool:
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    except FileNotFoundError:
        return False
    return True


def _is_damaged(path: Path) -> bool:
    text = path.read_bytes().strip()
    return not text.startswith(b"ref: ") and not OID.fullmatch(text.decode("ascii", "replace"))


def _files(top: Path) -> Iterator[Path]:
    for directory, _, names in os.walk(top):
        yield from (Path(directory, name) for name in names)
