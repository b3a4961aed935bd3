"""The outermost wall: which hosts are answered, which origins may ask, how much they may send, which headers go out.

Rules: facts of the OWASP CSRF sheet as Go 1.25's CrossOriginProtection applies them (Sec-Fetch-Site, then Origin; a
client that sends neither is no browser and carries no ambient cookie of one).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitcollab.errors import Forbidden, GitcollabError, TooLarge
from gitcollab.web.answers import refusal
from gitcollab.web.front import Front

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types gitcollab",
    )
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # not no-referrer: forms would then say Origin: null
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "private, no-cache",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Refuses foreign hosts and origins and oversized bodies, and sets the security headers on every answer."""

    def __init__(
        self, app: ASGIApp, front: Front, *, hosts: frozenset[str], base_url: str, max_body: int
    ) -> None:
        self.app, self.front, self.max_body = app, front, max_body
        self.own = urlsplit(base_url)
        self.hosts = hosts | ({self.own.hostname} if self.own.hostname else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = self.front.seen(scope)
        answer = with_headers(self.front.addressed(send))
        try:
            self.check(scope)
            await self.app(scope, self.counted(scope, receive), answer)
        except GitcollabError as error:
            await refusal(error)(scope, receive, answer)

    def check(self, scope: Scope) -> None:
        """Raises Forbidden for a foreign host or origin, TooLarge for a body announced as over the limit."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if hostname(host) not in self.hosts:
            raise Forbidden(
                "This server does not answer under that name", "start it with the name it is reached by"
            )
        if not self.is_own_origin(scope, headers, host):
            raise Forbidden("This request came from another site", "open the page itself and try there")
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self.limit(scope):
            raise too_large(self.max_body)

    def is_own_origin(self, scope: Scope, headers: Headers, host: str) -> bool:
        """Whether the request was made by a page of ours, by a person following a link, or by no browser at all."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and urlsplit(origin).netloc.lower() not in {
            host.lower(),
            self.own.netloc.lower(),
        }:
            return False
        if site in {None, "same-origin", "none"}:
            return True
        is_followed = (
            headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        )
        return is_followed and scope["method"] in SAFE_METHODS and not scope["path"].startswith("/api/")

    def limit(self, scope: Scope) -> float:
        """Bytes that this request may send; a push is measured by its own door."""
        return float("inf") if scope["path"].startswith("/git/") else self.max_body

    def counted(self, scope: Scope, receive: Receive) -> Receive:
        """Returns ``receive`` that raises TooLarge as soon as more than the limit has come in."""
        seen, limit = 0, self.limit(scope)

        async def count() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise too_large(self.max_body)
            return message

        return count


def hostname(host: str) -> str:
    """The name in a Host header, without its port; empty if it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def too_large(limit: int) -> TooLarge:
    """The error for a body over ``limit`` bytes."""
    return TooLarge(
        f"More than {limit:,} bytes cannot be sent at once", "keep large data outside the notebook"
    )


def with_headers(send: Send) -> Send:
    """Returns ``send`` that adds every security header that the answer does not set itself."""

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return dressed
