"""The command line: `gitcollab`, and `share` and `publish` under their own names; imports only what is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

QUICK = {"merge": "gitcollab.cli.merge", "diff": "gitcollab.cli.diff"}
"""Commands that git starts for every file: they run without the libraries of the others where they can."""


def main() -> None:
    """Runs `gitcollab` and exits with the command's code."""
    sys.exit(guarded(lambda: run(sys.argv[1:])))


def share_main() -> None:
    """Runs `share USER PATH…`, which is `gitcollab share`."""
    sys.exit(guarded(lambda: run(["share", *sys.argv[1:]])))


def publish_main() -> None:
    """Runs `publish ID -version MINOR -- NAME`, which is `gitcollab publish`."""
    sys.exit(guarded(lambda: run(["publish", *sys.argv[1:]])))


def run(argv: Sequence[str]) -> int:
    """Runs one command and returns its exit code."""
    if argv and argv[0] in QUICK:
        import importlib

        code: int | None = importlib.import_module(QUICK[argv[0]]).quick(argv[1:])
        if code is not None:
            return code
    from gitcollab.cli.app import called

    return called(argv)


def guarded(work: Callable[[], int]) -> int:
    """Returns the exit code of ``work``; errors go to stderr with their hint, never as a traceback."""
    from gitcollab.errors import GitcollabError

    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = work()
        sys.stdout.flush()
        return code
    except GitcollabError as error:
        from gitcollab.cli.show import complain

        complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        from gitcollab.cli.show import aside

        aside(f"gitcollab: {error.filename or ''}: {error.strerror or error}")
        return 2
