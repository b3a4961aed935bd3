"""Published: the refs of a repository that its versions are, as git tells them; nothing of it is written."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from gitcollab import program

BLESSED, MAIN, TAGS = "refs/heads/blessed", "refs/heads/main", "refs/tags/"

DEADLINE = 60.0
"""Seconds that git may take."""


def published(repository: Path, let_out: Collection[str] | None) -> dict[str, str]:
    """Returns the blessed branch and the versions, {ref: object id}.

    ``let_out`` are the tags that may be seen; None: all. What stands behind a version that may not be seen yet may not
    either, as its history holds that one; the blessed branch ends before it.
    """
    found = refs_of(repository, BLESSED, TAGS)
    if let_out is None or BLESSED not in found:
        return found
    tagged = _lines(repository, "for-each-ref", "--format=%(*objectname) %(refname)", TAGS)
    names = {commit: name for commit, _, name in (line.partition(" ") for line in tagged)}
    line = [one for one in _lines(repository, "rev-list", "--first-parent", found[BLESSED]) if one in names]
    shown: dict[str, str] = {}
    for commit in reversed(line):
        name = names[commit]
        if name.removeprefix(TAGS) not in let_out:
            break
        shown |= {BLESSED: commit, name: found[name]}
    return shown


def refs_of(repository: Path, *prefixes: str) -> dict[str, str]:
    """Returns the refs below the prefixes, {ref: object id}."""
    lines = _lines(repository, "for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
    return {name: oid for oid, _, name in (line.partition(" ") for line in lines)}


def touched(repository: Path) -> tuple[tuple[str, int], ...]:
    """Returns what changes whenever a version is published: a tag is a new file, or one of those that are packed."""
    tags = repository / "refs" / "tags"
    places = [
        repository / "packed-refs",
        repository / BLESSED,
        tags,
        *(one for one in tags.rglob("*") if one.is_dir()),
    ]
    found = []
    for place in places:
        with suppress(OSError):
            found.append((str(place), place.stat().st_mtime_ns))
    return tuple(sorted(found))


def _lines(repository: Path, *words: str) -> list[str]:
    done = subprocess.run(
        program.command(*words, repository=repository),
        env=program.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    return done.stdout.splitlines()
