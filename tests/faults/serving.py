"""Serving: a push as stock git makes it, over HTTP; one process, traced with all it runs, receives and takes it in.

The door, git's receive-pack with its quarantine, the hooks, the look for secrets and the writer's act are the real
ones; the sign-in and the wire between web and writer, which are no part of what a kill can leave half done, are not.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess

import acting
import uvicorn
from acting import CLONE, LAPTOP, PUSHED, World
from invariants import Save
from starlette.types import Receive, Scope, Send
from tracing import forked

from gitcollab import acts
from gitcollab.flow.arriving import search
from gitcollab.model import Actor
from gitcollab.web.git import GitDoor
from gitcollab.web.gitarrivals import kept_secrets
from gitcollab.web.gitcommands import Commands, Move
from gitcollab.web.gitpush import Receiver, news
from gitcollab.web.gitrun import Limits

ANA = Actor(user="ana")
IDLE = 30.0
"""Seconds after which a push is given up that nothing moves; after three times as many whatever moves.

Where only what passes the hooks' words on was killed, git keeps the line alive, and nothing else ends the push.
"""

WAITING: dict[int, tuple[socket.socket, int]] = {}
"""The door that somebody waits at, and who: by the process that will open it."""


def begins(world: World) -> None:
    """Ana begins to push from her clone, before anybody is traced; she waits until the door opens."""
    line = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{line.getsockname()[1]}/git/{world.id}.git"
    client = forked(lambda: pushes(world, line, url))
    WAITING[os.getpid()] = line, client


def pushes(world: World, line: socket.socket, url: str) -> None:
    """Pushes, and tells what was acknowledged: git says that all is well."""
    line.close()
    clone = str(world.ana_at.parent / "clone")
    allowed = {**os.environ, **CLONE, "GIT_ALLOW_PROTOCOL": "http"}
    words = ["git", "-C", clone, "push", "-q", url, f"main:{LAPTOP.ref}"]
    if subprocess.run(words, env=allowed, capture_output=True, check=False).returncode == 0:
        tip = acting.git("-C", clone, "rev-parse", "main")
        acting.told(Save(world.id, str(LAPTOP), "pushed.txt", PUSHED, tip))


def pushes_over_http(world: World) -> None:
    """Opens the door until Ana has pushed."""
    if os.getpid() not in WAITING:
        begins(world)
    line, client = WAITING.pop(os.getpid())
    asyncio.run(_open(world, line, client))


async def _open(world: World, line: socket.socket, client: int) -> None:
    limits = Limits(idle=IDLE, whole=3 * IDLE)
    door = GitDoor(world.place.repository, _anybody, limits, receiver=_receiver(world))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await door({**scope, "state": {"actor": ANA}}, receive, send)

    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[line]))
    await asyncio.to_thread(os.waitpid, client, 0)
    server.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _receiver(world: World) -> Receiver:
    async def admit(scope: Scope, collab: str, move: Move, commands: Commands) -> None:
        assert (move.ref, collab) == (LAPTOP.ref, world.id)

    async def moved(scope: Scope, collab: str, move: Move, commands: Commands) -> str:
        done = await asyncio.to_thread(
            world.asks, "ana", acts.Push, ref=move.ref, old=move.old, new=move.new, kept=commands.kept
        )
        assert isinstance(done, acts.Pushed)
        return news(done, "http://127.0.0.1")

    async def looked(actor: Actor, collab: str, commands: Commands, arrived: object, objects: dict[str, int]):
        tips = tuple(move.new for move in commands.moves if move.new)

        async def look(share: tuple[str, ...]) -> tuple[acts.PushedSecret, ...]:
            act = acts.SearchPush(actor=actor, collab=collab, arrived=str(arrived), tips=tips, objects=share)
            return await asyncio.to_thread(search, world.place.repository(collab), act)

        async def sift(digests: tuple[str, ...]) -> tuple[str, ...]:
            return digests

        return await kept_secrets(objects, commands.options, "", look, sift)

    return Receiver(admit, moved, looked, world.root / "private" / "hooks")


async def _anybody(scope: Scope, collab: str, is_push: bool) -> None:
    """Ana may."""
