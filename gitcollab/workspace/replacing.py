"""Writing into a directory where an editor works: only over the exact bytes expected, and never over anybody's work.

Design: "Delivery, without ever fighting an editor". New bytes go to a temporary beside the file and change places
with it; the old file is looked at once more before it goes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gitcollab import renaming
from gitcollab.workspace import beneath, leftovers, libc

NOT_AS_EXPECTED = frozenset(
    {errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EXDEV, errno.ENXIO, errno.EEXIST}
)


def replace(root: Path, path: str, new: bytes | None, expected: bytes | None) -> bool:
    """Writes ``new`` if the file's bytes are exactly ``expected``; says whether it did.

    None is absence: ``expected`` None creates (with its directories), ``new`` None deletes. When it returns
    False the file is as its editor left it. Mode and owner stay. What it wrote is durable when it returns.

    :raises OSError: the disk refuses (no permission, no space, read-only); the file is as it was.
    """
    try:
        with beneath.parent(root, path, is_made=expected is None and new is not None) as (fd, name):
            is_done = _act(fd, name, new, expected)
    except FileNotFoundError:
        return expected is None and new is None
    except OSError as error:
        if error.errno in NOT_AS_EXPECTED:
            return False
        raise
    if is_done and new is None:
        beneath.prune(root, path)
    return is_done


def _act(fd: int, name: str, new: bytes | None, expected: bytes | None) -> bool:
    if expected is None:
        return _create(fd, name, new) if new is not None else not _exists(fd, name)
    found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode) or found.st_size != len(expected):
        return False
    return _delete(fd, name, expected) if new is None else _exchange(fd, name, (new, expected), found)


def _create(fd: int, name: str, new: bytes) -> bool:
    with _temporary(fd, new, b"", None) as temporary:
        try:
            if not renaming.rename(fd, temporary, name, renaming.NOREPLACE):
                os.link(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
        except FileExistsError:
            return False
        os.fsync(fd)
        return True


def _exchange(fd: int, name: str, contents: tuple[bytes, bytes], like: os.stat_result) -> bool:
    """The new file takes the place of the old one, which then lies under the temporary's name."""
    new, expected = contents
    with _temporary(fd, new, expected, like) as temporary, _held(fd, name, expected) as old:
        if old is None or not _swap(fd, temporary, name):
            return False
        os.fsync(fd)  # before the look: whoever had found the old file by then has had time to open it
        if old.is_untouched(fd, temporary, expected):
            return True
        _swap(fd, temporary, name)
        _keep(fd, temporary, name, new)
        return False


def _delete(fd: int, name: str, expected: bytes) -> bool:
    """The file steps aside first, so that one more look can bring it back."""
    aside = leftovers.name(expected, b"")
    with _held(fd, name, expected) as old:
        if old is None or not _move(fd, name, aside):
            return False
        os.fsync(fd)
        if old.is_untouched(fd, aside, expected):
            os.unlink(aside, dir_fd=fd)
            return True
        if not _move(fd, aside, name):  # the editor made a new one meanwhile: both stay
            _move(fd, aside, _kept_name(name))
        return False


@dataclass(frozen=True, slots=True)
class _Old:
    """The file as it was found, held open. ``is_leased``: whoever wants to write into it waits for us."""

    fd: int
    is_leased: bool

    def is_untouched(self, directory: int, name: str, expected: bytes) -> bool:
        """Looks once more, under its new name: the same file, the same bytes, nobody who waits to write."""
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if found.st_ino != os.fstat(self.fd).st_ino or not _holds(self.fd, expected):
            return False
        return not self.is_leased or libc.is_lease_whole(self.fd)


@contextlib.contextmanager
def _held(fd: int, name: str, expected: bytes) -> Iterator[_Old | None]:
    """Yields the old file, leased where there are leases; None if it is not as expected, or being written."""
    file = os.open(name, beneath.LOOK, dir_fd=fd)
    try:
        leased = libc.lease(file)
        yield _Old(file, bool(leased)) if leased is not False and _holds(file, expected) else None
    finally:
        libc.release(file)
        os.close(file)


@contextlib.contextmanager
def _temporary(fd: int, data: bytes, old: bytes, like: os.stat_result | None) -> Iterator[str]:
    """Yields the name of a durable new file with these bytes; whatever is left under it at the end is removed."""
    name = leftovers.unfinished()
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=fd)
    try:
        with open(file, "wb") as out:
            out.write(data)
            out.flush()
            _look_alike(file, like if like is not None else os.fstat(fd), is_new=like is None)
            os.fsync(file)
        whole = leftovers.name(old, data)
        os.rename(name, whole, src_dir_fd=fd, dst_dir_fd=fd)
        name = whole
        yield name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=fd)


def _look_alike(file: int, like: os.stat_result, *, is_new: bool) -> None:
    """Gives a file the owner and mode of the one it replaces; a new one belongs to whose directory it is."""
    with contextlib.suppress(PermissionError):  # only root may give files away; the mode is ours to set
        os.fchown(file, like.st_uid, like.st_gid)
    if not is_new:
        os.fchmod(file, stat.S_IMODE(like.st_mode))


def _holds(file: int, expected: bytes) -> bool:
    return os.fstat(file).st_size == len(expected) and os.pread(file, len(expected) + 1, 0) == expected


def _keep(fd: int, temporary: str, name: str, new: bytes) -> None:
    """Somebody wrote into the new file in the instant it was in place: that is work, and it gets a name."""
    file = os.open(temporary, beneath.LOOK, dir_fd=fd)
    try:
        if not _holds(file, new):
            _move(fd, temporary, _kept_name(name))
    finally:
        os.close(file)


def _swap(fd: int, temporary: str, name: str) -> bool:
    """Exchanges the two; where the file system cannot, by a link to the old one and a rename over it."""
    try:
        if renaming.rename(fd, temporary, name, renaming.EXCHANGE):
            return True
    except FileNotFoundError:
        return False
    third = leftovers.unfinished()
    try:
        os.link(name, third, src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    except OSError:  # no links either (FAT): the file is absent for an instant
        os.rename(name, third, src_dir_fd=fd, dst_dir_fd=fd)
    os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
    os.rename(third, temporary, src_dir_fd=fd, dst_dir_fd=fd)
    return True


def _move(fd: int, old: str, new: str) -> bool:
    """Renames unless ``old`` is gone or ``new`` is there."""
    try:
        if renaming.rename(fd, old, new, renaming.NOREPLACE):
            return True
        if _exists(fd, new):
            return False
        os.rename(old, new, src_dir_fd=fd, dst_dir_fd=fd)
    except (FileNotFoundError, FileExistsError):
        return False
    return True


def _exists(fd: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _kept_name(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return (
        f"{stem}-kept-{secrets.token_hex(3)}.{suffix}"
        if dot and stem
        else f"{name}-kept-{secrets.token_hex(3)}"
    )
