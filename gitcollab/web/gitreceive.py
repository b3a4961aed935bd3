"""The talk with git about one push: first whether its objects may stay, then where its branches go (githooks)."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gitcollab import program
from gitcollab.errors import GitcollabError, TooLarge, Unavailable
from gitcollab.web.gitcommands import NOBODY, REASON, Commands, Move
from gitcollab.web.githooks import Line
from gitcollab.web.pktline import FLUSH, LONGEST, line

TELLING = 16 * 1024
"""Bytes of news that a person is told about one push."""

Mover = Callable[[Move], Awaitable[str]]
"""Moves one branch and returns what its person is told; raises the error that git is to show."""


@dataclass(frozen=True)
class Caps:
    """Bounds of what one push may bring: objects, bytes of one file, bytes of all objects unpacked."""

    objects: int = 250_000
    file: int = 100_000_000
    unpacked: int = 8 * 1024**3


class Talk:
    """Answers the hooks of one push to the repository at ``path``."""

    def __init__(self, path: Path, commands: Commands, move: Mover, caps: Caps) -> None:
        self._path, self._wanted, self._move, self._caps = path, commands, move, caps
        self.line = Line()

    async def hold(self) -> None:
        """Answers whatever the hooks ask, until it is cancelled."""
        async with self.line.listening() as said:
            with suppress(asyncio.IncompleteReadError):  # git has ended, and says why itself
                await self._check(said)
                await self._place(said)
            self.line.end()
            await asyncio.Event().wait()

    async def _check(self, said: asyncio.StreamReader) -> None:
        question = (await said.readline()).decode("utf-8", "surrogateescape").rstrip("\n")
        try:
            await measured(self._path, Path(question.removeprefix("quarantine ")), self._caps)
        except GitcollabError as error:
            self.line.answer(" ".join(f"{error.message}: {error.hint}".split()).encode() + b"\n")
        else:
            self.line.answer(b"yes\n")

    async def _place(self, said: asyncio.StreamReader) -> None:
        """Speaks the proc-receive protocol, version 1 (githooks(5))."""
        await _section(said)
        self.line.answer(line(b"version=1\n") + FLUSH)
        told = [each.decode("utf-8", "replace").split(" ", 2) for each in await _section(said)]
        asked = {move.ref: move for move in self._wanted.moves}
        report = b""
        for old, new, ref in told:
            move = asked.get(ref)
            if move is None or (move.old or NOBODY, move.new or NOBODY) != (old, new):
                report += line(f"ng {ref} this is not what was asked for\n".encode())
            else:
                report += line(f"{await self._placed(move)}\n".encode())
        self.line.answer(report + FLUSH)

    async def _placed(self, move: Move) -> str:
        try:
            told = await self._move(move)
        except GitcollabError as error:
            self._tell(f"{error.message}\n{error.hint}\n" if error.hint else f"{error.message}\n")
            return f"ng {move.ref} {' '.join(error.message.split())[:REASON]}"
        self._tell(told)
        return f"ok {move.ref}"

    def _tell(self, text: str) -> None:
        self.line.tell(text[: TELLING // len(self._wanted.moves)])


async def measured(repository: Path, quarantine: Path, caps: Caps) -> None:
    """Returns if what lies in quarantine is within the bounds; TooLarge if not. Nothing of it is unpacked for that.

    A small pack can hold gigabytes (facts-security F14).
    """
    if quarantine.parent != repository / "objects":
        raise Unavailable(
            "git has put this push where it is not looked for", "ask the server's administrator"
        )
    argv = program.command(
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--batch-check=%(objecttype) %(objectsize)",
        repository=repository,
    )
    env = program.environment() | {"GIT_OBJECT_DIRECTORY": str(quarantine)}
    listing = await asyncio.create_subprocess_exec(
        *argv, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, start_new_session=True
    )
    assert listing.stdout is not None  # noqa: S101 - opened as a pipe
    try:
        await _weigh(listing.stdout, caps)
    finally:
        if listing.returncode is None:
            listing.kill()
        await listing.stdout.read()
        await asyncio.shield(listing.wait())


async def _weigh(listing: asyncio.StreamReader, caps: Caps) -> None:
    count = total = 0
    while entry := await listing.readline():
        size = int(entry.split()[1])
        count, total = count + 1, total + size
        if size > caps.file:
            raise TooLarge(
                f"a file of {size:,} bytes is in this push", f"the limit is {caps.file:,}: keep it elsewhere"
            )
        if count > caps.objects or total > caps.unpacked:
            raise TooLarge("this push is too much at once", "push older commits first")


async def _section(said: asyncio.StreamReader) -> list[bytes]:
    found: list[bytes] = []
    while size := int(await said.readexactly(4), 16):
        found.append((await said.readexactly(min(size, LONGEST + 4) - 4)).removesuffix(b"\n"))
    return found
