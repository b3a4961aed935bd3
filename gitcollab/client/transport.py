"""One server over HTTP: kept connections, honest errors, credentials that go nowhere else."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from gitcollab import errors

Json = Any
"""A parsed JSON value."""

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
BY_STATUS = {kind.status: kind for kind in errors.KINDS.values()}
REACHING = "start it with `gitcollab serve`, or name it with GITCOLLAB_URL or --url"


@dataclass(frozen=True)
class Answer:
    """What the server said. ``headers`` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Json:
        """Returns the body as JSON; None if there is none. Raises Unavailable if it is something else."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError as why:
            raise errors.Unavailable("what answers is no gitcollab server", "check GITCOLLAB_URL") from why

    @property
    def etag(self) -> str:
        """The entity tag without its quotes."""
        return self.headers.get("etag", "").removeprefix("W/").strip('"')


UNHEARD = 15.0
"""Seconds that what was sent may stay unheard by the other machine: then the line is dead, not the server slow."""


class _Plain(http.client.HTTPConnection):
    def connect(self) -> None:
        """Opens the connection, and has the system watch the line."""
        super().connect()
        _watch(self.sock)


class _Tls(http.client.HTTPSConnection):
    def connect(self) -> None:
        """Opens the connection, and has the system watch the line."""
        super().connect()
        _watch(self.sock)


def _watch(line: socket.socket) -> None:
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux's
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNHEARD * 1000))


@dataclass
class Transport:
    """Speaks to the server at ``url`` with ``token`` (empty: none), one kept connection for each thread.

    Never looks at proxy settings and never follows a redirect, so that the token reaches ``url``'s host alone
    (RFC 9110 §15.4 leaves what to strip to the client: we do not go there at all). ``timeout`` is in seconds.
    """

    url: str
    token: str = ""
    timeout: float = 60.0
    _kept: threading.local = field(default_factory=threading.local, repr=False)

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
            raise errors.BadInput(
                f"{_without_secrets(self.url)!r} is no address of a server",
                "write it as http://HOST:PORT; a token goes into GITCOLLAB_TOKEN",
            )
        try:
            self._port = parts.port
        except ValueError:
            raise errors.BadInput(f"{self.url!r} has no usable port", "write http://HOST:PORT") from None
        if any(ord(char) < 33 or ord(char) > 126 for char in self.token):
            raise errors.BadInput("the token holds characters no token has", "check GITCOLLAB_TOKEN")
        self._host, self._is_tls = parts.hostname, parts.scheme == "https"
        self._prefix = parts.path.rstrip("/")

    def connect(self, timeout: float | None = None) -> http.client.HTTPConnection:
        """Returns a new connection, not yet opened."""
        kind = _Tls if self._is_tls else _Plain
        return kind(self._host, self._port, timeout=timeout or self.timeout)

    def target(self, path: str, query: dict[str, Any] | None = None) -> str:
        """Returns the request target of an absolute ``path`` whose parts are quoted already."""
        wanted = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        return self._prefix + path + (f"?{urllib.parse.urlencode(wanted)}" if wanted else "")

    def headers(self, **more: str) -> dict[str, str]:
        """Returns the headers every request carries, with ``more`` (underscores become hyphens)."""
        made = {"Accept": "application/json", "User-Agent": "gitcollab"}
        if self.token:
            made["Authorization"] = f"Bearer {self.token}"
        return made | {name.replace("_", "-"): value for name, value in more.items()}

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        within: float | None = None,
    ) -> Answer:
        """Sends one request and returns the answer if it is a success.

        ``within`` is how many seconds it may take, if it may take longer than usual. Raises the error that the server
        described (a kind of ``gitcollab.errors``), or Unavailable.
        """
        target = self.target(path, query)
        try:
            answer = self._sent(method, target, body, self.headers(**(headers or {})), within)
        except (OSError, http.client.HTTPException) as why:
            self.close()
            raise unreachable(self.url, why) from why
        if answer.status >= 300:
            raise described(answer)
        return answer

    def post(self, path: str, body: Json, *, within: float) -> Answer:
        """Sends a body as JSON, and waits for the answer up to ``within`` seconds."""
        headers = {"Content-Type": "application/json"}
        return self.ask("POST", path, json.dumps(body).encode(), None, headers, within)

    def _sent(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str], within: float | None
    ) -> Answer:
        """Uses the kept connection; one that was closed meanwhile is replaced where that cannot double."""
        kept = getattr(self._kept, "connection", None)
        if kept is not None and kept.sock is not None and method in IDEMPOTENT:
            try:
                return _exchange(kept, method, target, body, headers)
            except (ConnectionError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
                kept.close()
        elif kept is not None:
            kept.close()
        self._kept.connection = fresh = self.connect(within)
        return _exchange(fresh, method, target, body, headers)

    def close(self) -> None:
        """Closes this thread's connection."""
        kept = getattr(self._kept, "connection", None)
        if kept is not None:
            kept.close()


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    body: bytes | None,
    headers: dict[str, str],
) -> Answer:
    connection.request(method, target, body=body, headers=headers)
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def described(answer: Answer) -> errors.GitcollabError:
    """Returns the error in an answer, also where the body is not ours (a proxy's page, say)."""
    if 300 <= answer.status < 400:
        where = answer.headers.get("location", "elsewhere")
        return errors.Unavailable(
            f"the server sends requests on to {where}",
            "credentials do not follow: set GITCOLLAB_URL to that address",
        )
    try:
        said = json.loads(answer.body)
        code, message = str(said["error"]), str(said.get("message", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        kind = BY_STATUS.get(answer.status, errors.GitcollabError)
        return kind(
            f"the server answered {answer.status}", "is GITCOLLAB_URL the address of a gitcollab server?"
        )
    data = said.get("data")
    if not isinstance(data, dict):
        data = {key: value for key, value in said.items() if key not in {"error", "message", "hint", "data"}}
    if code not in errors.KINDS:
        code = BY_STATUS.get(answer.status, errors.GitcollabError).code
    revived = errors.revive(
        code, message or f"the server answered {answer.status}", str(said.get("hint", ""))
    )
    revived.data = {str(key): value for key, value in data.items()}
    return revived


def listed(answer: Json) -> list[Json]:
    """Returns the answer, which is a list; Unavailable if the server is no gitcollab server."""
    if not isinstance(answer, list):
        raise errors.Unavailable("what answers is no gitcollab server", "check GITCOLLAB_URL")
    return answer


def unreachable(url: str, why: Exception) -> errors.Unavailable:
    """Returns the error for a server that gave no answer."""
    reason = getattr(why, "strerror", None) or str(why) or type(why).__name__
    return errors.Unavailable(f"no answer from {url}: {reason}", REACHING)


def _without_secrets(url: str) -> str:
    scheme, mark, rest = url.rpartition("@")
    return f"{scheme.partition('://')[0]}://…@{rest}" if mark else url


def quoted(*parts: str) -> str:
    """Returns a path of percent-encoded parts; a slash within a part is encoded, too."""
    return "".join(f"/{urllib.parse.quote(part, safe='', errors='surrogateescape')}" for part in parts)


def quoted_path(path: str) -> str:
    """Returns a file's path percent-encoded part by part."""
    return "/" + urllib.parse.quote(path, safe="/", errors="surrogateescape")
