"""What a push has brought, looked at before git lets it in: how much it is, and whether it holds suspected secrets."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import zlib
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitcollab import program
from gitcollab.acts.pushing import PushedSecret
from gitcollab.errors import GitcollabError, TooLarge, Unavailable, Unusable

SHARE = 8_000_000
"""Bytes that one job of a worker looks through; a larger file is a job of its own."""

SOON = 64_000_000
"""Bytes that two workers may look through at once."""

OBJECTS = 5000
"""Files, trees and commits of one such job."""

MOST = 100
"""Suspected secrets after which the rest of a push is not looked at."""

TOLD = 5
"""Of them, those that a refusal names."""

OPTION = "keep-secrets"
"""The push option by which a person decides to share what is suspected."""

Search = Callable[[tuple[str, ...]], Awaitable[tuple[PushedSecret, ...]]]
"""Looks through some of what a push has brought for suspected secrets."""

Sift = Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]
"""Which of these digests nobody in the collab has said to be harmless."""


@dataclass(frozen=True)
class Caps:
    """Bounds of what one push may bring: objects, bytes of one file, bytes of all objects unpacked."""

    objects: int = 250_000
    file: int = 100_000_000
    unpacked: int = 8 * 1024**3


class Weighing:
    """Adds up what has come, and keeps the files, trees and commits in it with their sizes in bytes."""

    def __init__(self, caps: Caps) -> None:
        self._caps, self._count, self._total = caps, 0, 0
        self.objects: dict[str, int] = {}

    def add(self, kind: str, size: int, name: str) -> None:
        """Adds one object; TooLarge if that is too much."""
        caps = self._caps
        self._count, self._total = self._count + 1, self._total + size
        if size > caps.file:
            raise TooLarge(
                f"a file of {size:,} bytes is in this push", f"the limit is {caps.file:,}: keep it elsewhere"
            )
        if self._count > caps.objects or self._total > caps.unpacked:
            raise TooLarge("this push is too much at once", "push older commits first")
        if kind != "tag":
            self.objects[name] = size


async def measured(repository: Path, arrived: Path, caps: Caps) -> dict[str, int]:
    """Returns what is in a quarantine, but for tags, with its sizes in bytes; TooLarge if it is not within the bounds.

    Nothing is unpacked for that: a small pack can hold gigabytes (facts-security F14).
    """
    if arrived.parent != repository / "objects":
        raise Unavailable(
            "git has put this push where it is not looked for", "ask the server's administrator"
        )
    weighing = Weighing(caps)
    if await asyncio.to_thread(is_loose, arrived):
        for entry in await asyncio.to_thread(lambda: list(loose(arrived))):
            weighing.add(*entry)
    else:
        await _listed(repository, arrived, weighing)
    return weighing.objects


async def _listed(repository: Path, arrived: Path, weighing: Weighing) -> None:
    argv = program.command(
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objecttype) %(objectsize) %(objectname)",
        repository=repository,
    )
    env = program.environment() | {"GIT_OBJECT_DIRECTORY": str(arrived)}
    listing = await asyncio.create_subprocess_exec(
        *argv, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, start_new_session=True
    )
    assert listing.stdout is not None  # noqa: S101 - opened as a pipe
    try:
        while entry := await listing.stdout.readline():
            kind, size, name = entry.decode("ascii").split()
            weighing.add(kind, int(size), name)
    finally:
        if listing.returncode is None:
            listing.kill()
        await listing.stdout.read()
        await asyncio.shield(listing.wait())


def is_loose(arrived: Path) -> bool:
    """Whether a push was so small that git has unpacked it, each object into a file of its own."""
    return not any((arrived / "pack").glob("*"))


def loose(arrived: Path) -> Iterator[tuple[str, int, str]]:
    """Yields kind, size and id of each object that is not packed, from the beginnings of their files."""
    for file in arrived.glob("[0-9a-f][0-9a-f]/*"):
        if not file.name.startswith("tmp_"):
            with file.open("rb") as beginning:
                head = zlib.decompressobj().decompress(beginning.read(512), 64).partition(b"\0")[0]
            kind, size = head.decode("ascii").split()
            yield kind, int(size), file.parent.name + file.name


async def kept_secrets(
    objects: dict[str, int], options: Mapping[str, str], told_at: str, search: Search, sift: Sift
) -> tuple[PushedSecret, ...]:
    """Returns the suspected secrets that the person who pushes has decided to share.

    Unusable, with where they stand and what to do, for those that they have not decided about; ``told_at`` is the
    address of the manual's page on it.
    """
    try:
        found = await _found(objects, search)
    except Unavailable as error:
        if not error.data.get("was_stopped"):
            raise
        if options.get(OPTION) == "":
            return ()
        raise Unusable(
            "it takes too long to look for secrets in this push, and nothing of it was taken",
            f"push older commits first, or say that there are none: git push -o {OPTION} …\nstep by step: {told_at}",
        ) from error
    suspected = await sift(tuple(found)) if found else ()
    secrets = tuple(found[digest] for digest in suspected if digest in found)
    if secrets and options.get(OPTION) not in {"", mark_of(secrets)}:
        raise refusal(secrets, told_at)
    return secrets


async def _found(objects: dict[str, int], search: Search) -> dict[str, PushedSecret]:
    found: dict[str, PushedSecret] = {}
    waiting = shares(objects)
    at_once = 2 if sum(objects.values()) <= SOON else 1  # a long search leaves a worker to everybody else
    while (these := list(itertools.islice(waiting, at_once))) and len(found) < MOST:
        for told in await asyncio.gather(*map(search, these)):
            for one in told:
                found.setdefault(one.digest, one)
    return found


def shares(objects: dict[str, int]) -> Iterator[tuple[str, ...]]:
    """Yields the objects in such parts as are done soon; one part at least."""
    share: list[str] = []
    size = 0
    for name, one in objects.items():
        if share and (size + one > SHARE or len(share) == OBJECTS):
            yield tuple(share)
            share, size = [], 0
        share.append(name)
        size += one
    yield tuple(share)


def mark_of(secrets: Iterable[PushedSecret]) -> str:
    """Returns what names just these, so that a decision can say what it has seen."""
    return hashlib.sha256("\n".join(sorted(one.digest for one in secrets)).encode()).hexdigest()[:12]


def refusal(secrets: tuple[PushedSecret, ...], told_at: str) -> GitcollabError:
    """The error that says where the secrets stand, and what can be done; more of it is ``told_at``."""
    lines = [f"  {one.place}: {one.kind}, {one.excerpt}" for one in secrets[:TOLD]]
    if len(secrets) > TOLD:
        lines.append(f"  and {len(secrets) - TOLD} more")
    return Unusable(
        "\n".join(["nothing of this push was taken: it holds what looks like a secret", *lines]),
        "take it out of every commit that has it (git commit --amend, git rebase -i), and push again;\n"
        f"if it is none, or is meant to be shared: git push -o {OPTION}={mark_of(secrets)} …\n"
        f"step by step: {told_at}",
    )
