"""Puts a repository right after a crash: stale locks and temporary files go, damaged refs are restored.

Only for the one process that holds the root's lock: whoever else held one of these locks is gone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gitcollab.repository.durable import sync_filesystem, write_new
from gitcollab.repository.opening import UNFINISHED
from gitcollab.repository.values import OID


class Healed(msgspec.Struct, frozen=True):
    """What a heal did: locks and temporaries that it removed, as paths inside the repository, and refs.

    ``refs`` names those whose file held no id, with what their log says they last held; '' where no log says it,
    and the ref is gone unless git had packed it.
    """

    locks: tuple[str, ...] = ()
    temporaries: tuple[str, ...] = ()
    refs: tuple[tuple[str, str], ...] = ()


def heal(path: Path) -> Healed:
    """Removes what a kill left in the repository at ``path`` and makes everything else in it durable.

    The flush at the end covers objects that were written without one just before the kill: the same content saved
    again finds them and would otherwise be acknowledged unflushed.
    """
    locks = _names(path, [each for each in _locks(path) if _removed(each)])
    temporaries = _names(path, [each for each in _temporaries(path) if _removed(each)])
    damaged = [each for each in _files(path / "refs") if _is_damaged(each)]
    refs = sorted((str(each.relative_to(path)), _restored(path, each)) for each in damaged)
    sync_filesystem(path)
    return Healed(locks, temporaries, tuple(refs))


def clear_unfinished(directory: Path) -> tuple[str, ...]:
    """Removes the repositories below ``directory`` that a kill left half made; returns their names."""
    found = sorted(directory.glob(f"{UNFINISHED}*"))
    for each in found:
        shutil.rmtree(each)
    return tuple(each.name for each in found)


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


def _is_damaged(ref: Path) -> bool:
    text = ref.read_bytes().strip()
    return not text.startswith(b"ref: ") and not OID.fullmatch(text.decode("ascii", "replace"))


def _restored(path: Path, ref: Path) -> str:
    """Puts the last id of the ref's log in its place, and returns it; '' where there is none."""
    name = str(ref.relative_to(path))
    ref.unlink()
    lines = (path / "logs" / name).read_bytes().splitlines() if (path / "logs" / name).is_file() else []
    ids = [line[41:81].decode("ascii", "replace") for line in lines]
    oid = next((oid for oid in reversed(ids) if OID.fullmatch(oid)), "")
    if oid:
        write_new(ref, [f"{oid}\n".encode()])
    return oid


def _names(path: Path, found: list[Path]) -> tuple[str, ...]:
    return tuple(sorted(str(each.relative_to(path)) for each in found))


def _files(top: Path) -> Iterator[Path]:
    for directory, _, names in os.walk(top):
        yield from (Path(directory, name) for name in names)
