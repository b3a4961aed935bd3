"""Notes: what is wanted of each mirror, and how it stands, as files that only the server's user may read.

The writer alone writes wishes, the daemon alone how they stand; both are whole or as they were.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from gitcollab.model import COLLAB_ID

Condition = Literal["waiting", "done", "diverged", "failed"]

T = TypeVar("T", bound=msgspec.Struct)

KEY = "key"
"""The file of a mirror's private key, for ssh."""

HOSTS = "known_hosts"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Where a collab is mirrored to, and as whom. ``secret`` is a token or password, for ssh a private key.

    ``has_main``: the shared branch, too. ``asked`` counts how often somebody has asked for a push now.
    """

    url: str
    user: str = ""
    secret: str = ""
    has_main: bool = False
    by: str = ""
    asked: int = 0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a mirror stands: ``refs`` are what the remote took, ``told`` is what went wrong.

    ``tried`` is what the last push was to bring, ``asked`` the number of the wish that it answered; ``tries`` counts
    what has failed since, ``next_at`` (seconds since 1970) is when it is tried again, ``at`` when it was last tried.
    """

    condition: Condition = "waiting"
    told: str = ""
    refs: dict[str, str] = {}
    tried: dict[str, str] = {}
    asked: int = 0
    tries: int = 0
    next_at: float = 0.0
    at: str = ""
    url: str = ""


class Mirrors:
    """The mirrors of one root."""

    def __init__(self, root: Path) -> None:
        self._place = root / "private" / "mirrors"

    def ids(self) -> tuple[str, ...]:
        """Returns the collabs that have a mirror."""
        found = self._place.glob("*/wish.json")
        return tuple(sorted(one.parent.name for one in found if COLLAB_ID.fullmatch(one.parent.name)))

    def room(self, collab: str) -> Path:
        """Where one mirror's files lie."""
        return self._place / collab

    def wish(self, collab: str) -> Wish | None:
        """Returns what is wanted of a collab's mirror; None if there is none."""
        return _read(self.room(collab) / "wish.json", Wish)

    def set(self, collab: str, wish: Wish) -> None:
        """Notes what is wanted; durable when it returns."""
        room = self.room(collab)
        room.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(room / KEY, wish.secret.strip().encode() + b"\n")
        _write(room / "wish.json", msgspec.json.encode(wish))

    def end(self, collab: str) -> None:
        """Forgets a mirror and its secret; what was pushed stays where it is."""
        (self.room(collab) / "wish.json").unlink(missing_ok=True)
        shutil.rmtree(self.room(collab), ignore_errors=True)

    def standing(self, collab: str) -> Standing:
        """Returns how a mirror stands; one of another address counts for nothing."""
        found, wish = _read(self.room(collab) / "standing.json", Standing), self.wish(collab)
        return found if found is not None and wish is not None and found.url == wish.url else Standing()

    def note(self, collab: str, standing: Standing) -> None:
        """Notes how it stands, unless the mirror has ended meanwhile."""
        if (self.room(collab) / "wish.json").exists():
            _write(self.room(collab) / "standing.json", msgspec.json.encode(standing))


def _read(file: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _write(file: Path, data: bytes) -> None:
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    os.replace(new, file)
