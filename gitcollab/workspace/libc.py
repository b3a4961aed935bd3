"""The system calls that Python does not offer: openat2, statfs and read leases.

Each says by its answer (None or False) that the kernel or file system cannot do it, so that callers fall back.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import struct

BENEATH = 0x08 | 0x04 | 0x02  # RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
SYS_OPENAT2 = 437  # the same on every architecture

REMOTE = frozenset(
    {
        0x6969,  # NFS
        0x517B,  # SMB
        0xFE534D42,  # SMB2
        0xFF534D42,  # CIFS
        0x65735546,  # FUSE
        0x01021997,  # 9P
        0x5346414F,  # AFS
        0x00C36400,  # Ceph
        0x0BD00BD0,  # Lustre
        0x47504653,  # GPFS
        0x19830326,  # BeeGFS
    }
)
"""statfs magics of file systems whose other writers inotify does not see (statfs(2))."""

_libc = ctypes.CDLL(None, use_errno=True)


def open_beneath(directory: int, path: str, flags: int) -> int | None:
    """Opens ``path`` below the directory without following any link; None where openat2 is not to be had."""
    how = (ctypes.c_uint64 * 3)(flags, 0, BENEATH)
    call = getattr(_libc, "syscall", None)
    if call is None:
        return None
    result = call(SYS_OPENAT2, directory, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
    if result >= 0:
        return int(result)
    code = ctypes.get_errno()
    if code in {errno.ENOSYS, errno.EPERM, errno.EAGAIN}:  # EPERM: a sandbox; EAGAIN: a rename came between
        return None
    raise OSError(code, os.strerror(code), path)


def is_remote(path: str | os.PathLike[str]) -> bool:
    """Whether the file system has writers that inotify cannot see: NFS, SMB, FUSE and their like."""
    call = getattr(_libc, "statfs", None)
    buffer = ctypes.create_string_buffer(512)
    if call is None or call(os.fsencode(path), buffer) != 0:
        return False
    word: int = struct.unpack_from("@l", buffer.raw)[0]
    return word & 0xFFFFFFFF in REMOTE


def lease(fd: int) -> bool | None:
    """Takes a read lease: True held, False somebody has the file open for writing, None not to be had.

    While it is held, whoever opens the file for writing waits, and ``is_lease_whole`` turns False
    (fcntl(2), Leases). The kernel's signal is turned to SIGURG, which nobody minds: SIGIO would end the process.
    """
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return False
    except (OSError, AttributeError):  # another's file, or a file system without leases
        return None
    return True


def is_lease_whole(fd: int) -> bool:
    """Whether nobody has asked to write since the lease was taken."""
    return fcntl.fcntl(fd, fcntl.F_GETLEASE) == fcntl.F_RDLCK


def release(fd: int) -> None:
    """Gives the lease back; those who wait go on."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
