"""A ring hands each event, framed once, to all who wait; who has no room, or lacks one, reads for itself."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from gitcollab.events import Joined
from gitcollab.web.auth import Credential
from gitcollab.web.hub import OwnChunk, Ring, chunk
from gitcollab.web.stream import ROOM, Reader

COLLAB = "cabcdefghi"


class Line:
    """A connection whose other end has read all but ``waiting`` bytes."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.waiting = 0
        self.is_over = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.is_over


def waiting(ring: Ring, user: str = "ben") -> tuple[Reader, Line]:
    """A reader that has everything up to event 4 and waits for the next."""
    line = Line()
    reader = Reader(SimpleNamespace(), COLLAB, Credential(user), None)  # type: ignore[arg-type]
    reader.transport, reader.ring, reader.last, reader.restarts = line, ring, 4, ring.restarts  # type: ignore[assignment]
    ring.live.add(reader)
    return reader, line


async def test_all_who_wait_get_the_same_bytes_as_a_chunk() -> None:
    ring = Ring()
    readers = [waiting(ring) for _ in range(3)]
    event = Joined(collab=COLLAB, n=5, user="ana", session="ana/default")
    data = chunk(event)
    ring.add(5, data)
    for reader, line in readers:
        assert [b"%x\r\n%b\r\n" % (len(data), data)] == line.written
        assert 5 == reader.last
        assert not reader.woken.is_set()
    assert 1 == len({id(line.written[0]) for _, line in readers}), "it is encoded once"


@pytest.mark.parametrize("trouble", ["full", "closing", "behind", "ended", "restarted"])
async def test_who_cannot_take_it_is_woken_and_the_others_get_it(trouble: str) -> None:
    ring = Ring()
    (reader, line), (_, well) = waiting(ring), waiting(ring)
    line.waiting, line.is_over = (ROOM if trouble == "full" else 0), trouble == "closing"
    reader.last -= trouble == "behind"
    reader.is_ended = trouble == "ended"
    reader.restarts -= trouble == "restarted"
    before = reader.last
    ring.add(5, b"data: 1\n\n")
    assert ([], before, True) == (line.written, reader.last, reader.woken.is_set())
    assert reader not in ring.live
    assert 1 == len(well.written)


async def test_what_is_one_persons_alone_is_passed_over_by_the_others() -> None:
    ring = Ring()
    (reader, line), (_, own) = waiting(ring), waiting(ring, "ana")
    data = OwnChunk(b"data: 1\n\n")
    data.user = "ana"
    ring.add(5, data)
    assert ([], 5, 1) == (line.written, reader.last, len(own.written))


async def test_a_restart_wakes_those_who_wait() -> None:
    ring = Ring()
    reader, _ = waiting(ring)
    moved = ring.moved
    ring.wake()
    await asyncio.wait_for(reader.woken.wait(), 60)
    assert moved.is_set()
