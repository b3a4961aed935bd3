"""Tracing: runs an act in a child and ends it, or lets the disk refuse it, at any one of its changes to the disk.

By ptrace(2) through ctypes, so that no program is needed: the child stops at each system call, and those that change
the disk are counted. A kill between two of them leaves the same disk as a kill right before the second.
"""

from __future__ import annotations

import ctypes
import enum
import errno
import os
import platform
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.restype = ctypes.c_long
LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)

TRACE_ME, PEEK_USER, POKE_USER, SYSCALL, SET_OPTIONS, SYSCALL_INFO = 0, 3, 6, 24, 0x4200, 0x420E
MARK_SYSCALLS, KILL_WITH_TRACER = 1, 1 << 20
FOLLOW = 2 | 4 | 8 | 16
"""Forks, vforks, threads and programs are stopped and told of, too (PTRACE_O_TRACEFORK and its like)."""
ANY_KIND = 0x40000000
"""Waits for threads as well (__WALL)."""
ENTRY, EXIT = 1, 2
CREATES = os.O_CREAT | os.O_TRUNC

TOLD = 900
"""The descriptor on which a child tells what was acknowledged; writing there is no change of the disk."""

CALLS = {
    "x86_64": {
        "write": (1, 18, 20, 296),
        "open": (257,),
        "name": (82, 264, 316, 83, 258, 86, 265, 88, 266),
        "size": (77, 76, 285),
        "unlink": (84, 87, 263),
        "sync": (74, 75, 306),
    },
    "aarch64": {
        "write": (64, 68, 66, 70),
        "open": (56,),
        "name": (38, 276, 34, 37, 36),
        "size": (45, 46, 47),
        "unlink": (35,),
        "sync": (82, 83, 267),
    },
}[platform.machine()]
"""Numbers of the system calls that change a disk, by kind (``name``: rename, mkdir, link, symlink)."""

KIND = {number: kind for kind, numbers in CALLS.items() for number in numbers}

CAN_WRITE_REGISTERS = platform.machine() == "x86_64"
NUMBER, RESULT, THIRD = 15 * 8, 10 * 8, 12 * 8  # orig_rax, rax and rdx in x86-64's struct user


class Fault(enum.StrEnum):
    """What happens at the chosen call: a kill, a kill of the one program of several that makes it, a kill in the middle
    of a write, or a disk that refuses from then on.
    """

    NONE = "none"
    KILL = "kill"
    STRIKE = "strike"
    TEAR = "tear"
    FULL = "full"
    BROKEN = "broken"
    READ_ONLY = "read-only"

    @property
    def number(self) -> int:
        """The error that the refused calls return."""
        return {Fault.FULL: errno.ENOSPC, Fault.BROKEN: errno.EIO, Fault.READ_ONLY: errno.EROFS}[self]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of calls that are counted and meet this fault."""
        if self in (Fault.NONE, Fault.KILL, Fault.STRIKE):
            return frozenset({"write", "open", "name", "size", "unlink"})
        if self is Fault.TEAR:
            return frozenset({"write"})
        if self is Fault.FULL:
            return frozenset({"write", "open", "name", "size"})
        return frozenset({"write", "open", "name", "size", "sync"})


@dataclass
class Traced:
    """How a traced child ended: how many calls were counted, and whether it was killed."""

    count: int = 0
    was_killed: bool = False
    status: int = 0


class _Info(ctypes.Structure):
    _fields_ = [
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("ip", ctypes.c_uint64),
        ("sp", ctypes.c_uint64),
        ("nr", ctypes.c_uint64),
        ("args", ctypes.c_uint64 * 6),
        ("rest", ctypes.c_uint64),
    ]


def forked(work: Callable[[], object]) -> int:
    """Runs ``work`` in a child of this process, which must have one thread; returns the child's id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(70)
    os._exit(0)


def ready() -> None:
    """In the child: from here on its calls count."""
    ask(TRACE_ME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)


def relieved() -> None:
    """In the child: from here on the disk refuses nothing any more."""
    os.kill(os.getpid(), signal.SIGUSR1)


def trace(child: int, at: int, fault: Fault) -> Traced:
    """Follows a child that calls ``ready`` until it ends; lets the fault happen at the call number ``at``."""
    done = Traced()
    is_refusing = is_relieved = False
    refused = False
    _, status = os.waitpid(child, 0)
    if not os.WIFSTOPPED(status):
        done.status = status
        return done
    ask(SET_OPTIONS, child, 0, MARK_SYSCALLS | KILL_WITH_TRACER)
    told = 0
    while True:
        ask(SYSCALL, child, 0, told)
        _, status = os.waitpid(child, 0)
        told = 0
        if not os.WIFSTOPPED(status):
            done.status = status
            done.was_killed = os.WIFSIGNALED(status)
            return done
        if os.WSTOPSIG(status) == signal.SIGUSR1:
            is_relieved = True
            continue
        if os.WSTOPSIG(status) != signal.SIGTRAP | 0x80:
            told = os.WSTOPSIG(status)
            continue
        call = _Info()
        ask(SYSCALL_INFO, child, ctypes.sizeof(call), ctypes.addressof(call))
        if call.op == EXIT and refused:
            ask(POKE_USER, child, RESULT, -fault.number & 0xFFFFFFFFFFFFFFFF)
            refused = False
        if call.op != ENTRY or not _counts(call, fault) or is_relieved:
            if call.op == EXIT and is_refusing and fault is Fault.TEAR:
                _kill(child, done)
                return done
            continue
        done.count += 1
        if done.count == at and fault is Fault.KILL:
            _kill(child, done)
            return done
        if done.count == at and fault is Fault.TEAR:
            ask(POKE_USER, child, THIRD, call.args[2] // 2)
            is_refusing = True
        elif 0 < at <= done.count and fault not in (Fault.NONE, Fault.KILL, Fault.TEAR):
            ask(POKE_USER, child, NUMBER, 0xFFFFFFFFFFFFFFFF)
            refused = True


def trace_all(child: int, at: int, fault: Fault) -> Traced:
    """Follows a child that calls ``ready``, its threads and all that they run, until they end.

    At the call number ``at``, of whichever of them, all are killed, or only the one that makes it.
    """
    done = Traced()
    _, status = os.waitpid(child, 0)
    if not os.WIFSTOPPED(status):
        done.status = status
        return done
    ask(SET_OPTIONS, child, 0, MARK_SYSCALLS | KILL_WITH_TRACER | FOLLOW)
    ask(SYSCALL, child)
    living = {child}
    while living:
        one, status = os.waitpid(-1, ANY_KIND)
        if not os.WIFSTOPPED(status):
            living.discard(one)
            done.status = status if one == child else done.status
            continue
        is_new, told = one not in living, 0
        living.add(one)
        if os.WSTOPSIG(status) == signal.SIGTRAP | 0x80:
            if not done.was_killed and _enters(one) and _counted(done) == at:
                done.was_killed = True
                for each in (one,) if fault is Fault.STRIKE else living:
                    _struck(each)
                continue
        elif not is_new and status >> 16 == 0 and os.WSTOPSIG(status) != signal.SIGTRAP:
            told = os.WSTOPSIG(status)
        with suppress(ProcessLookupError):  # it was killed meanwhile, which the next wait tells
            ask(SYSCALL, one, 0, told)
    return done


def _enters(one: int) -> bool:
    """Whether it is about to change something."""
    call = _Info()
    try:
        ask(SYSCALL_INFO, one, ctypes.sizeof(call), ctypes.addressof(call))
    except ProcessLookupError:
        return False
    return call.op == ENTRY and _counts(call, Fault.KILL)


def _counted(done: Traced) -> int:
    done.count += 1
    return done.count


def _struck(one: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(one, signal.SIGKILL)


def ask(request: int, child: int, address: int = 0, data: int = 0) -> int:
    """Calls ptrace(2)."""
    ctypes.set_errno(0)
    found: int = LIBC.ptrace(request, child, address, data)
    if found == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), f"ptrace {request}")
    return found


def _counts(call: _Info, fault: Fault) -> bool:
    kind = KIND.get(call.nr)
    if kind not in fault.kinds:
        return False
    if kind == "open" and not call.args[2] & CREATES:
        return False
    return kind != "write" or call.args[0] not in (0, 1, 2, TOLD)


def _kill(child: int, done: Traced) -> None:
    os.kill(child, signal.SIGKILL)
    _, done.status = os.waitpid(child, 0)
    done.was_killed = True
