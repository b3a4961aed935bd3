"""How long a save takes until everybody sees it, by stage, beside `git add && git commit` of the same file.

Run: ``python tests/bench/latency.py [--saves N] [--kb SIZE]``. Everything is real: a served root, the sharer's
directory watched in place, a second participant's workspace, an event stream over HTTP. The same file is committed by
the git program in the same run, turn by turn, so that a noisy machine is noisy for all.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gitcollab import store
from gitcollab.client import Client
from gitcollab.client.sharing import open_in_place

PATH = "analysis.ipynb"
GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "ana",
    "GIT_AUTHOR_EMAIL": "a@x",
}
GIT |= {"GIT_COMMITTER_NAME": "ana", "GIT_COMMITTER_EMAIL": "a@x"}
DURABLE = ("-c", "core.fsync=committed,loose-object,reference,index", "-c", "core.fsyncMethod=fsync")


def notebook(kb: int, turn: int) -> bytes:
    """A notebook of about ``kb`` kilobytes: twenty cells, one of them changed at every turn."""
    share = max(1, kb * 1000 // 20 // 60)
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{n:02}",
            "metadata": {},
            "outputs": [],
            "source": [
                f"value_{n}_{line} = {line * 7919 % 10007}  # a line of work, as long as such lines are\n"
                for line in range(share)
            ],
        }
        for n in range(20)
    ]
    for past in range(max(0, turn - 19), turn + 1):
        cells[past % 20]["source"][0] = f"turn = {past}\n"  # type: ignore[index]
    return (
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()
        + b"\n"
    )


def mark(turn: int) -> bytes:
    """What the notebook of a turn holds, and no earlier one."""
    return b'"turn = %d\\n"' % turn


class Stream:
    """The events of a collab, each with the moment at which it arrived."""

    def __init__(self, client: Client, collab: str) -> None:
        self.arrived = threading.Condition()
        self.events: list[tuple[float, Any]] = []
        self.thread = threading.Thread(target=self._read, args=(client, collab), daemon=True)
        self.thread.start()

    def _read(self, client: Client, collab: str) -> None:
        for event in client.events(collab, 0):
            with self.arrived:
                self.events.append((time.perf_counter(), event))
                self.arrived.notify_all()

    def after(self, begun: float, kind: str, session: str) -> float:
        """Seconds from ``begun`` until the event came."""

        def found() -> float | None:
            fitting = (
                at
                for at, event in self.events
                if at > begun and event["kind"] == kind and event.get("session") == session
            )
            return next(fitting, None)

        with self.arrived:
            if not self.arrived.wait_for(lambda: found() is not None, 30):
                raise SystemExit(f"no {kind} event of {session} within 30 s")
            return (found() or 0.0) - begun


@contextmanager
def served(root: Path, debounce: float) -> Iterator[str]:
    """A daemon on a fresh root; gives its address."""
    command = [sys.executable, "-m", "gitcollab", "serve", "--root", str(root), "--port", "0"]
    environment = os.environ | {"GITCOLLAB_DEBOUNCE": str(debounce)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as daemon:
        try:
            while not (root / "run/url").exists():
                if daemon.poll() is not None:
                    raise SystemExit((root / "run/log").read_text())
                time.sleep(0.05)
            yield (root / "run/url").read_text().strip()
        finally:
            daemon.terminate()
            daemon.wait(30)


def account(root: Path, name: str) -> str:
    """Makes an account and returns its token."""
    opened = store.engine(store.file_url(root / "private/gitcollab.sqlite"))
    with opened.begin() as conn:
        store.people.add_person(conn, name, name)
        secret = store.tokens.add_token(conn, name, "bench").secret
    opened.dispose()
    return secret


class Repository:
    """A plain git repository into which the same file is committed."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        self._git("init", "-q")

    def commit(self, data: bytes, *options: str) -> float:
        """Seconds that `git add` and `git commit` take."""
        (self.place / PATH).write_bytes(data)
        begun = time.perf_counter()
        self._git(*options, "add", PATH)
        self._git(*options, "commit", "-q", "-m", "save")
        return time.perf_counter() - begun

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.place, env=os.environ | GIT, check=True)


def until_is(path: Path, marker: bytes) -> float:
    """The moment at which the other participant's copy holds the marker."""
    give_up = time.perf_counter() + 30
    while time.perf_counter() < give_up:
        if path.exists() and marker in path.read_bytes():
            return time.perf_counter()
        time.sleep(0.001)
    raise SystemExit(f"{path} did not follow within 30 s")


def measure(saves: int, kb: int, debounce: float) -> dict[str, list[float]]:
    """Seconds of each stage, by its name."""
    times: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        root, desk = place / "root", place / "desk"
        root.mkdir(mode=0o700)
        desk.mkdir()
        git, durable = Repository(place / "git"), Repository(place / "durable")
        with served(root, debounce) as url:
            ana, ben = (Client(url, account(root, name)) for name in ("ana", "ben"))
            collab = ana.create("bench", [PATH])["id"]
            (desk / PATH).write_bytes(notebook(kb, 0))
            open_in_place(ana, collab, desk)
            ana.set_member(collab, "ben", "editor")
            stream = Stream(ana, collab)
            copy = root / "workspaces" / collab / "ben" / PATH
            until_is(copy, mark(0))
            phone = ana.open_session(collab, "phone", client="bench")["session"]
            for turn in range(1, saves + 1):
                _watched(times, stream, (desk / PATH, copy), (kb, 2 * turn))
                _sent(times, stream, (ana, collab, phone), notebook(kb, 2 * turn + 1))
                until_is(desk / PATH, mark(2 * turn + 1))
                times["git add && git commit (git's defaults)"].append(git.commit(notebook(kb, turn)))
                times["git add && git commit (as durable as a save here)"].append(
                    durable.commit(notebook(kb, turn), *DURABLE)
                )
            ana.close()
            ben.close()
    return times


def _watched(
    times: dict[str, list[float]], stream: Stream, paths: tuple[Path, Path], what: tuple[int, int]
) -> None:
    """A save by an editor, as Jupyter does it: over the file in place."""
    path, copy = paths
    data = notebook(*what)
    begun = time.perf_counter()
    path.write_bytes(data)
    followed = until_is(copy, mark(what[1])) - begun
    saved = stream.after(begun, "saved", "ana/default")
    landed = stream.after(begun, "landed", "ana/default")
    delivered = stream.after(begun, "delivered", "ben/default")
    times["file written → snapshot on the stream"].append(saved)
    times["  of it after the quiet time"].append(saved - QUIET[0])
    times["snapshot → landed, on the stream"].append(landed - saved)
    times["landed → delivered to the other session, on the stream"].append(delivered - landed)
    times["file written → in the other workspace"].append(followed)


def _sent(times: dict[str, list[float]], stream: Stream, where: tuple[Client, str, str], data: bytes) -> None:
    """The same save by a client: no watching in it."""
    client, collab, session = where
    begun = time.perf_counter()
    client.save(collab, session, PATH, data)
    times["PUT → receipt (durable, landed, delivered)"].append(time.perf_counter() - begun)
    times["PUT → snapshot on the stream"].append(stream.after(begun, "saved", session))
    times["PUT → landed on the stream"].append(stream.after(begun, "landed", session))


QUIET = [0.3]


def table(times: dict[str, list[float]]) -> str:
    """The times in milliseconds, as a table in Markdown."""
    rows = ["| stage | p50 ms | p99 ms |", "|---|---:|---:|"]
    for stage, seconds in times.items():
        ordered = sorted(seconds)
        worst = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        rows.append(f"| {stage} | {statistics.median(ordered) * 1000:.1f} | {worst * 1000:.1f} |")
    return "\n".join(rows)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=50)
    parser.add_argument("--kb", type=int, default=50)
    parser.add_argument("--debounce", type=float, default=0.3, help="seconds a file has to be left alone")
    given = parser.parse_args()
    QUIET[0] = given.debounce
    print(f"{given.saves} saves of {given.kb} kB, quiet time {given.debounce:g} s\n")
    print(table(measure(given.saves, given.kb, given.debounce)))


if __name__ == "__main__":
    main()
