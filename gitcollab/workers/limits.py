"""Limits: how long one job of a worker may run and how much it may take, kept by the kernel and not by good will."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gitcollab.model import Value

MEGABYTE = 2**20

MAPPED = 8 * 2**30
"""Bytes of address space on top of the memory limit: libgit2 maps packs, which costs no memory."""

KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "PYTHONHASHSEED")
"""The environment that a worker sees; whatever else is set may be a secret."""

PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl


class Limits(Value):
    """``seconds`` of wall clock (and, with one more, of processor time) and ``memory`` in MiB that one job may take."""

    seconds: float = 10.0
    memory: int = 1024


def settle(limits: Limits) -> None:
    """Gives this process its limits for good: memory, and no core dump (it would hold notebooks)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    taken = _pages()
    for kind, limit in (
        (resource.RLIMIT_DATA, taken.data + limits.memory * MEGABYTE),
        (resource.RLIMIT_AS, taken.mapped + limits.memory * MEGABYTE + MAPPED),
    ):
        hard = resource.getrlimit(kind)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (limit, limit))


@contextmanager
def deadline(limits: Limits) -> Iterator[None]:
    """Ends this process if the block takes too long.

    SIGALRM keeps its default action, which kills even a process that spins in C with Python's lock held (libgit2 does
    on one kind of damaged object); SIGXCPU is the second line, should the clock be stopped.
    """
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + limits.seconds) + 2, hard))
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment for a worker: no secret, no home, no git configuration but the repository's own."""
    kept = {name: environment[name] for name in KEPT if name in environment}
    return kept | {"HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}


def die_with(parent: int) -> None:
    """Has this process killed when its parent ends, however that ends; at once if ``parent`` has ended already."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


class _Pages(Value):
    mapped: int
    data: int


def _pages() -> _Pages:
    """Bytes of address space and of private memory that this process has (proc(5), statm)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        fields = file.read().split()
    size = resource.getpagesize()
    return _Pages(mapped=int(fields[0]) * size, data=int(fields[5]) * size)
