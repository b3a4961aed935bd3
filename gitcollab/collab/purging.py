"""Purging: a secret taken out of a collab for good: out of every commit, object, log and event.

The repository is made anew and takes the old one's place in one step. What has to follow is written down before, so
that a start after a crash finds either all as it was, or finishes.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from gitcollab import notebooks, store
from gitcollab.acts import Purge, PurgeDone
from gitcollab.collab.archives import Archives
from gitcollab.collab.ground import Ground
from gitcollab.errors import BadInput, NotFound
from gitcollab.events import Purged
from gitcollab.flow.files import is_notebook
from gitcollab.flow.points import NOTES
from gitcollab.flow.redact import emptied, forms, redacted, redacted_file
from gitcollab.flow.snapshot import Saving
from gitcollab.model import checked_path
from gitcollab.repository import Repository
from gitcollab.repository.durable import make_directories, sync_directory, sync_files, write_new
from gitcollab.repository.maintenance import alone
from gitcollab.repository.rewriting import Rewritten, discard, exchange, rewritten, translated, versions
from gitcollab.store import journal


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What follows once the new repository is in its place; it holds what is to be taken out, until that is done."""

    user: str
    path: str
    texts: tuple[bytes, ...]
    place: str
    refs: dict[str, str]
    ids: dict[str, str]
    blobs: int
    after: int


class Purging:
    """Purges one collab. Used under its lock, outside of turns, while nobody archives or brings back."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._archives = ground, Archives(ground)
        place = ground.given.place
        self._intent = place.purging(ground.id)
        self._map = place.root / "private" / "purged" / f"{ground.id}.msgpack"
        self._ids: dict[str, str] | None = None

    def purge(self, act: Purge) -> PurgeDone:
        """Takes a text, or a whole file in all its versions, out of everything; NotFound if it is nowhere."""
        self.finish()
        path = checked_path(act.path) if act.path else ""
        if not path and not act.text:
            raise BadInput("purge what?", "name a file, give the text, or both")
        self._archives.bring_all_back()  # what is to go may be in what was thinned out
        repo = self._ground.repo
        texts = forms(act.text) if act.text else ()
        held = versions(repo, path) if path else frozenset()
        if path and not held:
            raise NotFound(f"there never was a {path}", "look at the log")
        if path and texts and not any(redacted(repo.blob(oid), texts) != repo.blob(oid) for oid in held):
            raise NotFound(f"the text is in no version of {path}", "leave the path out to look everywhere")

        def redact(where: str, oid: str, data: bytes) -> bytes:
            if texts:
                return redacted_file(where, data, texts)
            return emptied(path) if oid in held else data

        with alone(repo.path):
            new = rewritten(repo, redact, lambda message: redacted(message, texts), f"{NOTES}/")
            if not new.ids:
                discard(new.path)
                raise NotFound("that is nowhere in the history", "was it spelled otherwise?")
            self._ground.shelves.withdraw()
            self._put_in_place(new, self._following(act, path, texts, new))
        return self.finish() or PurgeDone(commits=len(new.ids), blobs=new.blobs)

    def _put_in_place(self, new: Rewritten, intent: Intent) -> None:
        """Writes down what has to follow, then does the one step that counts."""
        try:
            self._ground.shelves.withdraw()
            self._write(self._intent, msgspec.msgpack.encode(intent))
            exchange(self._ground.repo.path, new.path)
        except BaseException:
            discard(new.path)
            self._intent.unlink(missing_ok=True)
            raise

    def finish(self) -> PurgeDone | None:
        """Does what follows an exchange, if one has been begun; nothing is left of one that was not."""
        try:
            intent = msgspec.msgpack.decode(self._intent.read_bytes(), type=Intent)
        except FileNotFoundError:
            return None
        ground = self._ground
        if Repository(ground.repo.path).heads("refs/") != intent.refs:
            self._remove(self._intent)
            return None
        ground.repo.reopen()
        self._keep(intent.ids)
        with ground.given.engine.begin() as conn:
            journal.rewrite(
                conn, ground.id, lambda body: translated(redacted(body, intent.texts), intent.ids)
            )
            journal.move_heads(conn, ground.id, intent.ids)
        ground.ledger.reread()
        self._tell(intent)
        discard(Path(intent.place))
        self._archives.shelf.clear()
        self._remove(self._intent)
        return PurgeDone(commits=len(intent.ids), blobs=intent.blobs)

    def followed(self, saving: Saving) -> Saving:
        """Returns the save of a copy from before a purge as one of the commit that stands for it now."""
        ids = self._known()
        if not ids:
            return saving
        data = saving.data
        if data is not None and is_notebook(saving.path):
            plain, stamp = notebooks.strip(data)
            data = notebooks.stamp(plain, ids[stamp]) if stamp in ids else data
        base = ids.get(saving.base, saving.base) if saving.base else saving.base
        return msgspec.structs.replace(saving, data=data, base=base)

    def comes_back(self, tip: str) -> bool:
        """Whether a history, as an old clone pushes it, holds a commit that was purged, and what was taken out."""
        gone = self._known()
        return bool(gone) and any(commit.oid in gone for commit in self._ground.repo.log(tip))

    def _tell(self, intent: Intent) -> None:
        ground = self._ground
        with store.reading(ground.given.engine).connect() as conn:
            since = journal.since(conn, ground.id, intent.after)
        if not any(isinstance(event, Purged) for event in since):
            commits = len(intent.ids)
            told = Purged(collab=ground.id, user=intent.user, path=intent.path, commits=commits)
            ground.ledger.write([ground.ledger.told((), (told,))])

    def _following(self, act: Purge, path: str, texts: tuple[bytes, ...], new: Rewritten) -> Intent:
        with store.reading(self._ground.given.engine).connect() as conn:
            after = journal.last(conn, self._ground.id)
        return Intent(
            user=act.actor.user,
            path=path,
            texts=texts,
            place=str(new.path),
            refs=new.refs,
            ids=new.ids,
            blobs=new.blobs,
            after=after,
        )

    def _known(self) -> dict[str, str]:
        """The commit that stands for each one that was purged."""
        if self._ids is None:
            try:
                self._ids = msgspec.msgpack.decode(self._map.read_bytes(), type=dict[str, str])
            except FileNotFoundError:
                self._ids = {}
        return self._ids

    def _keep(self, ids: dict[str, str]) -> None:
        """Remembers the new ids, also for those that had become others before."""
        before = {old: ids.get(new, new) for old, new in self._known().items()}
        self._ids = before | ids
        self._write(self._map, msgspec.msgpack.encode(self._ids))

    def _write(self, file: Path, data: bytes) -> None:
        for directory in make_directories(file.parent, self._ground.given.place.root):
            sync_directory(directory)
        temporary = file.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        write_new(temporary, [data], mode=0o600)
        sync_files([temporary])
        os.replace(temporary, file)
        sync_directory(file.parent)

    @staticmethod
    def _remove(file: Path) -> None:
        file.unlink()
        sync_directory(file.parent)
