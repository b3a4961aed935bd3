"""The drawer: saves that are held back, outside the repository, each in one file that survives a power cut."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gitcollab.acts.holding import Suspicion
from gitcollab.collab.place import Place
from gitcollab.model import SessionName
from gitcollab.repository.durable import make_directories, sync_directory, sync_files, write_new

SUFFIX = ".held"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is held: a save as it came, and why; see ``acts.holding.HeldSave`` for fields of that name.

    ``data`` None: nothing of a file is held (many deletions, or one that is dropped). ``secrets`` are the digests of
    the findings. ``nonce`` tells what was held from what is held under the same id later. ``after`` is the number of
    the last event before it was held, to find out whether that was told.
    """

    id: str
    session: SessionName
    path: str
    reason: str
    at: str
    mark: str
    data: bytes | None = None
    base: str | None = None
    tool: str = ""
    findings: tuple[Suspicion, ...] = ()
    secrets: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    is_draft: bool = False
    is_dropped: bool = False
    has_earlier: bool = False
    nonce: str = ""
    after: int = 0


class Drawer:
    """What is held back in one collab. Writing is for its turns only; reading is for anybody at any time."""

    def __init__(self, place: Place, collab: str) -> None:
        self._top = place.root
        self._path = place.root / "private" / "held" / collab

    def put(self, kept: Kept) -> None:
        """Keeps something, durably, in place of what is kept under its id."""
        fresh = msgspec.structs.replace(kept, nonce=secrets.token_hex(8))
        self._write(self._file(kept.id), msgspec.msgpack.encode(fresh))

    def take_out(self, kept: Kept) -> None:
        """Keeps something no longer; what was put there since stays."""
        now = self.find(kept.id)
        if now is not None and now.nonce == kept.nonce:
            file = self._file(kept.id)
            file.unlink()
            sync_directory(file.parent)

    def find(self, id: str) -> Kept | None:
        """Returns what is kept under an id, None if nothing is."""
        try:
            return msgspec.msgpack.decode(self._file(id).read_bytes(), type=Kept)
        except FileNotFoundError:
            return None

    def all(self) -> tuple[Kept, ...]:
        """Returns everything, the oldest first."""
        found = [self.find(file.stem) for file in self._path.glob(f"*{SUFFIX}")]
        return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.at, one.id)))

    def is_harmless(self, digest: str) -> bool:
        """Whether somebody of the collab has said that what has this digest is no secret."""
        return self._salted(digest) in self._harmless()

    def remember(self, digests: Iterable[str]) -> None:
        """Remembers what is no secret, in a form that only this file's own salt leads to."""
        known = self._harmless() | {self._salted(digest) for digest in digests}
        self._write(self._path / "harmless", "\n".join(sorted(known)).encode())

    def _harmless(self) -> set[str]:
        try:
            return set((self._path / "harmless").read_text().split())
        except FileNotFoundError:
            return set()

    def _salted(self, digest: str) -> str:
        salt = self._path / "salt"
        if not salt.exists():
            self._write(salt, secrets.token_bytes(32))
        return hashlib.sha256(salt.read_bytes() + digest.encode()).hexdigest()

    def _file(self, id: str) -> Path:
        return self._path / f"{id}{SUFFIX}"

    def _write(self, file: Path, data: bytes) -> None:
        for directory in make_directories(file.parent, self._top):
            sync_directory(directory)
        temporary = file.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        write_new(temporary, [data], mode=0o600)
        sync_files([temporary])
        os.replace(temporary, file)
        sync_directory(file.parent)


def id_of(session: SessionName, path: str, what: str) -> str:
    """Returns the id of what is held of one file of a session: one save, one draft, or its deletions at once."""
    return hashlib.sha256(f"{session}\0{path}\0{what}".encode("utf-8", "surrogateescape")).hexdigest()[:16]


def mark_of(data: bytes | None, paths: Iterable[str] = ()) -> str:
    """Returns what names the content that is held."""
    whole = data if data is not None else "\n".join(paths).encode("utf-8", "surrogateescape")
    return hashlib.sha256(whole).hexdigest()[:16]
