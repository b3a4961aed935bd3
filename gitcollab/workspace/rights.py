"""Rights of the system's users on directories, as POSIX access control lists (POSIX.1e draft 17; acl(5))."""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Mapping
from pathlib import Path

READ, WRITE, ENTER = 4, 2, 1

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"

PASSING = 0o011
"""The mode bits by which group and others pass through a directory."""

_VERSION = struct.pack("<I", 2)
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NOBODY = 0xFFFFFFFF
_FULL = READ | WRITE | ENTER


def grant(directory: Path, users: Mapping[int, int], *, is_inherited: bool = False, others: int = 0) -> bool:
    """Lets exactly these users, by uid, do what their bits say in a directory; its owner may everything.

    Whoever is not named may what ``others`` says, which is nothing. ``is_inherited``: what is made below gets the same
    list. Returns False, with only the owner's rights left, where the file system knows no lists.

    :raises OSError: the directory is not there, or not ours.
    """
    os.chmod(directory, 0o700)
    acl = _packed(users, others)
    try:
        os.setxattr(directory, ACCESS, acl)
        if is_inherited:
            os.setxattr(directory, DEFAULT, acl)
    except OSError as error:
        if error.errno not in {errno.ENOTSUP, errno.EINVAL}:
            raise
        return not users
    return True


def let_pass(directory: Path) -> None:
    """Lets everybody pass through a directory to what they know the name of; nobody sees what lies in it."""
    os.chmod(directory, stat.S_IMODE(os.stat(directory).st_mode) | PASSING)


def _packed(users: Mapping[int, int], others: int) -> bytes:
    named = [(_USER, bits, uid) for uid, bits in sorted(users.items())]
    mask = 0
    for bits in users.values():
        mask |= bits
    rows = [
        (_OWNER, _FULL, _NOBODY),
        *named,
        (_GROUP, 0, _NOBODY),
        (_MASK, mask, _NOBODY),
        (_OTHER, others, _NOBODY),
    ]
    return _VERSION + b"".join(struct.pack("<HHI", *row) for row in rows)
