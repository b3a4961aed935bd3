"""Runs the git program on a repository for what libgit2 does not do: packing and checking."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from gitcollab import program
from gitcollab.errors import GitcollabError, Unavailable

_under_way: set[subprocess.Popen[bytes]] = set()


def end_all() -> None:
    """Ends the git commands under way, with the programs that they have started: the service stops."""
    for child in list(_under_way):
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)


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
    argv = ["nice", "-n", "10", *program.command(*words, repository=path)]
    child = subprocess.Popen(
        argv,
        env=program.environment(),
        cwd=path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # git's own children end with it
    )
    _under_way.add(child)
    try:
        said, _ = child.communicate(timeout=deadline)
    except subprocess.TimeoutExpired as error:
        _end(child)
        child.communicate()
        raise Unavailable(f"git {words[0]} took longer than {deadline:.0f} s", path=str(path)) from error
    finally:
        _under_way.discard(child)
    return child.returncode, said.decode("utf-8", "replace").strip()
