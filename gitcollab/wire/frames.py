"""Frames: how an act, an answer or an event becomes bytes on a private unix socket, and how such a socket is named."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from gitcollab.errors import TooLarge

LIMIT = 256 * 2**20
"""Bytes that one frame may hold, its length not counted."""

LENGTH = struct.Struct(">I")
"""A frame begins with its length: four bytes, big-endian."""

ODD_TEXT, ODD_INT, ODD_DICT = 1, 2, 3
"""MessagePack extension codes for what MessagePack itself cannot hold (see ``pack``)."""


class Frame(msgspec.Struct, array_like=True, frozen=True):
    """One message. ``id`` pairs an answer with its request; ``body`` is a packed value.

    ``kind`` of a request is ``act`` or ``ping``; of a reply ``ok``, ``error``, ``begun``, ``ready``, ``event`` or
    ``end``. ``is_odd`` tells that the body uses the extensions.
    """

    id: int
    kind: str
    body: msgspec.Raw = msgspec.Raw(b"\xc0")
    is_odd: bool = False


def frame(id: int, kind: str, value: object = None) -> bytes:
    """Returns the bytes of a frame, its length included. TooLarge if it would pass LIMIT."""
    body, is_odd = pack(value)
    content = msgspec.msgpack.encode(Frame(id, kind, msgspec.Raw(body), is_odd))
    if len(content) > LIMIT:
        raise TooLarge(f"{len(content)} bytes are too many for one message", f"the limit is {LIMIT} bytes")
    return LENGTH.pack(len(content)) + content


def value_of(message: Frame, kind: Any = Any) -> Any:
    """Returns the message's value, checked to be a ``kind``; msgspec.ValidationError if it is not."""
    if not message.is_odd:
        return msgspec.msgpack.decode(message.body, type=kind)
    return msgspec.convert(
        msgspec.msgpack.decode(message.body, ext_hook=_revived), kind, builtin_types=(bytes,)
    )


def pack(value: object) -> tuple[bytes, bool]:
    """Returns the value as MessagePack, and whether it needed the extensions.

    Notebook JSON may hold integers of any size and text with lone surrogates; both travel unchanged.
    """
    try:
        return msgspec.msgpack.encode(value), False
    except (OverflowError, UnicodeEncodeError):
        return msgspec.msgpack.encode(_held(msgspec.to_builtins(value, builtin_types=(bytes,)))), True


def _held(value: object) -> object:
    match value:
        case str() if not _is_plain(value):
            return msgspec.msgpack.Ext(ODD_TEXT, value.encode("utf-8", "surrogatepass"))
        case int() if not -(2**63) <= value < 2**64:
            return msgspec.msgpack.Ext(ODD_INT, hex(value).encode())
        case dict() if all(isinstance(key, str) and _is_plain(key) for key in value):
            return {key: _held(item) for key, item in value.items()}
        case dict():
            pairs = [[_held(key), _held(item)] for key, item in value.items()]
            return msgspec.msgpack.Ext(ODD_DICT, msgspec.msgpack.encode(pairs))
        case list() | tuple():
            return [_held(item) for item in value]
        case _:
            return value


def _is_plain(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _revived(code: int, data: memoryview) -> object:
    content = bytes(data)
    if code == ODD_TEXT:
        return content.decode("utf-8", "surrogatepass")
    if code == ODD_INT:
        return int(content, 16)
    if code == ODD_DICT:
        return dict(msgspec.msgpack.decode(content, ext_hook=_revived))
    raise msgspec.ValidationError(f"unknown extension {code}")


# --- reading frames ------------------------------------------------------------------------------------------------


async def receive(reader: asyncio.StreamReader) -> Frame | None:
    """Returns the next message, None at the end of the connection (also one in the middle of a frame).

    Raises msgspec.DecodeError if what arrives is no frame.
    """
    try:
        length = _checked(await reader.readexactly(LENGTH.size))
        return msgspec.msgpack.decode(await reader.readexactly(length), type=Frame)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def receive_blocking(connection: socket.socket) -> Frame | None:
    """Like ``receive``, on a blocking socket; TimeoutError if the socket has a timeout and it strikes."""
    with connection.makefile("rb") as file:
        head = file.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        content = file.read(length := _checked(head))
        return msgspec.msgpack.decode(content, type=Frame) if len(content) == length else None


def _checked(head: bytes) -> int:
    length: int = LENGTH.unpack(head)[0]
    if length > LIMIT:
        raise msgspec.DecodeError(f"a frame of {length} bytes")
    return length


# --- sockets -------------------------------------------------------------------------------------------------------


@contextmanager
def address(path: Path) -> Iterator[str]:
    """Yields a name of the socket at ``path`` that fits the 108 bytes a unix address has, however long the path is."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def listen(path: Path, backlog: int = 1024) -> socket.socket:
    """Returns a socket that listens at ``path`` for this user alone, in place of whatever socket was there.

    It appears under its name in one step, so that who finds it can connect. Blocks; call it outside the event loop.
    """
    unready = path.with_name(f"{path.name}.{os.getpid()}")
    unready.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with address(unready) as name:
            listener.bind(name)
        unready.chmod(0o600)
        listener.listen(backlog)
        unready.rename(path)
    except BaseException:
        listener.close()
        raise
    return listener
