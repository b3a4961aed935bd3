"""Bundles: what a repository holds beyond commits that are known, as one file that stock git reads too.

The format is git's own (gitformat-bundle(5), version 2): a header that names prerequisites and tips, then a pack.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from gitcollab import program
from gitcollab.errors import GitcollabError, Unavailable
from gitcollab.repository.errors import Damaged
from gitcollab.repository.running import attempt

MAGIC = b"# v2 git bundle\n"
DEADLINE = 3600.0
"""Seconds that git may take for one bundle."""


def bundle(path: Path, tips: Mapping[str, str], known: Iterable[str], out: Path) -> bool:
    """Writes what is reachable from ``tips`` ({ref: object id}) and not from ``known`` ids as a bundle.

    Returns False, with nothing of worth in ``out``, if there is nothing new. ``known`` ids that are no longer here do
    not count. Repositories may be written meanwhile; what has been asked for is what is in it.

    :raises GitcollabError: git cannot read what it should.
    """
    before = _present(path, sorted(set(known)))
    wanted = "".join(f"{oid}\n" for oid in sorted(set(tips.values())))
    asked = (wanted + "--not\n" + "".join(f"{oid}\n" for oid in before)).encode()
    with open(out, "wb") as file:
        file.write(MAGIC)
        file.writelines(b"-%s\n" % oid.encode() for oid in before)
        file.writelines(b"%s %s\n" % (oid.encode(), ref.encode()) for ref, oid in sorted(tips.items()))
        file.write(b"\n")
        file.flush()
        start = file.tell()
        words = ("pack-objects", "--revs", "--thin", "--delta-base-offset", "--stdout", "--quiet")
        fed(path, words, asked, file)
    with open(out, "rb") as file:
        file.seek(start)
        return int.from_bytes(file.read(12)[8:], "big") > 0


def unbundle(path: Path, file: Path) -> dict[str, str]:
    """Takes a bundle's objects into a repository and returns its tips, {ref: object id}; moves no ref.

    :raises Damaged: it is no whole bundle. GitcollabError: what it builds upon is not here.
    """
    tips: dict[str, str] = {}
    with open(file, "rb") as bundled:
        if bundled.readline() != MAGIC:
            raise Damaged(file.name, "not a bundle")
        while (line := bundled.readline()).strip():
            if not line.startswith(b"-"):
                oid, _, ref = line.decode().strip().partition(" ")
                tips[ref] = oid
        os.lseek(bundled.fileno(), bundled.tell(), os.SEEK_SET)  # git reads the descriptor, where we are
        fed(path, ("index-pack", "--stdin", "--fix-thin", "--strict"), bundled, None)
    return tips


def check(path: Path) -> str:
    """Returns what git finds wrong with a whole repository; empty if nothing."""
    code, said = attempt(
        path, "fsck", "--full", "--strict", "--no-dangling", "--no-progress", deadline=DEADLINE
    )
    return said[-500:] or "git fsck failed" if code else ""


def _present(path: Path, oids: list[str]) -> list[str]:
    """Those of the ids that are here."""
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    said = fed(path, ("cat-file", "--batch-check=%(objectname) %(objecttype)"), asked, subprocess.PIPE)
    lines = said.decode().splitlines()
    return [oid for oid, line in zip(oids, lines, strict=True) if not line.endswith(" missing")]


def fed(path: Path, words: tuple[str, ...], given: bytes | IO[bytes], out: IO[bytes] | int | None) -> bytes:
    """Runs git on what it is given; returns what it printed if ``out`` is a pipe.

    :raises GitcollabError: it failed. Unavailable: it took too long.
    """
    argv = ["nice", "-n", "10", *program.command(*words, repository=path)]
    try:
        done = subprocess.run(
            argv,
            env=program.environment(),
            cwd=path,
            input=given if isinstance(given, bytes) else None,
            stdin=None if isinstance(given, bytes) else given,
            stdout=subprocess.DEVNULL if out is None else out,
            stderr=subprocess.PIPE,
            timeout=DEADLINE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"git {words[0]} took longer than {DEADLINE:.0f} s", path=str(path)) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")[-500:]
        raise GitcollabError(f"git {words[0]} failed: {said}", "run `gitcollab doctor`", path=str(path))
    return done.stdout or b""
