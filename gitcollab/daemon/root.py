"""The root: its directories, and the lock that gives it to one daemon."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gitcollab.errors import BadInput, Unusable
from gitcollab.model import Value

PRIVATE = ("collabs", "private", "run")
"""Directories that only the daemon's user may enter, whatever the root's own mode."""

OPEN = ("shared", "workspaces")
"""Directories whose mode the owner of the machine may choose."""

PATIENCE = 10.0
"""Seconds for which the writer of a daemon that was killed may take to end."""


class Holder(Value):
    """Who serves a root: process id, since when (UTC), and where it answers once it does."""

    pid: int
    since: str
    url: str = ""

    @property
    def is_alive(self) -> bool:
        """Whether that process still runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def prepare(root: Path) -> None:
    """Makes the root and its directories, private to this user. BadInput if it cannot be written or others can."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(root)
        for name in (*PRIVATE, *OPEN):
            if not (root / name).is_symlink():  # of several nodes: where who writes has put it
                (root / name).mkdir(mode=0o700, exist_ok=True)
        for name in PRIVATE:
            if not (root / name).is_symlink():
                (root / name).chmod(0o700)
        probe = root / "run" / f"probe.{os.getpid()}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise BadInput(
            f"{root} cannot be written: {(error.strerror or type(error).__name__).lower()}",
            "choose another root with --root or GITCOLLAB_ROOT, or correct its owner and permissions",
        ) from error


def _check(root: Path) -> None:
    found = root.stat()
    if found.st_uid != os.geteuid():
        raise BadInput(f"{root} belongs to another user", "serve it as that user, or choose another root")
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise BadInput(f"{root} can be written by other users", f"chmod go-w {root}")


class Lock:
    """The exclusive right to serve a root, for as long as anybody has ``fd`` open (the writer inherits it)."""

    def __init__(self, root: Path, run: Path | None = None) -> None:
        """Takes the lock; Unusable, naming the holder, if another daemon has it. ``run``: of one node among several."""
        self.path = (run or root / "run") / "lock"
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(root)
        except BaseException:
            os.close(self.fd)
            raise
        self.holder = Holder(pid=os.getpid(), since=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.note()

    def note(self, url: str = "") -> None:
        """Writes down who holds it, and where that one answers."""
        self.holder = msgspec.structs.replace(self.holder, url=url)
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, msgspec.json.encode(self.holder), 0)

    def close(self) -> None:
        """Gives it up."""
        with suppress(OSError):
            os.ftruncate(self.fd, 0)
        os.close(self.fd)

    def _take(self, root: Path) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._try():
            holder = self._read()
            if holder is None or holder.is_alive or time.monotonic() > deadline:
                raise Unusable(f"{root} is served already{_told(holder)}", "use that one, or stop it first")
            time.sleep(0.05)  # a daemon that was killed; its writer is about to end

    def _try(self) -> bool:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _read(self) -> Holder | None:
        try:
            return msgspec.json.decode(os.pread(self.fd, 4096, 0), type=Holder)
        except msgspec.DecodeError:
            return None  # it is just starting or stopping


def share(root: Path) -> int:
    """Returns a descriptor that keeps out a daemon that is alone, while it is open; Unusable if one is there."""
    fd = os.open(root / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise Unusable(
            f"{root} is served by a daemon that is alone there",
            "stop that one, and start it again with --node",
        ) from None
    return fd


def _told(holder: Holder | None) -> str:
    if holder is None:
        return ""
    return f" by process {holder.pid} since {holder.since}" + (f" at {holder.url}" if holder.url else "")
