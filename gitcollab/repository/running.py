"""Runs the git program on a repository for what libgit2 does not do: packing and checking."""

from __future__ import annotations

import subprocess
from pathlib import Path

from gitcollab import program
from gitcollab.errors import GitcollabError, Unavailable


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
    try:
        done = subprocess.run(
            argv,
            env=program.environment(),
            cwd=path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"git {words[0]} took longer than {deadline:.0f} s", path=str(path)) from error
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()
