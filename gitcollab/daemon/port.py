"""The port: bound before anything is started, so that a port that is taken is said at once."""

from __future__ import annotations

import errno
import socket
import time

from gitcollab.errors import BadInput, Unusable

WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104  # compared with, not bound to
BACKLOG = 2048


def bind(host: str, port: int, patience: float = 0.0) -> socket.socket:
    """Returns a socket that listens there; connections wait in it while web starts or is replaced.

    Unusable if the port stays taken for ``patience`` seconds, BadInput if the address is not this machine's.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise BadInput(
                    f"cannot listen at {host}:{port}: {(error.strerror or str(error)).lower()}",
                    "choose another address with --host or --port",
                ) from error
            if time.monotonic() >= deadline:
                raise Unusable(
                    f"port {port} of {host} is taken by another program",
                    "choose another with --port; 0 takes any free one",
                ) from error
        time.sleep(0.1)


def _bound(host: str, port: int) -> socket.socket:
    family, kind, proto, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def reachable(host: str, listener: socket.socket) -> str:
    """Returns the HTTP address under which this machine's own programs reach the listener."""
    name = socket.gethostname() if host in WILDCARDS else host
    return f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"


def loopback(listener: socket.socket) -> tuple[str, int]:
    """Returns an address that reaches the listener from this machine."""
    host, port = listener.getsockname()[:2]
    if host in WILDCARDS:
        return ("::1" if listener.family == socket.AF_INET6 else "127.0.0.1"), port
    return host, port
