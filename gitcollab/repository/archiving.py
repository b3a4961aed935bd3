"""Archiving: a line of history as one bundle outside the repository, read back whole before anybody relies on it.

Objects are taken out of the repository here too, the only place that does: none that any ref or log of a ref reaches,
and none but those that a bundle has just been seen to hold.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import msgspec

from gitcollab.repository.bundling import DEADLINE, bundle, fed, unbundle
from gitcollab.repository.commits import seconds_of
from gitcollab.repository.durable import sync_directory, sync_files, sync_filesystem
from gitcollab.repository.errors import Damaged
from gitcollab.repository.maintenance import alone, maintain
from gitcollab.repository.repository import Repository
from gitcollab.repository.running import attempt, run

PACKED = "objects/pack"
ROOM = "gitcollab-archive-"
"""How directories begin in which bundles are read back."""

Quiet = Callable[[], AbstractContextManager[object]]


def archive(repo: Repository, tips: dict[str, str], firm: Iterable[str], file: Path) -> int:
    """Writes what ``tips`` ({ref: commit}) reach beyond ``firm`` commits as a bundle, durably; returns its objects.

    ``firm`` commits, which the bundle builds upon, must be such as the repository keeps for ever. The file is put in
    its place once it has been read back and holds all that it should; 0, and no file, if there is nothing.

    :raises Damaged: what was read back is not what was archived.
    """
    firm = sorted(set(firm))
    asked = ("rev-list", "--objects", "--no-object-names", *sorted(set(tips.values())), "--not", *firm)
    wanted = frozenset(run(repo.path, *asked, deadline=DEADLINE).split())
    temporary = file.with_suffix(".new")
    if not wanted or not bundle(repo.path, tips, firm, temporary):
        temporary.unlink(missing_ok=True)
        return 0
    if missing := wanted - contents(repo.path, temporary):
        temporary.unlink()
        raise Damaged(file.name, f"{len(missing)} objects are not in the archive that was just made")
    sync_files([temporary])
    os.replace(temporary, file)
    sync_directory(file.parent)
    return len(wanted)


def contents(path: Path, file: Path) -> frozenset[str]:
    """Returns the ids of all objects that a bundle holds, each of them read and hashed.

    ``path`` is the repository that it builds upon, which is not changed. Damaged if it cannot be read whole.
    """
    with tempfile.TemporaryDirectory(prefix=ROOM, dir=file.parent) as room:
        scratch = Repository.create(Path(room) / "read-back.git").path
        (scratch / "objects" / "info" / "alternates").write_text(f"{(path / 'objects').absolute()}\n")
        unbundle(scratch, file)
        found: set[str] = set()
        for index in (scratch / PACKED).glob("*.idx"):
            with open(index, "rb") as data:
                said = fed(scratch, ("show-index",), data, subprocess.PIPE)
            found |= {line.split()[1] for line in said.decode("ascii").splitlines()}
    return frozenset(found)


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """How many objects left a repository, and how many bytes all its objects took ``before`` and ``after`` that."""

    objects: int = 0
    before: int
    after: int


def drop(repo: Repository, doomed: frozenset[str], quiet: Quiet) -> Dropped:
    """Takes those of the objects that nothing reaches any more out of a repository; returns what that came to.

    Saves and reads go on but for the last step, a few renames, within ``quiet()``, where nobody else writes to the
    repository; no objects, and all is as it was, if somebody came to need one of them meanwhile. Killed at any moment,
    the repository is whole, with the objects or without.
    """
    before = size(repo.path)
    objects = _dropped(repo, doomed, quiet)
    return Dropped(objects=objects, before=before, after=size(repo.path))


def size(path: Path) -> int:
    """Returns how many bytes the objects of a repository take."""
    total = 0
    for directory, _, names in os.walk(path / "objects"):
        for name in names:
            with suppress(FileNotFoundError):  # packed meanwhile
                total += os.stat(os.path.join(directory, name)).st_size
    return total


def _dropped(repo: Repository, doomed: frozenset[str], quiet: Quiet) -> int:
    path = repo.path
    maintain(path, is_thorough=True)  # all in one pack, those that nothing reaches too
    with alone(path):
        before, packs = repo_refs(path), _packs(path)
        gone = _unneeded(path, doomed)
        made = _packed_without(path, gone) if gone else None
    if made is None:
        return 0
    try:
        with quiet(), alone(path):
            if gone & _new(path, before) or not packs <= _packs(path):
                return 0
            _exchange(path, made, packs, gone)
            repo.reopen()
    finally:
        for each in (path / PACKED).glob(f"{made.stem}.*"):
            each.unlink()
    return len(gone)


def forget(path: Path, ref: str, until: str) -> None:
    """Forgets in a ref's log where it was until a time (ISO 8601) and no longer is."""
    if (path / "logs" / ref).is_file():
        when = f"--expire-unreachable=@{seconds_of(until)} +0000"
        run(path, "reflog", "expire", "--expire=never", when, ref, deadline=DEADLINE)


def is_whole(path: Path, tip: str) -> bool:
    """Whether all that a commit needs is here, as far as no ref answers for it."""
    return attempt(path, "rev-list", "--objects", "--quiet", tip, "--not", "--all", deadline=DEADLINE)[0] == 0


def strays(repo: Repository, above: str) -> tuple[str, ...]:
    """Returns the commits that no ref holds any more and that descend from ``above``: older drafts, what was undone."""
    held = set(run(repo.path, "rev-list", "--all", deadline=DEADLINE).split())
    asked = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objecttype) %(objectname)")
    said = fed(repo.path, asked, b"", subprocess.PIPE).decode("ascii").splitlines()
    found = {line.removeprefix("commit ") for line in said if line.startswith("commit ")}
    return tuple(oid for oid in sorted(found - held) if repo.is_ancestor(above, oid))


def repo_refs(path: Path) -> dict[str, str]:
    """Returns all refs of a repository as they are on the disk."""
    return Repository(path).heads("refs/")


def _all(path: Path) -> set[str]:
    asked = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
    return set(fed(path, asked, b"", subprocess.PIPE).decode("ascii").split())


def _unneeded(path: Path, doomed: frozenset[str]) -> set[str]:
    """Those of the objects that no ref, no log of a ref, and nothing else in the repository leads to."""
    everything = _all(path)
    reached = _reachable(path, ())
    stray = everything - reached - doomed
    return (everything & doomed) - (_reachable(path, stray) if stray else reached)


def _reachable(path: Path, also: Iterable[str]) -> set[str]:
    """Everything that a ref, or the log of one, holds, and what these objects hold."""
    words = ("rev-list", "--objects", "--no-object-names", "--all", "--reflog", "--stdin")
    given = "".join(f"{oid}\n" for oid in also).encode()
    return set(fed(path, words, given, subprocess.PIPE).decode("ascii").split())


def _new(path: Path, before: dict[str, str]) -> set[str]:
    """What refs hold that they did not hold ``before``."""
    known = set(before.values())
    if not (tips := set(repo_refs(path).values()) - known):
        return set()
    words = ("rev-list", "--objects", "--no-object-names", "--stdin")
    given = "".join(f"{oid}\n" for oid in (*tips, *(f"^{oid}" for oid in known))).encode()
    return set(fed(path, words, given, subprocess.PIPE).decode("ascii").split())


def _packs(path: Path) -> set[Path]:
    """The packs that may be replaced: those that nobody asked to keep."""
    found = (path / PACKED).glob("pack-*.pack")
    return {each for each in found if not each.with_suffix(".keep").exists()}


def _packed_without(path: Path, gone: set[str]) -> Path:
    """Packs all objects but these, where git does not see it yet; returns the pack."""
    kept = "".join(f"{oid}\n" for oid in sorted(_all(path) - gone)).encode()
    name = path / PACKED / f".tmp-{os.getpid()}-kept"
    words = ("pack-objects", "--quiet", "--delta-base-offset", "--honor-pack-keep", str(name))
    oid = fed(path, words, kept, subprocess.PIPE).decode("ascii").strip()
    sync_filesystem(path)
    return name.with_name(f"{name.name}-{oid}.pack")


def _exchange(path: Path, made: Path, packs: set[Path], gone: set[str]) -> None:
    """Puts the new pack in the place of the old ones: it is there, durably, before any of them goes."""
    place = made.with_name(f"pack-{made.stem.rpartition('-')[2]}.pack")
    for suffix in (".rev", ".pack", ".idx"):  # a pack counts once its index is there
        with suppress(FileNotFoundError):  # older programs write no .rev
            os.replace(made.with_suffix(suffix), place.with_suffix(suffix))
    sync_directory(place.parent)
    for each in place.parent.glob("multi-pack-index*"):
        each.unlink()
    for pack in sorted(packs - {place}):
        others = sorted(place.parent.glob(f"{pack.stem}.*"), key=lambda each: each.suffix != ".idx")
        for each in others:
            each.unlink()
    for oid in gone:
        (path / "objects" / oid[:2] / oid[2:]).unlink(missing_ok=True)
    sync_filesystem(path)
