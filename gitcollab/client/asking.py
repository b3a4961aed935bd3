"""Asking: one person's connection to one server, which every part of the client asks through."""

from __future__ import annotations

import json
from typing import Any, Self

from gitcollab.client.transport import Json, Transport

COLLABS = "/api/collabs"


class Asking:
    """What all verbs have in common: where they are asked, and how."""

    def __init__(self, url: str, token: str = "", *, timeout: float = 60.0) -> None:
        self.transport = Transport(url.rstrip("/"), token, timeout)

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return self.transport.url

    def close(self) -> None:
        """Closes this thread's connection."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def _ask(self, method: str, path: str, body: Json = None, /, **query: Any) -> Json:
        raw = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self.transport.ask(method, path, raw, query, headers).json()
