"""The git room's own errors: each is one of the ground's kinds, with what a program needs to go on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from gitcollab.errors import GitcollabError, Moved, NoSpace, Unavailable


class RefMoved(Moved):
    """A ref is not where the caller believed; ``data``: ref, expected, current (ids or None)."""

    def __init__(self, ref: str, expected: str | None, current: str | None) -> None:
        super().__init__(
            f"{ref} has moved", "read it again and retry", ref=ref, expected=expected, current=current
        )


class RefLocked(Unavailable):
    """Somebody else holds the lock of a ref and did not let go in time; ``data``: ref."""

    def __init__(self, ref: str) -> None:
        super().__init__(
            f"{ref} is locked by another program",
            "try again; if it stays so, restart the service, which clears locks that nobody holds",
            ref=ref,
        )


class TagExists(Moved):
    """The tag is there already and tags never move; ``data``: tag, oid."""

    def __init__(self, tag: str, oid: str) -> None:
        super().__init__(f"{tag} exists already", "take the next version", tag=tag, oid=oid)


class Damaged(GitcollabError):
    """Something in the repository is missing or unreadable; ``data``: oid (or ref) and reason."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(
            f"{what} in the repository is damaged: {reason}",
            "run `gitcollab doctor`; saving the same content again repairs an object",
            oid=what,
            reason=reason,
        )


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
REFUSING = frozenset({errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EPERM})


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turns the disk's refusals into errors that people understand; other OSErrors pass unchanged."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise NoSpace(f"no space left to write {what}", "free space on the server's disk") from error
        if error.errno in REFUSING:
            raise Unavailable(f"the disk refused {what}: {error.strerror}", errno=error.errno) from error
        raise
