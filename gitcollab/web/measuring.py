"""Measuring: what the web process counts, and the door at which Prometheus reads it together with the writer's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio.to_thread
from prometheus_client import Counter, Gauge, Histogram
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitcollab.access import allow
from gitcollab.acts import Measure
from gitcollab.errors import GitcollabError, NotSignedIn
from gitcollab.measures import BUCKETS, CONTENT_TYPE, noted, registry, text
from gitcollab.model import Actor
from gitcollab.web.auth import shown, shown_secret

if TYPE_CHECKING:
    from gitcollab.web.hub import Hub, Ring
    from gitcollab.web.site import Site

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DOORS = frozenset({"api", "git", "c", "static", "health", "metrics", "public", "signin"})
"""First parts of paths that are counted apart; the rest is ``other``."""


class Measures:
    """What this process counts, and what it shows of ``hub`` whenever it is asked."""

    def __init__(self, hub: Hub) -> None:
        self.register = registry("web")
        self.streamed = Histogram(
            "gitcollab_web_streamed_seconds",
            "From when this process heard of an event until one reader's connection had taken it",
            buckets=BUCKETS,
            registry=self.register,
        )
        self.requests = Counter(
            "gitcollab_web_requests", "Requests answered", ["door", "status"], registry=self.register
        )
        self.watch("streams", "Open event streams", lambda: sum(len(ring.readers) for ring in rings(hub)))
        self.watch(
            "stream_bytes", "Bytes of events kept for their readers", lambda: sum(r.size for r in rings(hub))
        )
        self.watch("streams_dropped", "Readers let go because they did not read", lambda: hub.dropped)
        hub.streamed = self.streamed.observe

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """Shows, whenever it is asked for, what ``value`` returns: ``gitcollab_web_NAME``."""
        Gauge(f"gitcollab_web_{name}", what, registry=self.register).set_function(value)


def rings(hub: Hub) -> list[Ring]:
    """The rings of now: the loop goes on while they are looked at."""
    return list(hub.rings.values())


class Counted:
    """The application, each of its answers counted."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self.app, self.measures = app, measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        first = scope["path"].split("/", 2)[1]
        door = first if first in DOORS else "other"

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.measures.requests.labels(door, f"{message['status'] // 100}xx").inc()
            await send(message)

        await self.app(scope, receive, count)


class Scrape:
    """Answers ``GET /metrics``: for an administrator's token, and for this machine's own programs.

    These need no token where nobody reaches the server by another name: behind a proxy every request would look as
    if it came from this machine.
    """

    def __init__(self, site: Site, measures: Measures, run: Path) -> None:
        self.site, self.measures, self.run = site, measures, run
        self.is_local = (urlsplit(site.base_url).hostname or "") in LOOPBACK

    async def answer(self, request: Request) -> Response:
        """Answers the request."""
        await self.admit(request)
        try:
            writer: bytes = await self.site.writer.call(Measure(actor=Actor(user="", via="daemon")))
        except GitcollabError:
            writer = b""
        own = await anyio.to_thread.run_sync(self.own)
        return Response(own + writer, headers={"content-type": CONTENT_TYPE})

    def own(self) -> bytes:
        """What this process counts, and what those have noted that cannot be asked. Reads files."""
        others = [text_of(each, noted(self.run, each)) for each in ("daemon", "workers")]
        return b"".join([text(self.measures.register), *others])

    async def admit(self, request: Request) -> None:
        """Raises NotSignedIn or Forbidden unless the asker may know."""
        if self.is_local and is_here(request):
            return
        secret = shown_secret(request.headers)
        found = await self.site.look(shown, secret) if secret else None
        if found is None:
            raise NotSignedIn(
                "Only an administrator's token opens this", "send it as Authorization: Bearer …"
            )
        allow(found[1], Measure)


def is_here(request: Request) -> bool:
    """Whether a program of this machine asks, by no proxy that says so."""
    headers: Headers = request.headers
    is_passed_on = any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via"))
    return request.client is not None and request.client.host in LOOPBACK and not is_passed_on


def text_of(part: str, counts: dict[str, int]) -> bytes:
    """What a process has noted, as Prometheus reads it."""
    lines = [
        f"# TYPE gitcollab_{part}_{name} gauge\ngitcollab_{part}_{name} {count}\n"
        for name, count in counts.items()
    ]
    return "".join(lines).encode()
