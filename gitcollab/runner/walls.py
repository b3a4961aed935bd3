"""Walls: namespaces, mounts, another user and limits between what is run here and the rest of the machine (Linux)."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import site
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path

from gitcollab.model import Value
from gitcollab.workers.limits import MAPPED, MEGABYTE

NEW_MOUNTS, NEW_HOSTNAME, NEW_IPC, NEW_USERS, NEW_PIDS, NEW_NETWORK = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
"""Kinds of namespaces (linux/sched.h)."""

READ_ONLY, NO_SUID, NO_DEVICES, NO_PROGRAMS, REMOUNT, BIND, RECURSIVE, PRIVATE = (
    0x1,
    0x2,
    0x4,
    0x8,
    0x20,
    0x1000,
    0x4000,
    0x40000,
)
"""Flags of mount(2)."""

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
UP = 0x1
IFREQ = struct.Struct("16sh14x")
SIOCSIFFLAGS = 0x8914

NOBODIES = range(61_184, 65_520)
"""User ids that nobody has for long (systemd takes its dynamic users from them): each run has one of its own."""

THREADS = 512
FILES = 1024

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt")
"""Programs and libraries of the machine, seen inside as they are and read-only."""

OF_ETC = (
    *(
        "alternatives",
        "ca-certificates",
        "fonts",
        "group",
        "hosts",
        "ld.so.cache",
        "ld.so.conf",
        "ld.so.conf.d",
    ),
    *(
        "localtime",
        "mime.types",
        "nsswitch.conf",
        "passwd",
        "pki",
        "protocols",
        "resolv.conf",
        "services",
        "ssl",
    ),
    "timezone",
)
"""What programs need of /etc; all else stays outside."""

DEVICES = ("null", "zero", "full", "random", "urandom")

INSIDE = "/notebook"
"""Where the published tree's files lie inside, writable."""

_libc = ctypes.CDLL(None, use_errno=True)


class Limits(Value):
    """What one run may take: ``seconds`` of wall clock, ``memory`` in MiB (for each process and for all its files)."""

    seconds: float
    memory: int


class Walls:
    """The room that one run has. ``raise_walls`` first; then ``place`` is where its files go, and ``start`` runs it.

    With namespaces the run sees a root of its own: the machine's programs, Python's, and the files; no network unless
    ``has_network``, no other process, nothing else. Without them (``is_whole`` is then false) it only is another user,
    if root serves, and has its limits.
    """

    def __init__(self, scratch: Path, hidden: Path, limits: Limits, *, has_network: bool = False) -> None:
        self.scratch, self.hidden, self.limits, self.has_network = scratch, hidden, limits, has_network
        self.is_whole = False
        self.uid = random.choice(NOBODIES) if os.geteuid() == 0 else os.geteuid()  # noqa: S311  # no secret

    def raise_walls(self) -> None:
        """Makes the namespaces and the root of its own, where this machine allows it."""
        os.umask(0o022)  # the service's own lets nobody else in, and the run is somebody else
        try:
            self._unshare()
            self._mount_root()
        except OSError:
            self.is_whole = False
        else:
            self.is_whole = True

    @property
    def place(self) -> Path:
        """Where the files of a run are put, as seen from here."""
        return self.scratch / INSIDE[1:] if self.is_whole else self.scratch

    @property
    def inside(self) -> str:
        """The same directory as the run sees it."""
        return INSIDE if self.is_whole else str(self.scratch)

    def start(self, command: list[str], directory: str, environment: dict[str, str], out: int) -> int:
        """Starts a command inside; its standard output and error go to ``out``. Returns its process id.

        With namespaces all it starts ends with it.
        """
        pid = os.fork()
        if pid:
            return pid
        try:
            self._enter(out)
            os.chdir(directory)
            os.execve(command[0], command, environment)  # noqa: S606  # no shell is wanted
        except BaseException as error:  # whatever it is: this process must not go on as its parent
            os.write(1, f"cannot be started: {error}\n".encode("utf-8", "replace"))
        finally:
            os._exit(126)

    def end(self, pid: int) -> None:
        """Ends a run and all it has started."""
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if not self.is_whole and os.geteuid() == 0:
            self._end_user()

    # --- how it is done --------------------------------------------------------------------------------------------

    def _unshare(self) -> None:
        kinds = NEW_MOUNTS | NEW_HOSTNAME | NEW_IPC | NEW_PIDS | (0 if self.has_network else NEW_NETWORK)
        uid, gid = os.geteuid(), os.getegid()
        if uid == 0:
            _checked(_libc.unshare(kinds))
        else:
            _checked(_libc.unshare(kinds | NEW_USERS))
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
            Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
        if not self.has_network:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
                ioctl(any_socket, SIOCSIFFLAGS, IFREQ.pack(b"lo", UP))  # kernels speak over it

    def _mount_root(self) -> None:
        _mount("none", "/", "", RECURSIVE | PRIVATE)
        root = self.scratch
        _mount("tmpfs", root, "tmpfs", NO_SUID | NO_DEVICES, "size=16m,mode=755")
        room = f"size={self.limits.memory}m"
        for path, mode in ((INSIDE, 700), ("/tmp", 1777)):  # noqa: S108  # a directory of its own
            (root / path[1:]).mkdir()
            _mount("tmpfs", f"{root}{path}", "tmpfs", NO_SUID | NO_DEVICES, f"{room},mode={mode}")
        (root / "proc").mkdir()
        for path in SYSTEM:
            if os.path.islink(path):
                os.symlink(os.readlink(path), f"{root}{path}")
            elif os.path.isdir(path):
                self._show(path)
        for path in (*(f"/etc/{name}" for name in OF_ETC), *pythons(self.hidden)):
            if os.path.exists(path):
                self._show(path)
        if os.path.isdir(f"{root}{self.hidden}"):
            _mount("tmpfs", f"{root}{self.hidden}", "tmpfs", READ_ONLY, "size=4k,mode=0")
        self._make_devices()

    def _show(self, path: str) -> None:
        """Lets a file or directory be seen inside, read-only, under its own name."""
        inside = Path(f"{self.scratch}{path}")
        if inside.exists():
            return  # it lies in one that is shown already
        inside.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if os.path.isdir(path):
            inside.mkdir(mode=0o755)
        else:
            inside.touch(mode=0o644)
        _mount(path, inside, "", BIND | RECURSIVE)
        kept = os.statvfs(path).f_flag & (NO_SUID | NO_DEVICES | NO_PROGRAMS)  # which may not be taken away
        _mount("none", inside, "", REMOUNT | BIND | READ_ONLY | NO_SUID | kept)

    def _make_devices(self) -> None:
        devices = self.scratch / "dev"
        devices.mkdir(mode=0o755)
        for name in DEVICES:
            (devices / name).touch(mode=0o666)
            _mount(f"/dev/{name}", devices / name, "", BIND)
        (devices / "fd").symlink_to("/proc/self/fd")
        (devices / "shm").mkdir()
        size = f"size={self.limits.memory}m,mode=1777"
        _mount("tmpfs", devices / "shm", "tmpfs", NO_SUID | NO_DEVICES, size)

    def _enter(self, out: int) -> None:
        """Goes inside for good, in the new process: nothing open but standard streams, no privilege, the limits."""
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number, source in ((0, nothing), (1, out), (2, out)):
            os.dup2(source, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        if self.is_whole:
            with suppress(OSError):  # a container may keep its own /proc from being shown anew
                _mount("proc", self.scratch / "proc", "proc", NO_SUID | NO_DEVICES | NO_PROGRAMS)
            os.chroot(self.scratch)
            os.chdir("/")
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)
        _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        os.umask(0o077)
        os.nice(10)
        self._limit()

    def _limit(self) -> None:
        most = self.limits.memory * MEGABYTE
        seconds = int(self.limits.seconds * (os.cpu_count() or 1)) + 2
        for kind, limit in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_DATA, most),
            (resource.RLIMIT_AS, most + MAPPED),
            (resource.RLIMIT_FSIZE, most),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_NOFILE, FILES),
            (resource.RLIMIT_NPROC, THREADS),
        ):
            hard = resource.getrlimit(kind)[1]
            limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (limit, limit))

    def _end_user(self) -> None:
        """Ends every process of the run's own user, wherever it has hidden."""
        pid = os.fork()
        if not pid:
            try:
                os.setresuid(self.uid, self.uid, self.uid)
                os.kill(-1, signal.SIGKILL)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)


def pythons(hidden: Path) -> Iterator[str]:
    """Yields the directories that this Python and its packages lie in; never one that holds ``hidden``."""
    real = os.path.realpath(sys.executable)
    found = [sys.base_prefix, sys.prefix, os.path.dirname(real), *_of_user()]
    for path in sorted({os.path.realpath(path) for path in found} | set(found)):
        if os.path.isdir(path) and not hidden.is_relative_to(path) and path != "/":
            yield path


def environment(directory: str) -> dict[str, str]:
    """Returns all that a run finds in its environment."""
    programs = [os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        "PATH": ":".join(dict.fromkeys(programs)),
        "HOME": directory,
        "USER": "notebook",
        "LOGNAME": "notebook",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _of_user() -> list[str]:
    return [site.getusersitepackages()] if site.ENABLE_USER_SITE else []


def _mount(source: str, target: object, kind: str, flags: int, options: str = "") -> None:
    told = (source.encode(), os.fsencode(str(target)), kind.encode() or None, flags, options.encode() or None)
    _checked(_libc.mount(told[0], told[1], told[2], ctypes.c_ulong(told[3]), told[4]))


def _checked(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
