"""Fetching from a sign-in provider: one request over HTTP, bounded in time and size, in a thread of its own."""

from __future__ import annotations

import http.client
from urllib.parse import urlencode, urlsplit

import anyio.to_thread
import msgspec

from gitcollab.errors import Unavailable
from gitcollab.model import Json

WITHIN = 10.0  # seconds
LARGEST = 1 << 20  # bytes


async def fetched(
    url: str, *, headers: dict[str, str] | None = None, form: dict[str, str] | None = None
) -> tuple[int, Json]:
    """Returns status and JSON of a GET, or of a POST of ``form``; follows no redirect. Unavailable if none comes."""
    return await anyio.to_thread.run_sync(_fetched, url, headers or {}, form)


def _fetched(url: str, headers: dict[str, str], form: dict[str, str] | None) -> tuple[int, Json]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=WITHIN)
    told = {"accept": "application/json", **headers}
    body = None if form is None else urlencode(form).encode()
    if body is not None:
        told["content-type"] = "application/x-www-form-urlencoded"
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET" if body is None else "POST", target, body, told)
        answer = connection.getresponse()
        data = answer.read(LARGEST + 1)
        return answer.status, msgspec.json.decode(data[:LARGEST]) if data else None
    except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
        raise Unavailable(
            "The sign-in provider does not answer as it should", "try again in a moment"
        ) from error
    finally:
        connection.close()
