"""The viewer: gitcollab's pages under Jupyter's own address and sign-in, for browsers that cannot reach the server.

A page is asked for with the token that this Jupyter has, and from the one configured server alone. Jupyter's cookies,
its token and its name stay here; the server's security headers stay on what it answers, and one more policy keeps what
runs on a page below this address.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from concurrent.futures import Executor
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.httputil import HTTPHeaders

from gitcollab.client import Client
from gitcollab.errors import GitcollabError
from gitcollab_hooks.fetching import ENDLESS, Fetch
from gitcollab_hooks.rewriting import Place, own_query, without_xsrf
from gitcollab_hooks.server import Server

PLACE = "gitcollab/view"
"""Where the pages are, below Jupyter's base URL."""

PAGES = r"/(c|static|help|join|p)(/.*)?|/me/display|/"
"""What is shown here. Accounts, tokens and signing in are the server's own business, under its own address."""

READ = r"/api/collabs/[^/]+/(events|cite|files/.+)"
"""What the pages read besides."""

STREAM = re.compile(r"/api/collabs/[^/]+/events")

ASKED = (
    *("Accept", "Accept-Language", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID"),
    *("Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site"),
)
"""What of a request's headers goes on to the server."""

TOLD = (
    *(
        "Cache-Control",
        "Content-Disposition",
        "Content-Security-Policy",
        "Content-Type",
        "Etag",
        "Link",
        "Location",
    ),
    *("Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Referrer-Policy"),
    *("Retry-After", "Vary", "X-Accel-Buffering", "X-Content-Type-Options"),
)
"""What of an answer's headers goes back to the browser."""

LOOKED = "gitcollab-looked"
"""The one cookie that goes both ways: what of each collab this browser has seen."""

PATIENCE = 60.0
"""Seconds that a page may take."""

LARGEST_FORM, LARGEST_ANSWER = 4 << 20, 256 << 20
"""Bytes that a form may send, and that an answer may have."""

YEAR = 365 * 86400
"""Seconds that the cookie lasts."""

TYPED = "application/x-www-form-urlencoded"


class Upstream:
    """The way to the configured server."""

    def __init__(self, server: Server, executor: Executor) -> None:
        self._server, self._executor = server, executor
        self._prefixes: dict[str, str] = {}

    async def found(self) -> tuple[Client, str]:
        """The client of the moment, and what stands before the server's own addresses in its pages."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._find)

    def _find(self) -> tuple[Client, str]:
        client = self._server.client()
        if client.url not in self._prefixes:
            told = client.transport.ask("GET", "/api/openapi.json").json()
            self._prefixes = {client.url: str(told["servers"][0]["url"]).rstrip("/")}
        return client, self._prefixes[client.url]


class Viewing(JupyterHandler):
    """One page, piece, stream or form of the viewer."""

    auth_resource = "gitcollab"

    def initialize(self, upstream: Upstream) -> None:
        """Takes what the route gives."""
        self.upstream = upstream
        self.fetch: Fetch | None = None
        self.kept = bytearray()
        self.has_begun = False

    @web.authenticated
    @authorized
    async def get(self, _: str = "") -> None:
        """Shows it."""
        await self.show(f"{PAGES}|{READ}")

    @web.authenticated
    @authorized
    async def head(self, _: str = "") -> None:
        """Says whether it is there."""
        await self.show(f"{PAGES}|{READ}")

    @web.authenticated
    @authorized
    async def post(self, _: str = "") -> None:
        """Sends a form on. Jupyter has looked at ``_xsrf`` by now; the server looks at where the form came from."""
        body = self.request.body
        if len(body) > LARGEST_FORM:
            raise web.HTTPError(413, "that is too much at once")
        if body and self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != TYPED:
            raise web.HTTPError(415, "the viewer's forms are typed ones")
        await self.show(PAGES, without_xsrf(body))

    async def show(self, allowed: str, body: bytes = b"") -> None:
        """Asks the server for what lies behind this address, and answers as it does."""
        path = self.request.path.partition(f"/{PLACE}")[2] or "/"
        if not re.fullmatch(allowed, path) or ".." in path or "//" in path or "\\" in path:
            raise web.HTTPError(404, "the viewer does not show this: look under gitcollab's own address")
        try:
            client, prefix = await self.upstream.found()
            self.place = Place(url_path_join(self.base_url, PLACE), prefix, self.request.host)
            url = client.transport.url.rstrip("/") + path + own_query(self.request.query)
            self.fetch = Fetch(url, self.came)
            limit = ENDLESS if STREAM.fullmatch(path) else LARGEST_ANSWER
            headers = self.asked(client)
            method = self.request.method or "GET"
            await self.fetch.run(method, headers, body, patience=PATIENCE, limit=limit)
        except GitcollabError as why:
            raise web.HTTPError(503, f"gitcollab is away: {why.message}") from why
        self.end(self.fetch)

    def asked(self, client: Client) -> HTTPHeaders:
        """The request's headers as the server gets them."""
        headers = HTTPHeaders(
            {name: self.request.headers[name] for name in ASKED if name in self.request.headers}
        )
        if client.transport.token:
            headers["Authorization"] = f"Bearer {client.transport.token}"
        origin = self.request.headers.get("Origin")
        if origin is not None:
            is_own = origin.partition("://")[2].lower() == self.request.host.lower()
            headers["Origin"] = "/".join(client.url.split("/", 3)[:3]) if is_own else origin
        seen = self.get_cookie(LOOKED, "") or ""
        if re.fullmatch(r"[a-z0-9.-]{1,4000}", seen):
            headers["Cookie"] = f"{LOOKED}={seen}"
        return headers

    # --- the answer ------------------------------------------------------------------------------------------------

    def came(self, data: bytes) -> Awaitable[None] | None:
        """Passes a part of the answer on at once; a page is kept until it is whole."""
        if self.is_page:
            self.kept += data
            return None
        self.begin()
        self.write(data)
        return self.flush()

    def end(self, fetch: Fetch) -> None:
        """Answers with what was kept; what broke off half-way breaks off here, too."""
        if self.request.connection is None or (self.has_begun and not fetch.is_whole):
            self.detach().close()
            return
        if not fetch.is_whole:
            raise web.HTTPError(503, "gitcollab's answer broke off")
        to = fetch.headers.get("Location", "")
        if to and not self.place.is_inside(to):
            raise web.HTTPError(
                403, "gitcollab asks for a sign-in: this Jupyter's token is not good for it any more"
            )
        page = self.page()
        self.begin()
        self.finish(page or None)  # a 304 has none

    @property
    def is_page(self) -> bool:
        """Whether the answer is one in which addresses stand."""
        assert self.fetch is not None  # noqa: S101  # who asks has fetched
        return self.fetch.headers.get("Content-Type", "").startswith("text/html")

    def page(self) -> bytes:
        """What was kept, with the addresses and forms that it needs here."""
        if not self.kept:
            return b""
        token = self.get_cookie("_xsrf") or self.xsrf_token
        return self.place.page(bytes(self.kept), token if isinstance(token, str) else token.decode())

    def begin(self) -> None:
        """Says the status and the headers, once."""
        if self.has_begun or self.fetch is None:
            return
        self.has_begun = True
        told = self.fetch.headers
        self.set_status(self.fetch.status)
        for name in TOLD:
            self.clear_header(name)
            for value in told.get_list(name):
                self.add_header(name, self.place.address(value) if name in {"Link", "Location"} else value)
        if "sandbox" not in told.get("Content-Security-Policy", ""):
            self.add_header("Content-Security-Policy", self.place.policy)
        found = re.search(rf"{LOOKED}=\"?([a-z0-9.-]*)", told.get("Set-Cookie", ""))
        if found:
            path = f"{self.place.here}/"
            self.set_cookie(LOOKED, found[1], path=path, httponly=True, samesite="strict", max_age=YEAR)

    def compute_etag(self) -> str | None:
        """The server has said one, or wants none."""
        return None

    def on_connection_close(self) -> None:
        """The browser is gone: what still comes is for nobody."""
        if self.fetch is not None:
            self.fetch.close()
        super().on_connection_close()


def views(upstream: Upstream) -> list[Any]:
    """Returns the viewer's routes."""
    return [(rf"/{PLACE}(/.*)?", Viewing, {"upstream": upstream})]
