"""Restoring: a root made from a backup, beside where it shall be, checked, and only then put there."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path, PurePosixPath

from gitcollab import store
from gitcollab.backup.manifest import Manifest, Piece, Saved, piece
from gitcollab.backup.taking import last
from gitcollab.backup.targets import Target
from gitcollab.errors import BadInput, NotFound, Unusable
from gitcollab.repository import Repository, check, unbundle
from gitcollab.store.dump import load


def restore(source: Target, root: Path, until: str = "", database: str = "") -> Manifest:
    """Makes a root from the newest backup, or the newest made at or before a time; returns its manifest.

    Everything is compared with the manifest's digests, and every repository is checked by git, before the root takes
    its place in one step. ``database`` is the URL of an empty one to fill, last of all; '': SQLite in the root.

    :raises BadInput: there is something at ``root`` or in the database. NotFound: no backup there. Unusable: a file of
        it is damaged.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise BadInput(
            f"{root} is not empty", "restore into a new directory; a root that lives is never written over"
        )
    try:
        found = last(source, until)
    except BadInput as error:
        raise Unusable(
            f"this backup cannot be read: {error.message}", "take an older one: --at TIME"
        ) from error
    if found is None:
        raise NotFound("there is no backup there", "name the place that `backup` was given")
    root.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{root.name}-restoring-", dir=root.parent))
    try:
        _fill(source, found, made, database)
        if root.exists():
            root.rmdir()
        made.rename(root)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return found


def _fill(source: Target, found: Manifest, made: Path, database: str) -> None:
    (made / "private").mkdir(mode=0o700)
    (made / "collabs").mkdir(mode=0o700)
    fetched = _Fetching(source, made / "fetched")
    for name, kept in found.files.items():
        if ".." in PurePosixPath(name).parts or name.startswith("/"):
            raise Unusable(f"{name!r} would lie outside of the root", "this backup was tampered with")
        goal = made / name
        goal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(fetched.whole(kept), goal)
    for id, saved in found.collabs.items():
        _repository(made / "collabs" / f"{id}.git", saved, fetched)
    with open(fetched.whole(found.store), "rb") as lines:
        load(database or store.file_url(made / "private" / "gitcollab.sqlite"), lines)
    shutil.rmtree(fetched.room)


def _repository(path: Path, saved: Saved, fetched: _Fetching) -> None:
    if path.parent.name != "collabs" or path.suffix != ".git":
        raise Unusable(f"{path.stem!r} is no id of a collab", "this backup was tampered with")
    repo = Repository.create(path)
    for each in saved.bundles:
        unbundle(path, fetched.whole(each))
    repo = Repository(path)
    with repo.barrier():
        for ref, oid in saved.refs.items():
            repo.move(ref, oid, repo.head(ref), "restored")
    wrong = check(path)
    if wrong:
        raise Unusable(f"{path.name} is not whole: {wrong}", "take an older backup: --at TIME")


class _Fetching:
    """Fetches pieces and believes none that is not as the manifest says."""

    def __init__(self, source: Target, room: Path) -> None:
        self._source, self.room = source, room
        room.mkdir()

    def whole(self, wanted: Piece) -> Path:
        self._source.get(wanted.name, file := self.room / "piece")
        found = piece("", file)
        if (found.size, found.sha256) != (wanted.size, wanted.sha256):
            raise Unusable(f"{wanted.name} is damaged in the backup", "take an older backup: --at TIME")
        return file
