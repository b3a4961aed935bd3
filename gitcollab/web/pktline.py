"""Packet lines: how git frames what it says (gitprotocol-common), as far as a push needs them."""

from __future__ import annotations

from collections.abc import Iterator

from gitcollab.errors import BadInput

FLUSH = b"0000"

LONGEST = 65_516
"""Bytes that one line can hold."""

BAND = 65_000
"""Bytes of one line of a side band."""


def line(data: bytes) -> bytes:
    """Returns one packet line."""
    return b"%04x%s" % (len(data) + 4, data)


def banded(band: int, data: bytes) -> bytes:
    """Returns ``data`` on a side band: 1 is the answer, 2 what people read after ``remote:``."""
    pieces = (data[start : start + BAND] for start in range(0, len(data), BAND))
    return b"".join(line(bytes([band]) + piece) for piece in pieces)


def section(buffer: bytes, start: int = 0) -> tuple[list[bytes], int] | None:
    """Returns the lines up to the next flush and where it ends; None if it has not come yet, BadInput if it cannot."""
    found: list[bytes] = []
    while start + 4 <= len(buffer):
        size = _size(buffer[start : start + 4])
        if size == 0:
            return found, start + 4
        if start + size > len(buffer):
            return None
        found.append(buffer[start + 4 : start + size].removesuffix(b"\n"))
        start += size
    return None


def lines_of(buffer: bytes) -> Iterator[bytes]:
    """Yields the whole lines at the beginning of ``buffer``, up to the first flush."""
    start = 0
    while (size := _size(buffer[start : start + 4] or FLUSH)) and start + size <= len(buffer):
        yield buffer[start + 4 : start + size].removesuffix(b"\n")
        start += size


def _size(head: bytes) -> int:
    try:
        size = int(head, 16) if head.isalnum() else -1
    except ValueError:
        size = -1
    if size == 0 or 4 <= size <= LONGEST + 4:
        return size
    raise BadInput("this is not what git says", "use git itself")
