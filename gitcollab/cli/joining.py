"""Running `join`: in the foreground, telling a person (or a program) what happens, until Ctrl-C."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio

from gitcollab.cli import show
from gitcollab.client import Client
from gitcollab.errors import Unusable
from gitcollab.join import News, Progress, State, join
from gitcollab.join.state import Drawer

Teller = Callable[[Progress], bool]


def joined(server: Client, collab: str, directory: Path, name: str, is_once: bool, tell: Teller) -> State:
    """Runs the exchange; returns when the session is closed or, with ``is_once``, when both sides are quiet."""

    async def run() -> State:
        return await join(server, collab, directory, name=name, once=is_once, on_progress=tell)

    return anyio.run(run)


def known(directory: Path) -> State | None:
    """Returns what a directory that was joined remembers; None if it was not."""
    return Drawer(directory.absolute().resolve()).read()


def last_exchange(server: Client, collab: str, directory: Path, name: str) -> None:
    """Takes in what lies in a joined directory; a `join` that runs there does that itself."""
    with suppress(Unusable):
        joined(server, collab, directory, name, True, teller(False))


def teller(as_json: bool) -> Teller:
    """Returns what tells each piece of news, one line each; asks on a terminal before a mass deletion is believed."""

    def tell(progress: Progress) -> bool:
        if as_json:
            said = {
                "news": progress.news,
                "path": progress.path,
                "detail": progress.detail,
                "paths": progress.paths,
            }
            print(json.dumps(said), file=sys.stderr, flush=True)
            return False
        show.aside(f"{progress.news:<10} {progress.path}  {progress.detail}".rstrip())
        return progress.news is News.MASS_DELETION and _is_meant(progress)

    return tell


def _is_meant(progress: Progress) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        show.aside("  not believed: run `gitcollab join` in a terminal to say that it is meant")
        return False
    answer = input(f"{len(progress.paths)} files are gone here. Delete them for everybody? [y/N] ")
    return answer.strip().lower() in {"y", "yes"}
