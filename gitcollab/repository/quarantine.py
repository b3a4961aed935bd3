"""Quarantine: what a push has brought and git has not let in yet, read beside the repository that it is for."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec
import pygit2

from gitcollab import program
from gitcollab.errors import BadInput, Unavailable
from gitcollab.repository.objects import PACKED_KINDS, too_large, unpacked
from gitcollab.repository.opening import opened
from gitcollab.repository.values import checked_oid

CHANGES = 200_000
"""Changes of files, in all new commits together, that are looked through for a blob's place."""

CHUNK = 64 * 1024
ABSENT = "0" * 40
FORMAT = "--format=%x01%H"


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """One file that a new commit changed: ``oid`` is its blob there, ``old`` the one before, None if there was none.

    ``is_named``: it is called so from there on, being new or renamed.
    """

    commit: str
    path: str
    oid: str
    old: str | None
    is_named: bool = False


class Quarantine:
    """The objects in the directory ``arrived``, which lies within the objects of the repository at ``path``.

    For one short job: it reads what nobody has let in yet, and takes no lock.
    """

    def __init__(self, path: Path, arrived: Path) -> None:
        if arrived.parent != path / "objects":
            raise BadInput("what was pushed lies elsewhere")
        self._path, self._arrived = path, arrived
        self._git = opened(path)
        self._git.odb.add_disk_alternate(str(arrived))
        self._packs = self._git.odb

    def read(self, oid: str, limit: int) -> tuple[str, bytes]:
        """Returns the kind (blob, tree, commit, tag) and bytes of what has arrived; TooLarge over ``limit`` bytes."""
        file = self._arrived / oid[:2] / oid[2:]
        if file.exists():
            return unpacked(oid, file.read_bytes(), limit)
        name = pygit2.Oid(hex=oid)
        size = self._packs.read_header(name)[1]
        if size > limit:
            raise too_large(oid, size, limit)
        kind, data = self._packs.read(name)
        return PACKED_KINDS[int(kind)], data

    def changes(self, tips: Sequence[str]) -> Iterator[Brought]:
        """Yields what the commits that are new with ``tips`` changed, oldest first; renamed files are followed."""
        words = ("log", "-z", "--raw", "-M", "--no-abbrev", "-m", "--topo-order", "--reverse")
        revisions = (*map(checked_oid, tips), "--not", "--all", "--")
        argv = program.command(*words, FORMAT, *revisions, repository=self._path)
        env = program.environment() | {
            "GIT_OBJECT_DIRECTORY": str(self._arrived),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self._path / "objects"),
        }
        with subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as ran:
            assert ran.stdout is not None  # noqa: S101 - opened as a pipe
            try:
                yield from itertools.islice(read_changes(_words(ran.stdout)), CHANGES)
            finally:
                ran.kill()  # where its output is not read to the end
        if ran.returncode > 0:
            raise Unavailable("git cannot say what this push has changed", "try again")


def read_changes(words: Iterator[str]) -> Iterator[Brought]:
    """Reads what ``git log -z --raw --format=%x01%H`` says, from NUL to NUL."""
    commit = ""
    for word in words:
        if word.startswith("\x01"):
            commit = word[1:41]
        elif ":" in word:
            _, _, old, new, status = word.partition(":")[2].split(" ")
            first = next(words)
            path = next(words) if status[0] in "RC" else first
            if new != ABSENT:
                before = None if old == ABSENT else old
                yield Brought(commit=commit, path=path, oid=new, old=before, is_named=status[0] in "ARC")


def _words(said: IO[bytes]) -> Iterator[str]:
    left = b""
    while piece := said.read(CHUNK):
        *whole, left = (left + piece).split(b"\0")
        for word in whole:
            yield word.decode("utf-8", "surrogateescape")
