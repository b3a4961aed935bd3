"""The manifest: what one backup consists of. It is stored last; without it there is no backup of that moment."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from gitcollab.errors import BadInput

FOLDER = "manifests/"
FORMAT = 1


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file: its name, its bytes' count and their SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """One repository: where its refs are, and the bundles that hold all of it, in their order."""

    refs: dict[str, str]
    bundles: tuple[Piece, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A backup of one moment (``at``, UTC). ``files`` are kept as they are, by their path under the root."""

    at: str
    store: Piece
    collabs: dict[str, Saved]
    files: dict[str, Piece] = {}
    format: int = FORMAT

    @property
    def name(self) -> str:
        """The name it is stored under; later ones sort behind earlier ones."""
        return f"{FOLDER}{self.at.replace(':', '')}.json"

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Everything that it needs."""
        bundles = (each for saved in self.collabs.values() for each in saved.bundles)
        return (self.store, *bundles, *self.files.values())


def decoded(data: bytes) -> Manifest:
    """Returns the manifest that these bytes are; BadInput if they are none that this program knows."""
    try:
        found = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise BadInput(
            "this is no backup of gitcollab's", "name the place that `backup` was given"
        ) from error
    if found.format != FORMAT:
        raise BadInput("this backup was made by a newer gitcollab", "install that version to restore it")
    return found


def piece(folder: str, file: Path, suffix: str = "") -> Piece:
    """Returns how a file is stored: named by its content, so that the same is stored once."""
    with open(file, "rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    return Piece(name=f"{folder}{digest[:32]}{suffix}", size=file.stat().st_size, sha256=digest)
