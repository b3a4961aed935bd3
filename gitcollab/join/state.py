"""What a joined directory remembers: kept under the user's state home, never in the directory itself.

So a git repository that is already there sees nothing of it, and a copied directory is not mistaken for a joined one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gitcollab.errors import Unusable
from gitcollab.workspace import identity


class Held(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A file as it was last exchanged.

    ``oid`` is the content's blob id without the stamp; ``version`` a commit that has it, from which the next save comes
    unless somebody had an older one open. ``refused`` is content the server did not take, or asks a question about; it
    is not sent again.
    """

    oid: str
    version: str = ""
    refused: str = ""


class State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A directory's part in a collab. ``identity`` is the directory's device and inode, ``event`` the last number seen.

    ``is_fresh``: the directory was empty at first, so that all of the collab belongs in it, whatever its ``paths`` say.
    """

    url: str
    collab: str
    session: str
    client: str
    directory: str
    identity: tuple[int, int]
    is_fresh: bool = False
    paths: tuple[str, ...] = ()
    event: int | None = None
    held: dict[str, Held] = {}


class Drawer:
    """Where one directory's state lies. ``opened`` gives it to one process at a time."""

    def __init__(self, directory: Path) -> None:
        name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:32]
        self.path = _drawers() / name / "state.json"
        self.saves = self.path.with_name("saves.git")

    def read(self) -> State | None:
        """Returns what is remembered; None if nothing is, or nothing that can be understood."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=State)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def write(self, state: State) -> None:
        """Remembers, durably and all or nothing; for the user's eyes only."""
        temporary = self.path.with_suffix(".new")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as out:
            out.write(msgspec.json.encode(state))
            out.flush()
            os.fsync(fd)
        os.replace(temporary, self.path)


def joined() -> Iterator[State]:
    """Yields what each joined directory of this user remembers, as far as the directory is still the same one."""
    for path in sorted(_drawers().glob("*/state.json")):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            state = msgspec.json.decode(path.read_bytes(), type=State)
            if identity(Path(state.directory)) == state.identity:
                yield state


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[Drawer]:
    """Gives the directory's drawer to this process alone; Unusable if another one has joined the directory."""
    drawer = Drawer(directory)
    drawer.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(drawer.path.with_name("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(fd, directory)
        yield drawer
    finally:
        os.close(fd)


def _lock(fd: int, directory: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise Unusable(
            f"{directory} is joined already, by process {holder}",
            "let that one run, or end it first",
        ) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)


def _drawers() -> Path:
    said = os.environ.get("XDG_STATE_HOME", "")
    home = Path(said) if os.path.isabs(said) else Path.home() / ".local" / "state"
    return home / "gitcollab" / "workspaces"
