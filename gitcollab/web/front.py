"""The front: how a request looks from outside, behind proxies and below a prefix; everything within sees it plain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

from gitcollab.errors import BadInput

OWN = re.compile(r'(\s(?:href|action|src|poster|data-[a-z-]+)=")/(?!/)')
"""An address of this site in a page of ours: in the values of texts a quotation mark is always escaped."""

Network = IPv4Network | IPv6Network


class Front:
    """``base_url`` is how people reach the site; ``proxies`` are the addresses whose X-Forwarded-For is believed.

    A proxy may cut the prefix off or leave it on. Nothing else that proxies say is looked at: the base URL says it.
    """

    def __init__(self, base_url: str, proxies: Iterable[str] = ()) -> None:
        self.prefix = urlsplit(base_url).path.rstrip("/")
        self.proxies = tuple(map(network, proxies))

    def seen(self, scope: Scope) -> Scope:
        """The request without the prefix, and from whom it came as far as trusted proxies say."""
        path: str = scope["path"]
        if self.prefix and (path == self.prefix or path.startswith(f"{self.prefix}/")):
            path = path.removeprefix(self.prefix) or "/"
            raw = scope.get("raw_path", b"").removeprefix(self.prefix.encode()) or b"/"
            scope = {**scope, "path": path, "raw_path": raw}
        if self.proxies and scope.get("client"):
            scope = {**scope, "client": (self.origin(scope), 0)}
        return scope

    def origin(self, scope: Scope) -> str:
        """The nearest address that is no trusted proxy's; what lies behind it could be made up."""
        nearest = str(scope["client"][0])
        told = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        for address in reversed([text.strip() for text in told if text.strip()]):
            if not self.is_proxy(nearest):
                break
            nearest = address
        return nearest[:64]

    def is_proxy(self, address: str) -> bool:
        """Whether an address is a trusted proxy's; what is no address is not."""
        try:
            known = ip_address(address)
        except ValueError:
            return False
        return any(known in each for each in self.proxies)

    def addressed(self, send: Send) -> Send:
        """Returns ``send`` that puts the prefix before the addresses in an answer's headers."""
        if not self.prefix:
            return send

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                to, link = headers.get("location", ""), headers.get("link", "")
                if to.startswith("/") and not to.startswith("//"):
                    headers["location"] = self.prefix + to
                if link.startswith("</"):
                    headers["link"] = f"<{self.prefix}{link[1:]}"
            await send(message)

        return told

    def page(self, html: str) -> str:
        """A page whose addresses of this site have the prefix before them."""
        return OWN.sub(rf"\g<1>{self.prefix}/", html) if self.prefix else html


def network(text: str) -> Network:
    """Reads an address or a range of them, ``10.0.0.1`` or ``10.0.0.0/8``."""
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise BadInput(f"{text!r} is no proxy's address", "write 10.0.0.1 or 10.0.0.0/8") from error
