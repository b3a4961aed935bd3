"""The gitcollab server that this Jupyter works with: found anew whenever it has moved or its token has changed."""

from __future__ import annotations

import threading

from gitcollab.client import Client
from gitcollab.client.finding import address, client, token_for

TIMEOUT = 60.0
"""Seconds that one request may take."""


class Server:
    """Gives the client of the moment. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Client | None = None

    def client(self) -> Client:
        """Returns the client for where the server is now; Unavailable if none is named or runs."""
        with self._lock:
            url = address().rstrip("/")
            found = self._found
            if found is None or found.url != url or found.transport.token != token_for(url):
                self._found = found = client(timeout=TIMEOUT)
            return found

    def close(self) -> None:
        """Closes the connection of this thread, which is about to end."""
        with self._lock:
            if self._found is not None:
                self._found.close()

    @property
    def url(self) -> str:
        """Where people find the server's pages; empty if it is not known."""
        return address().rstrip("/")
