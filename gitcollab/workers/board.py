"""The board: memory that the pool and its workers share, so that a job that kills workers is known by its digest."""

from __future__ import annotations

import mmap
import struct
import time
from collections import OrderedDict, deque
from hashlib import blake2b

import msgspec

from gitcollab.acts import Act
from gitcollab.errors import Unavailable
from gitcollab.model import Actor

DIGEST = 16
NOTHING = bytes(DIGEST)
POISON = struct.Struct(f"{DIGEST}sd")  # a digest, and until when it is refused (monotonic seconds)
PLACES = 128

STRIKES = 2
"""Workers that a job may kill before it is refused."""

MEMORY = 600.0
"""Seconds after which a death is forgotten."""

REFUSAL = 300.0
"""Seconds for which such a job is refused."""

NOBODY = Actor(user="")


def digest(act: Act) -> bytes:
    """Names what is asked, whoever asks."""
    asked = msgspec.structs.replace(act, actor=NOBODY)
    return blake2b(msgspec.msgpack.encode(asked, enc_hook=str), digest_size=DIGEST).digest()


class Board:
    """Which job each worker is at, and which jobs are refused. The pool writes refusals, each worker its own job."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.shared = mmap.mmap(-1, workers * DIGEST + PLACES * POISON.size)
        self.deaths: OrderedDict[bytes, deque[float]] = OrderedDict()
        self.next = 0

    def begin(self, worker: int, job: bytes) -> None:
        """Notes that ``worker`` is at ``job``; Unavailable if the job is refused."""
        now = time.monotonic()
        for place in range(PLACES):
            known, until = POISON.unpack_from(self.shared, self._place(place))
            if known == job and now < until:
                raise Unavailable(
                    "This has twice taken too long or too much memory and is not tried again for now",
                    f"ask for a smaller part of it, or again in {max(1, round((until - now) / 60))} min",
                    was_stopped=True,
                )
        self._note(worker, job)

    def end(self, worker: int) -> None:
        """Notes that ``worker`` is idle."""
        self._note(worker, NOTHING)

    def died(self, worker: int) -> bool:
        """Takes note of a worker's death; returns whether a job was under way."""
        job = bytes(self.shared[worker * DIGEST : (worker + 1) * DIGEST])
        self._note(worker, NOTHING)
        if job == NOTHING:
            return False
        now = time.monotonic()
        times = self.deaths.setdefault(job, deque(maxlen=STRIKES))
        self.deaths.move_to_end(job)
        times.append(now)
        if len(self.deaths) > PLACES:
            self.deaths.popitem(last=False)
        if len(times) == STRIKES and now - times[0] < MEMORY:
            POISON.pack_into(self.shared, self._place(self.next), job, now + REFUSAL)
            self.next = (self.next + 1) % PLACES
        return True

    def _note(self, worker: int, job: bytes) -> None:
        self.shared[worker * DIGEST : (worker + 1) * DIGEST] = job

    def _place(self, place: int) -> int:
        return self.workers * DIGEST + place * POISON.size
