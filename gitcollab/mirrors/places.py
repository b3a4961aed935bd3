"""Places: where a mirror may be. People name them, so they must not lead to what only this server reaches."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

import msgspec

from gitcollab.errors import BadInput, Unavailable
from gitcollab.outside import is_public

LONGEST = 2000
"""Characters of an address."""

HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|[0-9A-Fa-f:.]{2,45}")
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
PATH = re.compile(r"/[A-Za-z0-9/._~+%@:-]*")
SHORT = re.compile(r"(?:([^@/:\s]+)@)?([^/:\s]+):(?!/)(\S+)")
"""How git writes ssh addresses: ``git@host:path``."""

PORTS = {"https": 443, "http": 80, "ssh": 22, "file": 0}


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """A checked address in its parts; ``url`` is what git is told. ``is_listed``: by who runs the server."""

    url: str
    scheme: str
    host: str = ""
    port: int = 0
    is_listed: bool = False


def checked(url: str, listed: Collection[str] = ()) -> Remote:
    """Returns the remote that an address names: https or ssh, anything else only as the administrator has listed it.

    ``listed`` are hosts (``git.example.org``), which may then be private ones, and beginnings of addresses
    (``file:///srv/mirrors/``, ``http://127.0.0.1:3000/``).

    :raises BadInput: it is none that may be gone to.
    """
    if len(url) > LONGEST or not url.isascii() or any(char <= " " or char == "\x7f" for char in url):
        raise BadInput(f"{url[:80]!r} is no address of a repository", "write https://HOST/PATH")
    if "://" not in url and (short := SHORT.fullmatch(url)):
        url = f"ssh://{short[1] or 'git'}@{short[2]}/{short[3]}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadInput(f"{url[:80]!r} is no address of a repository", "write https://HOST/PATH") from None
    if parts.password is not None or (parts.username and parts.scheme != "ssh"):
        raise BadInput("an address must hold no password or token", "give it by itself: --secret-file")
    scheme, host = parts.scheme, parts.hostname or ""
    is_begun = any("://" in one and url.startswith(one.rstrip("/") + "/") for one in listed)
    if scheme not in PORTS or (scheme in ("file", "http") and not is_begun):
        raise BadInput(
            f"{scheme[:20] or 'this'} is not pushed to: https or ssh only",
            "others: the setting `mirror_hosts`, by whoever runs the server",
        )
    is_odd = parts.query or parts.fragment or ".." in parts.path.split("/") or not PATH.fullmatch(parts.path)
    is_nowhere = bool(host) == (scheme == "file") or (host and not HOST.fullmatch(host)) or port == 0
    if is_odd or is_nowhere or (parts.username and not USER.fullmatch(parts.username)):
        raise BadInput(f"{url[:80]!r} is no address of a repository", "write https://HOST/PATH")
    is_listed = is_begun or host.lower() in {one.strip().lower() for one in listed}
    return Remote(url=url, scheme=scheme, host=host, port=port or PORTS[scheme], is_listed=is_listed)


def resolved(remote: Remote) -> str:
    """Returns the address that a remote's host has now, which is then connected to; '' for one without. Blocks.

    :raises BadInput: it is a private one, and the administrator has not listed the host. Unavailable: there is none.
    """
    if not remote.host:
        return ""
    try:
        found = socket.getaddrinfo(remote.host, remote.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"there is no host {remote.host}") from error
    addresses = [str(one[4][0]) for one in found]
    if not remote.is_listed and not all(map(is_public, addresses)):
        raise BadInput(f"{remote.host} is no public address", "ask this server's administrator to list it")
    return addresses[0]
