"""``python -m gitcollab.web``: the web process of the daemon, told what it needs by one JSON object on stdin.

``{"root": DIR, "fds": [N, …], "base_url": URL}`` and, if they differ from the defaults, ``database`` (URL),
``hosts`` (names it answers under besides the one in base_url and the loopback's), ``max_body`` (bytes), ``proxies``
(addresses), ``run`` (instead of ROOT/run), ``oidc`` and ``jupyterhub`` (who vouches for people). The listening sockets
are inherited; the writer and the workers are asked at ROOT/run/writer.sock and ROOT/run/workers.sock.
It stops in order on SIGTERM, and with the process that started it.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import resource
import secrets
import signal
import socket
import sys
from pathlib import Path

import msgspec
import structlog
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from gitcollab import logs, store, tracing
from gitcollab.web.app import Application, Surroundings, create_app
from gitcollab.web.jupyterhub import HubProvider, Service
from gitcollab.web.oidc import Oidc, OidcProvider
from gitcollab.web.provider import Provider
from gitcollab.web.site import MAX_BODY
from gitcollab.web.stream import ABORT, TRANSPORT
from gitcollab.wire import Errands, Wire

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FAREWELL = 5
"""Seconds that open requests get when the server stops."""
PR_SET_PDEATHSIG = 1
GARBAGE = (20_000, 20, 20)
"""Objects made, and collections of younger ones, after which Python looks for cycles; by itself (700, 10, 10)."""

log = structlog.get_logger("gitcollab.web")


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the daemon says on stdin."""

    root: str
    fds: tuple[int, ...]
    base_url: str
    database: str = ""
    hosts: tuple[str, ...] = ()
    max_body: int = MAX_BODY
    proxies: tuple[str, ...] = ()
    oidc: Oidc | None = None
    jupyterhub: Service | None = None
    guests: bool = False
    webhook_hosts: tuple[str, ...] = ()
    run: str = ""

    @property
    def providers(self) -> tuple[Provider, ...]:
        """Who vouches for people."""
        oidc: list[Provider] = [OidcProvider(self.oidc)] if self.oidc else []
        return (*oidc, HubProvider(self.jupyterhub)) if self.jupyterhub else tuple(oidc)


class Connection(H11Protocol):
    """uvicorn's connection, which tells its requests how to close it at once."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins."""
        super().connection_made(transport)
        inner = self.app

        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = scope.setdefault("extensions", {})
            extensions[ABORT] = transport.abort
            if scope.get("http_version") == "1.1":
                extensions[TRANSPORT] = transport
            await inner(scope, receive, send)

        self.app = told


class Server(uvicorn.Server):
    """uvicorn's server, which lets the readers of event streams go before it waits for requests to end."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self.application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Says farewell to the readers, then stops as uvicorn does."""
        self.application.hub.leave()
        await super().shutdown(sockets)


def main() -> None:
    """Serves until SIGTERM."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    logs.to_stderr("web")
    if trouble := tracing.begin("web"):
        log.warning("not traced", reason=trouble)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each reader of a stream has a file
    told = msgspec.json.decode(sys.stdin.buffer.read(), type=Told)
    if sys.version_info < (3, 12):  # later it is so by itself: no thread is started for each program that is
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
    gc.freeze()  # what is loaded stays; and thousands of streams are not looked through with every few requests
    gc.set_threshold(*GARBAGE)
    asyncio.run(serve(told, key(Path(told.root) / "private" / "key")))


async def serve(told: Told, key: bytes) -> None:
    """Serves on the inherited sockets."""
    run = Path(told.run) if told.run else Path(told.root) / "run"
    database = told.database or store.file_url(Path(told.root) / "private" / "gitcollab.sqlite")
    async with Wire(run / "writer.sock") as writer:
        application = create_app(
            Surroundings(
                store=store.async_engine(database),
                writer=writer,
                workers=Errands(run / "workers.sock"),
                key=key,
                base_url=told.base_url,
                repositories=Path(told.root) / "collabs",
                hosts=LOOPBACK | set(told.hosts),
                max_body=told.max_body,
                proxies=told.proxies,
                providers=told.providers,
                guests=told.guests,
                webhook_hosts=told.webhook_hosts,
                run=run,
            )
        )
        sockets = [socket.socket(fileno=fd) for fd in told.fds]
        await Server(configured(application), application).serve(sockets)


def configured(application: Application) -> uvicorn.Config:
    """How uvicorn serves the application."""
    return uvicorn.Config(
        application.asgi,
        http=Connection,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # uvicorn would believe whoever is on this machine
        lifespan="on",
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=FAREWELL,
    )


def key(path: Path) -> bytes:
    """The key that signs cookies, made at the first start; browsers stay signed in over restarts."""
    try:
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(made, "wb") as file:
        file.write(fresh := secrets.token_bytes(32))
    return fresh


if __name__ == "__main__":
    main()
