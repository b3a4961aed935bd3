"""Outside: one request to a server that somebody else has named, which must lead nowhere it has no business to be.

Names that people write are resolved once, judged, and the judged address is connected to: no name can be asked twice
and answer differently (DNS rebinding). Only public addresses, but for hosts that the administrator has listed; no
redirect, no proxy, no credential in the URL; bounded in time as a whole and in bytes.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from gitcollab.errors import BadInput, Unavailable
from gitcollab.model import Value

LARGEST = 1 << 16
"""Bytes of an answer that are read."""

LONGEST = 2000
"""Characters of a URL."""

TRANSLATED = tuple(
    ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""IPv6 addresses that stand for IPv4 ones: what they lead to cannot be seen."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reply(Value):
    """What came: the status, and the beginning of the body."""

    status: int
    body: bytes = b""


def checked_url(url: str) -> SplitResult:
    """Returns the parts of a URL that may be asked. BadInput for any that is not plain http or https."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if (
        not is_good
        or len(url) > LONGEST
        or not url.isascii()
        or any(char <= " " or char == "\x7f" for char in url)
    ):
        raise BadInput(f"{url[:100]!r} is no address of a server", "write http:// or https://, and its host")
    if parts.username is not None or parts.password is not None:
        raise BadInput("an address must hold no password", "leave out what is before the @")
    return parts


def is_listed(parts: SplitResult, hosts: Collection[str]) -> bool:
    """Whether the administrator has listed a URL's host, by its name alone or with its port."""
    host = (parts.hostname or "").lower()
    name = f"[{host}]" if ":" in host else host
    return bool({host, name, f"{name}:{_port(parts)}"} & {one.strip().lower() for one in hosts})


def send(
    url: str,
    hosts: Collection[str] = (),
    *,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    within: float = 10.0,
) -> Reply:
    """Sends one GET, or a POST of ``body``, and returns what comes within so many seconds. Blocks.

    :raises BadInput: the URL is none that may be asked, or leads to a private address that is not in ``hosts``.
    :raises Unavailable: nothing comes, in time or at all.
    """
    parts = checked_url(url)
    try:
        found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"there is no host {parts.hostname!r}") from error
    addresses = [str(one[4][0]) for one in found]
    if not is_listed(parts, hosts) and not all(map(is_public, addresses)):
        raise BadInput(
            f"{parts.hostname} is no public address", "ask this server's administrator to list the host"
        )
    try:
        return _sent(parts, addresses[0], headers or {}, body, within)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(f"{parts.hostname} does not answer: {_reason(error)}") from error


def is_public(address: str) -> bool:
    """Whether an address is one of the public network: not of this machine, this net, or a special kind."""
    try:
        known: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, ipaddress.IPv6Address):
        if any(known in network for network in TRANSLATED):
            return False
        known = known.ipv4_mapped or known
    return known.is_global and not known.is_multicast and not known.is_reserved


def _sent(
    parts: SplitResult, address: str, headers: dict[str, str], body: bytes | None, within: float
) -> Reply:
    line = socket.create_connection((address, _port(parts)), timeout=within)
    # a timeout is for each read; who sends a byte now and then must not hold us for ever
    alarm = threading.Timer(within, _cut, [line])
    alarm.daemon = True
    alarm.start()
    connection = http.client.HTTPConnection(parts.hostname or "", _port(parts))
    try:
        if parts.scheme == "https":
            line = ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
        connection.sock = line
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        told = {"User-Agent": "gitcollab", "Accept": "application/json", "Connection": "close", **headers}
        connection.request("GET" if body is None else "POST", target, body, told)
        answer = connection.getresponse()
        return Reply(status=answer.status, body=answer.read(LARGEST))
    finally:
        alarm.cancel()
        connection.close()
        line.close()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
