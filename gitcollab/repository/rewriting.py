"""Rewriting: a repository made anew with something taken out of all its history; it takes the old one's place at once.

Every commit that held it, and all that follow, get new ids. Nothing of the old repository is kept: objects that no ref
reaches, logs and caches are left behind with it.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from gitcollab.errors import Unusable
from gitcollab.renaming import EXCHANGE, HERE, rename
from gitcollab.repository.durable import sync_directory, sync_filesystem
from gitcollab.repository.opening import UNFINISHED
from gitcollab.repository.repository import Repository
from gitcollab.repository.running import run
from gitcollab.repository.trees import Trees, parse
from gitcollab.repository.values import Entry

Redact = Callable[[str, str, bytes], bytes]
"""Gets a file's path, id and bytes, and returns the bytes without what is to go; unchanged where nothing is."""

DEADLINE = 3600.0
_ID = re.compile(rb"[0-9a-f]{40}")


class Rewritten(msgspec.Struct, frozen=True, kw_only=True):
    """A repository made anew at ``path``, not yet in the old one's place.

    ``refs`` are where its refs are; ``ids`` tells the new id of each commit and tag that has another; ``blobs`` counts
    the files' versions that were changed.
    """

    path: Path
    refs: dict[str, str]
    ids: dict[str, str]
    blobs: int


def rewritten(old: Repository, redact: Redact, message: Callable[[bytes], bytes], own: str) -> Rewritten:
    """Makes the repository anew beside the old one, durably, with every file's version and message redacted.

    Files below ``own`` name commits; those follow. The caller keeps everybody else from writing and packing.
    """
    path = old.path.parent / f"{UNFINISHED}{secrets.token_hex(8)}"
    try:
        return _made(old, _Rewriting(old, _begun(old, path), redact, message, own))
    except BaseException:
        discard(path)
        raise


def _made(old: Repository, work: _Rewriting) -> Rewritten:
    path = work.new.path
    for commit in run(old.path, "rev-list", "--topo-order", "--reverse", "--all", deadline=DEADLINE).split():
        work.commit(commit)
    refs = {ref: work.named(oid) for ref, oid in old.heads("refs/").items()}
    packed = "".join(f"{oid} {ref}\n" for ref, oid in sorted(refs.items()))
    (path / "packed-refs").write_text(f"# pack-refs with: sorted \n{packed}", encoding="utf-8")
    run(
        path, "repack", "-a", "-d", "-q", deadline=DEADLINE
    )  # all that is reachable, the old repository's part too
    (path / "objects" / "info" / "alternates").unlink()
    run(path, "fsck", "--connectivity-only", "--no-dangling", "--no-progress", deadline=DEADLINE)
    run(path, "commit-graph", "write", "--reachable", "--no-progress", deadline=DEADLINE)
    sync_filesystem(path)
    ids = {one: other for one, other in work.ids.items() if one != other}
    return Rewritten(path=path, refs=refs, ids=ids, blobs=work.blobs)


def versions(repo: Repository, path: str) -> frozenset[str]:
    """Returns the ids of every file that ever stood at a path, in any commit that a ref reaches."""
    commits = run(repo.path, "rev-list", "--all", deadline=DEADLINE).split()
    entries = (repo.entry(commit, path) for commit in commits)
    return frozenset(entry.oid for entry in entries if entry is not None and entry.is_file)


def exchange(old: Path, new: Path) -> None:
    """Puts the new repository in the old one's place, which is the one step that counts, and the old one in its.

    Unusable where the file system cannot exchange two directories, OSError where it fails to.
    """
    if not rename(HERE, old, new, EXCHANGE):
        raise Unusable("this file system cannot exchange directories", "nothing was changed")
    sync_directory(old.parent)


def discard(path: Path) -> None:
    """Removes a repository that is in nobody's place."""
    shutil.rmtree(path, ignore_errors=True)
    sync_directory(path.parent)


def translated(data: bytes, ids: Mapping[str, str]) -> bytes:
    """Returns the bytes with the new ids of commits in the place of the old ones."""
    return _ID.sub(lambda found: ids.get(found[0].decode(), found[0].decode()).encode(), data)


def _begun(old: Repository, path: Path) -> Repository:
    Repository.create(path)
    for name in ("config", "HEAD", "description", "info/attributes"):
        if (old.path / name).is_file():
            shutil.copyfile(old.path / name, path / name)
    alternates = path / "objects" / "info" / "alternates"
    alternates.parent.mkdir(exist_ok=True)
    alternates.write_text(f"{(old.path / 'objects').absolute()}\n")
    return Repository(path)  # opened with the other's objects in sight


class _Rewriting:
    def __init__(
        self, old: Repository, new: Repository, redact: Redact, message: Callable[[bytes], bytes], own: str
    ) -> None:
        self._old, self.new, self._redact, self._message, self._own = old, new, redact, message, own
        self._writing = Trees(new.objects)
        self._trees: dict[tuple[str, str], str] = {}
        self._files: dict[tuple[str, str], str] = {}
        self.ids: dict[str, str] = {}
        self.blobs = 0

    def commit(self, oid: str) -> None:
        """Rewrites one commit, whose parents have been."""
        data = self._old.objects.read(oid)[1]
        head, gap, body = data.partition(b"\n\n")
        lines = [self._line(line) for line in head.split(b"\n")]
        self.ids[oid] = self.new.objects.write(
            "commit", b"\n".join(lines) + gap + translated(self._message(body), self.ids)
        )

    def named(self, oid: str) -> str:
        """Returns what a ref shall name: a rewritten commit or tag."""
        if oid in self.ids:
            return self.ids[oid]
        kind, data = self._old.objects.read(oid)
        if kind == "tag":
            head, gap, body = data.partition(b"\n\n")
            target = head[7:47].decode("ascii")
            head = head.replace(target.encode(), self.named(target).encode(), 1)
            self.ids[oid] = self.new.objects.write(
                "tag", head + gap + translated(self._message(body), self.ids)
            )
            return self.ids[oid]
        return oid

    def _line(self, line: bytes) -> bytes:
        name, _, value = line.partition(b" ")
        if name == b"tree":
            return b"tree " + self._tree(value.decode("ascii"), "").encode()
        if name == b"parent":
            return b"parent " + self.ids[value.decode("ascii")].encode()
        return line

    def _tree(self, oid: str, above: str) -> str:
        if (oid, above) not in self._trees:
            before = parse(self._old.objects.read(oid)[1])
            after = dict(self._entries(before, above))
            self._trees[oid, above] = oid if before == after else self._writing.write(after)
        return self._trees[oid, above]

    def _entries(self, entries: Mapping[str, Entry], above: str) -> Iterator[tuple[str, Entry]]:
        for name, entry in entries.items():
            path = f"{above}{name}"
            if entry.is_tree:
                yield name, Entry(self._tree(entry.oid, f"{path}/"), entry.mode)
            elif entry.is_file:
                yield name, Entry(self._file(entry.oid, path), entry.mode)
            else:
                yield name, entry

    def _file(self, oid: str, path: str) -> str:
        if (oid, path) not in self._files:
            before = self._old.blob(oid)
            after = self._redact(path, oid, before)
            self.blobs += after != before
            if path.startswith(self._own):
                after = translated(after, self.ids)
            self._files[oid, path] = oid if after == before else self.new.write_blob(after)
        return self._files[oid, path]
