"""Damage: found before libgit2 or git trips over it, put aside, healed from a pack, or named exactly.

A damaged object file is worse than none: git and libgit2 take it for present and never write it anew (facts-security
F4), and one kind makes libgit2 spin for ever (F3). Put aside, the next save of the same content heals it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from gitcollab.errors import BadInput, TooLarge
from gitcollab.repository.errors import Damaged
from gitcollab.repository.repository import Repository
from gitcollab.repository.running import attempt
from gitcollab.repository.values import OID

COMMITS_LIMIT = 20_000
"""Commits that are searched for the places of a lost object."""

FAULTS_LIMIT = 100


class Mended(msgspec.Struct, frozen=True):
    """Ids of objects that were damaged: ``healed`` ones exist in a pack as well, ``lost`` ones have no other copy."""

    healed: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where a lost object belongs: the file's path, and the commit that brought it."""

    oid: str
    path: str
    commit: str


def mend(repo: Repository, since: float = 0.0) -> Mended:
    """Looks through the loose objects written ``since`` (Unix time) and puts the damaged ones aside.

    Never calls libgit2 on one of them. For the start after a stop that was not clean, under the root's lock.
    """
    healed: list[str] = []
    lost: list[str] = []
    for oid in _loose(repo.path, since):
        if _is_sound(repo, oid):
            continue
        repo.objects.quarantine(oid)
        (healed if repo.has(oid) else lost).append(oid)
    return Mended(tuple(sorted(healed)), tuple(sorted(lost)))


def places(repo: Repository, oids: Collection[str]) -> tuple[Place, ...]:
    """Returns which files of which commits the lost objects are, as far as the rest of the history can be read."""
    wanted = set(oids)
    found: dict[tuple[str, str], Place] = {}
    for ref in repo.heads("refs/").values():
        for place in _brought(repo, ref):
            if place.oid in wanted:
                found.setdefault((place.oid, place.path), place)
    return tuple(found.values())


def faults(path: Path, deadline: float = 600) -> tuple[str, ...]:
    """Asks git whether everything that a ref reaches is there; returns its complaints, () if there are none.

    Raises Unavailable when it takes longer than ``deadline`` seconds.
    """
    words = ["fsck", "--connectivity-only", "--no-dangling", "--no-progress"]
    code, said = attempt(path, *words, deadline=deadline)
    return tuple(said.splitlines()[:FAULTS_LIMIT]) if code != 0 else ()


def _loose(path: Path, since: float) -> Iterator[str]:
    for file in (path / "objects").glob("??/*"):
        oid = file.parent.name + file.name
        if OID.fullmatch(oid) and file.stat().st_mtime >= since:
            yield oid


def _is_sound(repo: Repository, oid: str) -> bool:
    try:
        repo.objects.read(oid)
    except Damaged:
        return False
    except (
        TooLarge
    ):  # the header was read; the rest is more than this process may hold, and for fsck to judge
        return True
    return True


def _brought(repo: Repository, tip: str) -> Iterator[Place]:
    try:
        for commit in repo.log(tip, limit=COMMITS_LIMIT):
            before = commit.parents[0] if commit.parents else None
            for change in repo.changes(before, commit.oid):
                if change.new is not None:
                    yield Place(change.new.oid, change.path, commit.oid)
    except (Damaged, BadInput):
        return  # a commit or tree is lost itself, and what lies behind it; or a tag, whose commit a branch holds too
