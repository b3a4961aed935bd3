"""Renaming as the kernel can and Python does not offer: two names exchanged at once, or never over what is there."""

from __future__ import annotations

import ctypes
import errno
import os

NOREPLACE = 1
EXCHANGE = 2
HERE = -100
"""In the place of a directory's descriptor (AT_FDCWD): the paths say it all."""

CANNOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP})
"""How a kernel or file system says that it cannot do this."""

_LIBC = ctypes.CDLL(None, use_errno=True)


def rename(directory: int, old: str | os.PathLike[str], new: str | os.PathLike[str], flags: int) -> bool:
    """Renames within one directory by ``NOREPLACE`` or ``EXCHANGE``; False where that is not to be had (renameat2(2)).

    :raises OSError: it is, and failed.
    """
    call = getattr(_LIBC, "renameat2", None)
    if call is None:
        return False
    if call(directory, os.fsencode(old), directory, os.fsencode(new), ctypes.c_uint(flags)) == 0:
        return True
    code = ctypes.get_errno()
    if code in CANNOT:
        return False
    raise OSError(code, os.strerror(code), os.fspath(old))
