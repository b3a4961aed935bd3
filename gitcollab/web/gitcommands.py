"""What a push wants, read from its first packet lines before any program is started; a refusal in git's own words."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from gitcollab.acts.pushing import PushedSecret
from gitcollab.errors import BadInput, GitcollabError, TooLarge
from gitcollab.web.gitbody import Body
from gitcollab.web.pktline import FLUSH, banded, line, lines_of, section

MOVES = 20
"""Branches that one push may move."""

HEAD = 64 * 1024
"""Bytes within which commands and options have to be said."""

REASON = 300
"""Characters of a reason that stands behind a branch's name."""

NOBODY = "0" * 40

COMMAND = re.compile(rb"([0-9a-f]{40}) ([0-9a-f]{40}) ([!-~\x80-\xff]+)")
OPTION = re.compile(r"(session|message|keep-secrets)(?:=(.*))?")
HEADER = re.compile(rb"PACK\0\0\0[\2\3]", re.DOTALL)


@dataclass(frozen=True)
class Move:
    """One branch of a push: ``old`` None is a new one, ``new`` None one that is to go."""

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Commands:
    """What a push wants: which branches where, and the options that its person has set.

    ``kept`` are the suspected secrets that they have thereby decided to share.
    """

    moves: tuple[Move, ...] = ()
    capabilities: frozenset[str] = frozenset()
    options: dict[str, str] = field(default_factory=dict)
    kept: tuple[PushedSecret, ...] = ()


class Incoming:
    """A push's body: its commands are read first; then it can be fed on from its beginning, or heard to its end."""

    def __init__(self, body: Body, objects: int) -> None:
        self._body, self._objects = body, objects
        self._pieces = body.pieces()
        self._begun = b""
        self.known = Commands()
        """What is known of the commands, also where reading them has failed."""

    async def commands(self) -> Commands:
        """Reads what is wanted. BadInput for what git does not say, TooLarge for too many branches or objects."""
        try:
            lines, end = await self._section(0)
        except TooLarge:
            self.known = _begun(self._begun)
            raise
        if not lines:
            return self.known
        self.known = _begun(self._begun)
        moves, options = _moves(lines), dict[str, str]()
        if "push-options" in self.known.capabilities:
            more, end = await self._section(end)
            options = _options(more)
        self.known = replace(self.known, moves=moves, options=options)
        await self._look_at_pack(end)
        return self.known

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yields the body from its beginning, like ``Body``."""
        begun, self._begun = self._begun, b""
        yield begun
        async for piece in self._pieces:
            yield piece

    async def gone(self) -> None:
        """Returns when the client has gone. To be asked when the body has been read."""
        await self._body.gone()

    async def heard(self) -> None:
        """Reads the rest and drops it: git does not listen before it has said all."""
        async for _ in self._pieces:
            pass

    async def _section(self, start: int) -> tuple[list[bytes], int]:
        while (found := section(self._begun, start)) is None:
            if len(self._begun) > HEAD:
                raise TooLarge("this push moves too many branches", f"push at most {MOVES} at once")
            if not await self._more():
                raise BadInput("this push ends before it has said what it wants", "use git itself")
        return found

    async def _look_at_pack(self, start: int) -> None:
        """A pack says at its beginning how many objects it holds."""
        while len(self._begun) < start + 12:
            if not await self._more():
                return  # a push that only deletes has none; what else it may be is git's to say
        count = int.from_bytes(self._begun[start + 8 : start + 12], "big")
        if HEADER.match(self._begun, start) and count > self._objects:
            raise TooLarge(f"more than {self._objects:,} objects in one push", "push older commits first")

    async def _more(self) -> bool:
        async for piece in self._pieces:
            self._begun += piece
            return True
        return False


def _begun(buffer: bytes) -> Commands:
    """What the first lines say, as far as it can be understood: enough to answer them."""
    lines = list(itertools.islice(filter(_is_command, lines_of(buffer)), MOVES))
    found = [COMMAND.fullmatch(each.partition(b"\0")[0]) for each in lines]
    said = lines[0].partition(b"\0")[2] if lines else b""
    moves = tuple(_move(each) for each in found if each)
    return Commands(moves, frozenset(said.decode("ascii", "replace").split()))


def _is_command(said: bytes) -> bool:
    """A shallow clone says first where its history ends."""
    return not said.startswith(b"shallow ")


def _move(found: re.Match[bytes]) -> Move:
    old, new, ref = (each.decode("utf-8", "replace") for each in found.groups())
    return Move(ref, None if old == NOBODY else old, None if new == NOBODY else new)


def _moves(lines: list[bytes]) -> tuple[Move, ...]:
    wanted = [each.partition(b"\0")[0] for each in lines if _is_command(each)]
    if len(wanted) > MOVES:
        raise TooLarge(f"this push moves {len(wanted)} branches", f"push at most {MOVES} at once")
    found = [COMMAND.fullmatch(each) for each in wanted]
    if not found or not all(found):
        raise BadInput("this is not what git says", "use git itself; signed pushes are not taken")
    moves = [_move(each) for each in found if each]
    if len({move.ref for move in moves}) != len(moves):
        raise BadInput("this push names a branch twice", "push it once")
    return tuple(moves)


def _options(lines: list[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for said in (each.decode("utf-8", "replace") for each in lines):
        option = OPTION.fullmatch(said)
        if option is None or (option[2] is None and option[1] != "keep-secrets"):
            raise BadInput(
                f"{said[:80]!r} is no option of a push here", "use -o session=NAME or -o message=TEXT"
            )
        found[option[1]] = option[2] or ""
    return found


def refused(commands: Commands, error: GitcollabError) -> bytes:
    """Returns the whole answer to a push that is not taken, which git shows branch by branch."""
    reason = " ".join(error.message.split())[:REASON]
    report = line(b"unpack ok\n")
    report += b"".join(line(f"ng {move.ref} {reason}\n".encode()) for move in commands.moves) + FLUSH
    answer = report if "report-status" in commands.capabilities or not commands.moves else b""
    if "report-status-v2" in commands.capabilities:
        answer = report
    if "side-band-64k" not in commands.capabilities:
        return answer
    hint = f"{error.message}\n{error.hint}\n" if error.hint else f"{error.message}\n"
    return banded(2, hint.encode()) + banded(1, answer) + FLUSH
