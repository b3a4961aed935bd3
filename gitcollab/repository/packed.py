"""The packed-refs file: read with a memory of its last state, and rewritten when a packed ref is dropped."""

from __future__ import annotations

import os
from pathlib import Path

from gitcollab.repository.durable import sync_directory, sync_files, write_new


class PackedRefs:
    """The refs that git has packed into one file. A loose ref of the same name counts before them."""

    def __init__(self, path: Path) -> None:
        self._path = path / "packed-refs"
        self._stat: tuple[int, int, int] | None = None
        self._refs: dict[str, str] = {}

    def read(self) -> dict[str, str]:
        """Returns {name: id} as the file stands now."""
        try:
            with open(self._path, encoding="utf-8", errors="surrogateescape") as file:
                stat = os.fstat(file.fileno())
                now = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
                if now != self._stat:
                    self._refs, self._stat = _parsed(file.read()), now
        except FileNotFoundError:
            self._refs, self._stat = {}, None
        return self._refs

    def drop(self, ref: str) -> None:
        """Takes a ref out of the file, durably. FileExistsError if the file is locked."""
        if ref not in self.read():
            return
        lock = self._path.with_name("packed-refs.lock")
        write_new(lock, [])
        try:
            temporary = lock.with_name("packed-refs.new")
            temporary.unlink(missing_ok=True)
            write_new(temporary, [_without(self._path.read_bytes(), ref)])
            sync_files([temporary])
            os.rename(temporary, self._path)
            sync_directory(self._path.parent)
        finally:
            lock.unlink()


def _parsed(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        if line[:1] not in {"#", "^", ""}:
            oid, _, name = line.partition(" ")
            found[name] = oid
    return found


def _without(data: bytes, ref: str) -> bytes:
    kept, is_dropping = [], False
    for line in data.splitlines(keepends=True):
        if not line.startswith(b"^"):
            is_dropping = line.rstrip(b"\n").endswith(b" " + ref.encode("utf-8", "surrogateescape"))
        if not is_dropping:
            kept.append(line)
    return b"".join(kept)
