"""The event stream of a collab as a generator that reconnects and resumes where it was."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator

from gitcollab import errors
from gitcollab.client.transport import Answer, Json, Transport, described, unreachable

QUIET = 60.0
"""Seconds without a byte (the server pings far more often) after which a connection is given up."""
LONGEST_PAUSE = 10.0
MAX_LINE = 64 * 1024 * 1024
SPREAD = random.Random()  # noqa: S311  guards nothing
"""Spreads a herd of readers. Its own: a notebook that has seeded the module's draws what it would without us."""


def events(
    transport: Transport,
    path: str,
    *,
    after: int | None = None,
    patience: float | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Iterator[Json]:
    """Yields events (each with ``n`` and ``kind``) from after number ``after``, or from now on if None.

    Reconnects by itself, resuming by ``Last-Event-ID``, for up to ``patience`` seconds without an answer
    (None: for ever once the first connection stood). Raises what the server refuses with (NotFound once
    access ends) and Unavailable when patience is over. ``is_wanted`` is asked before each connection.
    """
    last, lost_since, has_stood, pause = after, time.monotonic(), False, 0.1
    while is_wanted():
        try:
            for event in _connected(transport, path, last):
                has_stood, pause, lost_since = True, 0.1, time.monotonic()
                if event is not None:
                    last = event["n"]
                    yield event
        except (errors.Unavailable, errors.TooMany) as why:
            waited = time.monotonic() - lost_since
            if not has_stood or (patience is not None and waited > patience):
                raise why
        time.sleep(pause * SPREAD.uniform(0.5, 1.0))
        pause = min(2 * pause, LONGEST_PAUSE)


def _connected(transport: Transport, path: str, last: int | None) -> Iterator[Json | None]:
    """Yields what one connection brings: None for its start and each ping, else an event.

    Ends when it ends.
    """
    headers = transport.headers(Accept="text/event-stream", Cache_Control="no-store")
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    connection = transport.connect(timeout=QUIET)
    try:
        connection.request("GET", transport.target(path, {"after": last}), headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            raise described(
                Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
            )
        yield None
        yield from parsed(iter(lambda: response.readline(MAX_LINE), b""))
    except (OSError, http.client.HTTPException) as why:
        raise unreachable(transport.url, why) from why
    finally:
        connection.close()


def parsed(lines: Iterator[bytes]) -> Iterator[Json | None]:
    """Yields the events of a ``text/event-stream`` (WHATWG HTML §9.2.6), None for a comment."""
    number = ""
    data: list[bytes] = []
    for line in lines:
        text = line.rstrip(b"\r\n")
        if not text:
            if data:
                event = json.loads(b"\n".join(data))
                if number.isdigit():
                    event["n"] = int(number)
                yield event if isinstance(event, dict) and event.get("n") else None
            number, data = "", []
        elif text.startswith(b":"):
            yield None
        else:
            name, _, value = text.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                data.append(value)
            elif name == b"id":
                number = value.decode("ascii", "replace")
