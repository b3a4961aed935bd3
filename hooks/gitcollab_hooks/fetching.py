"""Fetching: one request to one server, on Jupyter's loop; its answer is passed on as it comes, redirects too."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from tornado import httputil
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

from gitcollab.errors import Unavailable

ENDLESS = 1 << 62
"""Bytes that a stream may have."""


class Fetch(httputil.HTTPMessageDelegate):
    """One request. ``status`` is 0 until an answer has begun; ``is_whole`` once all of it was passed on."""

    def __init__(self, url: str, take: Callable[[bytes], Awaitable[None] | None]) -> None:
        self.url, self._take = urlsplit(url), take
        self.status, self.headers = 0, httputil.HTTPHeaders()
        self.is_whole = False
        self._stream: IOStream | None = None

    async def run(
        self,
        method: str,
        headers: httputil.HTTPHeaders,
        body: bytes,
        *,
        patience: float,
        limit: int = ENDLESS,
    ) -> None:
        """Sends the request and hands what comes to ``take``; Unavailable if nothing answers.

        The head may take ``patience`` seconds, and so may the rest if it has a ``limit`` of bytes.
        """
        target = (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")
        headers = httputil.HTTPHeaders(headers)
        headers["Host"], headers["Connection"] = self.url.netloc, "close"
        if method == "POST":
            headers["Content-Length"] = str(len(body))
        params = HTTP1ConnectionParameters(
            no_keep_alive=True,
            header_timeout=patience,
            max_body_size=limit,
            body_timeout=None if limit == ENDLESS else patience,
        )
        try:
            self._stream = await asyncio.wait_for(self._connected(), patience)
            connection = HTTP1Connection(self._stream, True, params)
            connection.write_headers(httputil.RequestStartLine(method, target, ""), headers, body)
            connection.finish()
            await connection.read_response(self)
        except (OSError, TimeoutError, StreamClosedError) as why:
            if not self.status:
                raise Unavailable(f"no answer from {self.url.netloc}", "try again in a moment") from why
        finally:
            self.close()
        if not self.status:
            raise Unavailable(f"no answer from {self.url.netloc}", "try again in a moment")

    async def _connected(self) -> IOStream:
        tls = ssl.create_default_context() if self.url.scheme == "https" else None
        port = self.url.port or (443 if tls else 80)
        return await TCPClient().connect(self.url.hostname or "", port, ssl_options=tls)

    def close(self) -> None:
        """Ends it; what has not come yet is not wanted."""
        if self._stream is not None:
            self._stream.close()

    def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> None:
        """Notes how the answer begins."""
        if isinstance(start_line, httputil.ResponseStartLine):
            self.status, self.headers = start_line.code, headers

    async def data_received(self, chunk: bytes) -> None:
        """Hands a part on; the next one is read when this one is taken. Ends if nobody takes it any more."""
        try:
            taken = self._take(chunk)
            if taken is not None:
                await taken
        except StreamClosedError:
            self.close()

    def finish(self) -> None:
        """That was all."""
        self.is_whole = True

    def on_connection_close(self) -> None:
        """It broke off; ``is_whole`` says so."""
