"""The talk with git about one push: first whether its objects may stay, then where its branches go (githooks)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from gitcollab.errors import GitcollabError
from gitcollab.web.gitcommands import NOBODY, REASON, Commands, Move
from gitcollab.web.githooks import Line
from gitcollab.web.pktline import FLUSH, LONGEST, line

TELLING = 16 * 1024
"""Bytes of news that a person is told about one push."""

Mover = Callable[[Move], Awaitable[str]]
"""Moves one branch and returns what its person is told; raises the error that git is to show."""


Check = Callable[[Path], Awaitable[None]]
"""Looks at what lies in a quarantine, and raises the error for what may not be let in."""


class Talk:
    """Answers the hooks of one push."""

    def __init__(self, commands: Commands, check: Check, move: Mover) -> None:
        self._wanted, self._check, self._move = commands, check, move
        self.line = Line()

    async def hold(self) -> None:
        """Answers whatever the hooks ask, until it is cancelled."""
        async with self.line.listening() as said:
            with suppress(asyncio.IncompleteReadError):  # git has ended, and says why itself
                if await self._is_let_in(said):
                    await self._place(said)
            self.line.end()
            await asyncio.Event().wait()

    async def _is_let_in(self, said: asyncio.StreamReader) -> bool:
        question = (await said.readline()).decode("utf-8", "surrogateescape").rstrip("\n")
        try:
            await self._check(Path(question.removeprefix("quarantine ")))
        except GitcollabError as error:
            self.line.answer(
                f"no\n{error.message}\n{error.hint}".encode("utf-8", "replace")[:TELLING] + b"\n"
            )
            return False
        self.line.answer(b"yes\n")
        return True

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


async def _section(said: asyncio.StreamReader) -> list[bytes]:
    found: list[bytes] = []
    while size := int(await said.readexactly(4), 16):
        found.append((await said.readexactly(min(size, LONGEST + 4) - 4)).removesuffix(b"\n"))
    return found
