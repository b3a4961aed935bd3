"""Taking a backup: the store, then each repository's news since the last one, read back, then the manifest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from gitcollab import store
from gitcollab.backup.manifest import FOLDER, Manifest, Piece, Saved, decoded, piece
from gitcollab.backup.targets import Target
from gitcollab.errors import BadInput, Unusable
from gitcollab.repository import Repository, bundle
from gitcollab.store.dump import dump

LONGEST = 60
"""Bundles of one repository, after which the next backup stores it whole."""

KEPT = ("private/held", "private/purged", "private/archive", "gitcollab.toml")
"""What is kept as it is, under the root: saves that wait for their author, what stands for purged commits, what was
thinned out, the settings."""


def back_up(root: Path, database: str, to: Target, at: str) -> Manifest:
    """Stores what the root holds and the last backup there does not; returns the manifest of all of it.

    The service may run meanwhile. The store is read before the repositories, so that no event tells of a commit that
    is not there. What was stored is read back and compared. Killed at any moment, the last backup is still whole.

    :raises Unavailable: the place cannot be used. Unusable: what was read back is not what was stored.
    """
    before = newest_whole(to)
    with tempfile.TemporaryDirectory(prefix="gitcollab-backup-", dir=_room(root)) as room:
        keep = _Keeping(to, Path(room), _present(to, before))
        dumped = keep.room / "store"
        opened = store.engine(database)
        try:
            with open(dumped, "wb") as out:
                out.writelines(dump(opened))
        finally:
            opened.dispose()
        kept = keep.stored("store/", dumped, ".jsonl")
        files = {name: keep.stored("files/", root / name) for name in _files(root)}
        collabs = {
            path.stem: _saved(keep, path, (before.collabs if before else {}).get(path.stem))
            for path in sorted((root / "collabs").glob("*.git"))
        }
        manifest = Manifest(at=at, store=kept, collabs=collabs, files=files)
        written = keep.room / "manifest"
        written.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        to.put(manifest.name, written)
    return manifest


def last(to: Target, until: str = "") -> Manifest | None:
    """Returns the newest backup in a place, or the newest made at or before a time; None if there is none."""
    names = [
        name for name in to.names(FOLDER) if not until or name <= f"{FOLDER}{until.replace(':', '')}.json"
    ]
    if not names:
        return None
    return manifest_of(to, names[-1])


def newest_whole(to: Target) -> Manifest | None:
    """Returns the newest backup that can be read: what another left half-written is not built upon."""
    for name in reversed(to.names(FOLDER)):
        with suppress(BadInput):
            return manifest_of(to, name)
    return None


def manifest_of(to: Target, name: str) -> Manifest:
    """Fetches a manifest; BadInput if it is none that this program knows."""
    with tempfile.TemporaryDirectory(prefix="gitcollab-backup-") as room:
        to.get(name, file := Path(room) / "manifest")
        return decoded(file.read_bytes())


def _present(to: Target, before: Manifest | None) -> set[str]:
    """The pieces of the last backup that are still there: what somebody has removed is stored again."""
    if before is None:
        return set()
    there = {name for folder in ("store/", "files/", "collabs/") for name in to.names(folder)}
    return {one.name for one in before.pieces} & there


class _Keeping:
    """Stores files, each once, and reads back what it has stored."""

    def __init__(self, to: Target, room: Path, known: set[str]) -> None:
        self.to, self.room, self._known = to, room, known

    def has(self, pieces: Iterable[Piece]) -> bool:
        """Whether all of these are stored already."""
        return self._known.issuperset(one.name for one in pieces)

    def stored(self, folder: str, file: Path, suffix: str = "") -> Piece:
        made = piece(folder, file, suffix)
        if made.name not in self._known:
            self.to.put(made.name, file)
            self.to.get(made.name, back := self.room / "read-back")
            if piece(folder, back, suffix) != made:
                raise Unusable(f"{made.name} was stored and came back otherwise", "is that place damaged?")
            back.unlink()
            self._known.add(made.name)
        return made


def _saved(keep: _Keeping, path: Path, before: Saved | None) -> Saved:
    """One repository's refs as they are now, and what they reach beyond the last backup."""
    refs = Repository(path).heads("refs/")
    if before and (len(before.bundles) >= LONGEST or not keep.has(before.bundles)):
        before = None  # from the beginning: old bundles can go one day, with the backups that need them
    bundles = before.bundles if before else ()
    known = set(before.refs.values()) if before else set()
    if set(refs.values()) <= known:
        return Saved(refs=refs, bundles=bundles)
    file = keep.room / "bundle"
    if bundle(path, refs, known, file):
        bundles = (*bundles, keep.stored(f"collabs/{path.stem}/", file, ".bundle"))
    file.unlink()
    return Saved(refs=refs, bundles=bundles)


def _files(root: Path) -> Iterator[str]:
    for name in KEPT:
        top = root / name
        found = [top] if top.is_file() else sorted(each for each in top.rglob("*") if each.is_file())
        yield from (each.relative_to(root).as_posix() for each in found)


def _room(root: Path) -> Path:
    """Where bundles are made: beside what they are made of, as there is room."""
    return root / "run" if (root / "run").is_dir() else root
