"""Pushing over smart HTTP: decided from the first packet lines, received by git, moved by the writer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.types import Scope

from gitcollab import acts, program
from gitcollab.acts.pushing import SESSIONS
from gitcollab.errors import BadInput
from gitcollab.model import Actor
from gitcollab.web.ask import admitted
from gitcollab.web.gitarrivals import Caps, kept_secrets, measured
from gitcollab.web.gitcommands import Commands, Move
from gitcollab.web.githooks import written
from gitcollab.web.gitreceive import Talk
from gitcollab.web.gitrun import Limits

if TYPE_CHECKING:
    from gitcollab.web.auth import Credential
    from gitcollab.web.site import Site

MANUAL = "help/git#suspected-secrets"
"""Where the manual says what to do about a push that is refused."""

DIGITS = 8
"""Digits of a commit's id that people are shown."""

FREE = 2 * 1024**3, 300
"""Bytes of memory and seconds of the processor that receiving may take: a bomb ends there."""


@dataclass(frozen=True)
class Receiver:
    """How pushes are received: with the hooks in ``hooks``, each branch allowed by ``admit`` and moved by ``move``.

    Both are told the request, the collab, the branch and the push; ``move`` returns what the person is told. ``search``
    is told where a push's objects lie and how many bytes they have, and returns what its person has decided to share.
    """

    admit: Callable[[Scope, str, Move, Commands], Awaitable[None]]
    move: Callable[[Scope, str, Move, Commands], Awaitable[str]]
    search: Callable[[Actor, str, Commands, Path, dict[str, int]], Awaitable[tuple[acts.PushedSecret, ...]]]
    hooks: Path
    caps: Caps = field(default_factory=Caps)
    made: list[Path] = field(default_factory=list)

    async def ready(self) -> Path:
        """Returns where the hooks lie; they are written at the first push: an older version may have left its own."""
        if not self.made:
            self.made.append(await asyncio.to_thread(written, self.hooks))
        return self.hooks

    async def admit_all(self, scope: Scope, collab: str, commands: Commands) -> None:
        """Raises unless every branch of a push may be moved."""
        for move in commands.moves:
            if move.new is None:
                raise BadInput("branches of a collab are not deleted", "close a session: gitcollab leave")
            await self.admit(scope, collab, move, commands)

    def talk(self, scope: Scope, collab: str, repository: Path, commands: Commands) -> Talk:
        """Returns the talk with git about one push."""
        kept: list[acts.PushedSecret] = []

        async def check(arrived: Path) -> None:
            objects = await measured(repository, arrived, self.caps)
            if objects or commands.options.get("message"):
                kept.extend(await self.search(scope["state"]["actor"], collab, commands, arrived, objects))

        async def move(asked: Move) -> str:
            return await self.move(scope, collab, asked, replace(commands, kept=tuple(kept)))

        return Talk(commands, check, move)

    async def argv(self, repository: Path, limits: Limits, *words: str) -> list[str]:
        """Returns the arguments of a receive-pack that moves no branch by itself."""
        also = (
            f"core.hooksPath={await self.ready()}",
            "receive.procReceiveRefs=refs",
            "receive.autogc=false",  # the writer packs; git would start a program to learn that it may not
            "receive.advertisePushOptions=true",
            "receive.advertiseAtomic=false",
            f"receive.maxInputSize={limits.pack_size}",
            "receive.shallowUpdate=false",
            "receive.unpackLimit=100",
            "transfer.fsckObjects=true",
        )
        return program.service("receive-pack", *words, repository=repository, also=also)


def receiving(limits: Limits) -> Limits:
    """Returns the limits of a run that receives."""
    return replace(limits, memory=min(limits.memory, FREE[0]), cpu=min(limits.cpu, FREE[1]))


def receiver(site: Site, hooks: Path) -> Receiver:
    """Returns the receiver whose branches the writer moves."""

    async def admit(scope: Scope, collab: str, move: Move, commands: Commands) -> None:
        act = asked(scope, collab, move, commands)
        await site.look(admitted, act.actor, act)

    async def moved(scope: Scope, collab: str, move: Move, commands: Commands) -> str:
        done: acts.Pushed = await site.writer.call(asked(scope, collab, move, commands))
        return news(done, f"{site.base_url}/c/{collab}")

    async def search(
        actor: Actor, collab: str, commands: Commands, arrived: Path, objects: dict[str, int]
    ) -> tuple[acts.PushedSecret, ...]:
        tips = tuple({move.new for move in commands.moves if move.new})

        async def look(share: tuple[str, ...]) -> tuple[acts.PushedSecret, ...]:
            act = acts.SearchPush(
                actor=actor,
                collab=collab,
                arrived=str(arrived),
                tips=tips,
                objects=share,
                message=commands.options.get("message", ""),
            )
            found: tuple[acts.PushedSecret, ...] = await site.workers.call(act)
            return found

        async def sift(digests: tuple[str, ...]) -> tuple[str, ...]:
            act = acts.SiftSecrets(actor=actor, collab=collab, digests=digests)
            suspected: tuple[str, ...] = await site.writer.call(act)
            return suspected

        told_at = f"{site.base_url}/{MANUAL}"
        return await kept_secrets(objects, commands.options, told_at, look, sift)

    return Receiver(admit, moved, search, hooks)


def asked(scope: Scope, collab: str, move: Move, commands: Commands) -> acts.Push:
    """Returns the act that a push of one branch is; who pushes is who signed this request in."""
    credential: Credential = scope["state"]["credential"]
    return acts.Push(
        actor=scope["state"]["actor"],
        collab=collab,
        ref=move.ref,
        old=move.old,
        new=move.new,
        session=commands.options.get("session", ""),
        message=commands.options.get("message", ""),
        token=credential.token,
        kept=commands.kept,
    )


def any_push(actor: Actor, collab: str) -> acts.Push:
    """Returns the act that stands for any push of a person's, to ask whether they may push at all."""
    return acts.Push(actor=actor, collab=collab, ref=f"{SESSIONS}{actor.user}/any", old=None, new=None)


def news(done: acts.Pushed, address: str) -> str:
    """Returns what the person who pushed reads after ``remote:``."""
    commits = f"{done.count} commit{'s' * (done.count != 1)}"
    lines = [f"session {done.session}: {commits}, {_landing(done)}"]
    if done.contested:
        count = len(done.contested)
        lines.append(f"{count} contested place{'s' * (count != 1)} wait for a person: {address}/contested")
    if done.authors:
        user = done.session.split("/")[0]
        lines.append(f"not known to be {user}, and shown as pushed by {user}: {', '.join(done.authors[:3])}")
    lines += done.remarks
    if done.ref == "refs/heads/main":
        lines.append("main has a commit of its own for it: git pull before the next push")
    return "".join(f"{line}\n" for line in lines)


def _landing(done: acts.Pushed) -> str:
    if done.trouble:
        return f"kept; not landed yet: {done.trouble}"
    if done.landed is None:
        return "kept; nothing to land now"
    return f"landed on main as {done.landed[:DIGITS]}"
