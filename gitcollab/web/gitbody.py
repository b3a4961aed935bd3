"""The body of a git request: chunk by chunk, unpacked where it is gzipped, and never more than allowed."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator

from starlette.datastructures import Headers
from starlette.types import Receive

from gitcollab.errors import BadInput, TooLarge

PIECE = 256 * 1024
"""Bytes unpacked at once: a small body can claim to hold gigabytes."""


class Body:
    """A request's body. ``limit`` bounds the unpacked bytes."""

    def __init__(self, receive: Receive, headers: Headers, service: str, limit: int) -> None:
        encoding = headers.get("content-encoding", "identity")
        if encoding not in {"identity", "gzip", "x-gzip"}:
            raise BadInput(f"{encoding[:40]!r} is no encoding of a {service} request", "use git itself")
        self._receive = receive
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding != "identity" else None
        self._limit = limit
        self._size = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yields the plain bytes. Raises TooLarge, BadInput, or ConnectionResetError when the client has gone."""
        is_more = True
        while is_more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the client has gone")
            is_more = message.get("more_body", False)
            for piece in self._plain(message.get("body", b"")):
                yield piece

    async def gone(self) -> None:
        """Returns when the client has gone. To be asked when the body has been read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _plain(self, data: bytes) -> Iterator[bytes]:
        if self._inflate is None:
            yield self._counted(data)
            return
        while data:
            try:
                piece = self._inflate.decompress(data, PIECE)
            except zlib.error as error:
                raise BadInput("the request is not gzip as it says", "use git itself") from error
            if self._inflate.unused_data:
                raise BadInput("something follows the end of the request", "use git itself")
            data = self._inflate.unconsumed_tail
            yield self._counted(piece)

    def _counted(self, piece: bytes) -> bytes:
        self._size += len(piece)
        if self._size > self._limit:
            raise TooLarge(
                f"a request of more than {self._limit:,} bytes is not taken", "fetch or push in parts"
            )
        return piece
