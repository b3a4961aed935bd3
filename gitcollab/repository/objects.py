"""Objects of a repository by id: blobs, and the raw bytes of trees, commits and tags.

Loose objects are read and written here, not by libgit2: it holds Python's lock through compression, flushes nothing,
takes a damaged object for a present one and spins for ever on a truncated one (facts-security F1 to F4).
libgit2 reads what is packed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pygit2

from gitcollab.errors import BadInput, TooLarge
from gitcollab.repository.durable import Pending, make_directories, write_new
from gitcollab.repository.errors import Damaged, disk_errors
from gitcollab.repository.opening import opened
from gitcollab.repository.values import checked_oid

BLOB_LIMIT = 512 * 1024 * 1024
"""Bytes. No object larger than this is ever read into memory."""

T = TypeVar("T")

_HEADER_LIMIT = 64
_TRIES = 20
_COMPARED = 256 * 1024
PACKED_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


class Objects:
    """The objects of one repository. What is written is noted in ``pending`` and durable with the next flush of it."""

    def __init__(self, path: Path, pending: Pending) -> None:
        self.path = path
        self.pending = pending
        self._top = str(path / "objects")
        self._open()

    def _open(self) -> None:
        self._git = opened(self.path)
        self._packs = self._git.odb

    def read(self, oid: str, limit: int = BLOB_LIMIT) -> tuple[str, bytes]:
        """Returns an object's kind (blob, tree, commit, tag) and bytes, verified against its id.

        Raises TooLarge over ``limit`` bytes and Damaged if it is missing or not what its id says.
        """
        loose = self._loose(
            checked_oid(oid), limit + limit // 100 + 4096
        )  # what deflate may add, and the header
        return self._read_packed(oid, limit) if loose is None else unpacked(oid, loose, limit)

    def header(self, oid: str) -> tuple[str, int]:
        """Returns an object's kind and size in bytes without reading it."""
        loose = self._loose(checked_oid(oid), 4096)
        if loose is not None:
            return _header(oid, zlib.decompressobj(), loose)[:2]
        return self._packed_header(oid)

    def has(self, oid: str) -> bool:
        """Whether the object is there (not whether it is sound)."""
        return self._path(checked_oid(oid)).exists() or self._is_packed(oid)

    def beginning_with(self, prefix: str) -> set[str]:
        """Returns the ids that begin with these (at least two) digits; BadInput where too many packed ones do."""
        directory = self.path / "objects" / prefix[:2]
        names = os.listdir(directory) if directory.is_dir() else []
        found = {prefix[:2] + name for name in names if len(name) == 38 and name.startswith(prefix[2:])}
        try:
            found.add(str(self._git.expand_id(prefix)))
        except KeyError:
            pass  # nothing packed begins so
        except ValueError as error:
            if not found:
                raise BadInput(f"{prefix} begins several objects", "give more digits") from error
        return found

    def write(self, kind: str, data: bytes) -> str:
        """Writes an object, to be durable before any ref moves; one that exists costs a look only.

        An existing object that is damaged is put aside and written anew (facts-security F4).
        """
        header = f"{kind} {len(data)}\0".encode()
        digest = hashlib.sha1(header, usedforsecurity=False)
        digest.update(data)
        oid = digest.hexdigest()
        if not self._is_kept(oid, (header, data)):
            with disk_errors("an object"):
                self._write_loose(oid, header, data)
        return oid

    def quarantine(self, oid: str) -> bool:
        """Puts a loose object aside, where git does not see it; False if there is none."""
        source, aside = self._path(oid), self.path / "gitcollab-damaged"
        aside.mkdir(exist_ok=True)
        try:
            source.rename(aside / f"{oid}.{secrets.token_hex(4)}")
        except FileNotFoundError:
            return False
        return True

    def _is_kept(self, oid: str, content: tuple[bytes, bytes]) -> bool:
        path = self._path(oid)
        try:
            is_sound = _holds(path, content)
        except FileNotFoundError:
            return self._is_packed(oid)
        if not is_sound:
            self.quarantine(oid)
            return False
        with suppress(FileNotFoundError):  # packed in this moment, and so safe
            os.utime(path)  # so that a prune that is under way lets it live
        self.pending.add(path)  # whoever wrote it may not have flushed it, and never will
        return True

    def _write_loose(self, oid: str, header: bytes, data: bytes) -> None:
        target = self._path(oid)
        # Level 0: deflate is 90 % of the cost of a large save, and the next repack compresses anyway (facts-git 3).
        deflate = zlib.compressobj(0)
        pieces = (deflate.compress(header), deflate.compress(data), deflate.flush())
        for _ in range(_TRIES):
            made = make_directories(target.parent, self.path)
            temporary = target.parent / f"tmp_obj_{secrets.token_hex(8)}"
            with suppress(FileNotFoundError):  # a repack has just removed the directory, which was empty
                write_new(temporary, pieces, 0o444)
                os.rename(temporary, target)
                self.pending.add(target, directories=made)
                return
        raise Damaged(oid, f"{target.parent} vanishes again and again")

    def _path(self, oid: str) -> Path:
        return self.path / "objects" / oid[:2] / oid[2:]

    def _loose(self, oid: str, limit: int) -> bytes | None:
        try:
            with open(f"{self._top}/{oid[:2]}/{oid[2:]}", "rb") as file:
                return file.read(limit)
        except FileNotFoundError:
            return None

    def _is_packed(self, oid: str) -> bool:
        return bool(self._packs.exists(pygit2.Oid(hex=oid)))

    def _read_packed(self, oid: str, limit: int) -> tuple[str, bytes]:
        _, size = self._packed_header(oid)
        if size > limit:
            raise too_large(oid, size, limit)
        kind, data = self._asked(oid, lambda packs, name: packs.read(name))
        return PACKED_KINDS[int(kind)], data

    def _packed_header(self, oid: str) -> tuple[str, int]:
        kind, size = self._asked(oid, lambda packs, name: packs.read_header(name))
        return PACKED_KINDS[int(kind)], size

    def _asked(self, oid: str, ask: Callable[[pygit2.Odb, pygit2.Oid], tuple[int, T]]) -> tuple[int, T]:
        """Asks libgit2 about a packed object; once more, opened anew, since its pack may have been replaced."""
        try:
            return ask(self._packs, pygit2.Oid(hex=oid))
        except (KeyError, pygit2.GitError):
            self._open()
        try:
            return ask(self._packs, pygit2.Oid(hex=oid))
        except KeyError as error:
            raise Damaged(oid, "missing") from error
        except pygit2.GitError as error:
            raise Damaged(oid, str(error)) from error


def unpacked(oid: str, loose: bytes, limit: int) -> tuple[str, bytes]:
    """Returns kind and bytes of a loose object's file content; Damaged if it is not the object ``oid``."""
    inflate = zlib.decompressobj()
    kind, size, first, pending = _header(oid, inflate, loose)
    if size > limit:
        raise too_large(oid, size, limit)
    if len(first) > size:
        raise Damaged(oid, "longer than its header says")
    try:
        data = first + inflate.decompress(pending, size - len(first) + 1)
        data += inflate.decompress(inflate.unconsumed_tail, 1) if not inflate.eof else b""
    except zlib.error as error:
        raise Damaged(oid, str(error)) from error
    if not inflate.eof or len(data) != size or inflate.unused_data:
        raise Damaged(oid, "cut short or with something after its end")
    digest = hashlib.sha1(f"{kind} {size}\0".encode(), usedforsecurity=False)
    digest.update(data)
    if digest.hexdigest() != oid:
        raise Damaged(oid, "content is not what the id says")
    return kind, data


def _holds(path: Path, content: tuple[bytes, bytes]) -> bool:
    """Whether a loose object's file is whole: byte for byte, or a large one by the checksum at its end."""
    header, data = content
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > _COMPARED:
            file.seek(-4, os.SEEK_END)
            return file.read() == zlib.adler32(data, zlib.adler32(header)).to_bytes(4, "big")
        loose = file.read()
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(loose, len(header) + len(data) + 1)
    except zlib.error:
        return False
    return plain == header + data and inflate.eof and not inflate.unused_data


def too_large(oid: str, size: int, limit: int) -> TooLarge:
    """The error for an object over a limit, in bytes."""
    return TooLarge(f"{oid} has {size} bytes, more than {limit}", oid=oid, size=size, limit=limit)


def _header(oid: str, inflate: zlib._Decompress, loose: bytes) -> tuple[str, int, bytes, bytes]:
    try:
        start = inflate.decompress(loose, _HEADER_LIMIT)
        head, nul, first = start.partition(b"\0")
        kind, _, size = head.decode("ascii").partition(" ")
        number = int(size)
    except (zlib.error, ValueError) as error:
        raise Damaged(oid, "unreadable header") from error
    if not nul or kind not in PACKED_KINDS.values() or number < 0:
        raise Damaged(oid, "unreadable header")
    return kind, number, first, inflate.unconsumed_tail
