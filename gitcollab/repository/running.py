"""Runs the git program on a repository for what libgit2 does not do: packing and checking.

What it runs ends with this process, however that ends, and at once when the process is to stop.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from gitcollab import program
from gitcollab.errors import GitcollabError, Unavailable

LEASH = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.nice(10)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Becomes the program it is given, yields the processor to saves, and is killed when the thread that started it ends.

In a program of its own, since nothing but an exec is safe between fork and exec in a process with threads.
"""

_GUARD = threading.Lock()
_RUNNING: set[subprocess.Popen[bytes]] = set()


def run(path: Path, *words: str, deadline: float) -> str:
    """Runs a git command inside the bare repository at ``path`` and returns what it printed, errors included.

    It has ``deadline`` seconds and yields the processor to saves. Raises Unavailable when the time is up, and
    GitcollabError with what git said when it failed.
    """
    code, said = attempt(path, *words, deadline=deadline)
    if code != 0:
        raise GitcollabError(
            f"git {words[0]} failed: {said[-500:]}", "run `gitcollab doctor`", path=str(path)
        )
    return said


def attempt(path: Path, *words: str, deadline: float) -> tuple[int, str]:
    """Like ``run``, but also returns the exit code of a command that failed."""
    leash = [sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid())]
    with subprocess.Popen(
        [*leash, *program.command(*words, repository=path)],
        env=program.environment(),
        cwd=path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as child:
        with _GUARD:
            _RUNNING.add(child)
        try:
            said, _ = child.communicate(timeout=deadline)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"git {words[0]} took longer than {deadline:.0f} s", path=str(path)) from error
        finally:
            with _GUARD:
                _RUNNING.discard(child)
            _end(child)
    return child.returncode, said.decode("utf-8", "replace").strip()


def end_running() -> None:
    """Ends every git command that is under way; who waits for one is told that it failed.

    What it leaves half written is cleared at the next start; packing is then done again.
    """
    with _GUARD:
        for child in _RUNNING:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kills a command and the programs that it has started itself, as ``repack`` does."""
    if child.poll() is None:
        below = _children(child.pid)
        child.kill()  # first: it is not to see one of its own die, and go on or tell of that
        for one in below:
            with suppress(ProcessLookupError):
                os.kill(one, 9)


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
