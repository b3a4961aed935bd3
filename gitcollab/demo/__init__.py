"""The demo: a real server, Ana and Ben, one notebook, a story in which every step is checked."""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitcollab.demo import story
from gitcollab.demo.playing import HUMAN, Pace, Play, say
from gitcollab.demo.stage import House
from gitcollab.errors import GitcollabError


def play(*, is_once: bool, port: int = 0) -> int:
    """Plays the story on a fresh root in a temporary directory; returns the exit code.

    ``is_once``: quickly, then ends with 0, or with 1 at the first thing that is not as told. Otherwise at
    human pace, and on until Ctrl-C. ``port`` 0 is any free one.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gitcollab-demo-") as place:
        house = House(Path(place), port)
        try:
            told = Play(house, Pace() if is_once else HUMAN)
            told.open()
            told.share()
            with heard_ctrl_c() as ended:
                perform(told, is_once, ended)
            say(f"\nEverything was as told, in {time.monotonic() - begun:.0f} seconds.")
        except story.NotAsTold as why:
            say(f"  ✗ {why}")
            say(f"\nNot as told. The server's last words:\n{last_words(house)}")
            return 1
        except KeyboardInterrupt:
            say("\nThe end. Everything of the demo is taken away again.")
        finally:
            code = house.stop()
    if code:
        raise GitcollabError(
            f"the server ended with exit code {code}", "this is a mistake in gitcollab: please report it"
        )
    return 0


@contextmanager
def heard_ctrl_c() -> Iterator[threading.Event]:
    """Ctrl-C interrupts as ever, and is remembered: where Python is just cleaning up, an interrupt is lost."""
    ended = threading.Event()

    def end(*_: object) -> None:
        ended.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, end)
    try:
        yield ended
    finally:
        signal.signal(signal.SIGINT, before)


def perform(told: Play, is_once: bool, ended: threading.Event) -> None:
    """Plays the scenes: once, or forth and back for as long as anybody watches."""
    forth = (
        story.DIFFERENT_CELLS,
        story.SAME_CELL,
        story.SAME_LINE,
        story.MOVED,
        story.rerun(told.first, told.after),
    )
    told.round(forth, story.FIX)
    told.close()
    if is_once:
        return
    say("\nAna and Ben go on, changing their minds, until you press Ctrl-C.")
    back = tuple(scene.back() for scene in forth)
    number = 0
    while not ended.is_set():
        told.round((back, forth)[number % 2], (story.FIX.back(), story.FIX)[number % 2])
        number += 1
    raise KeyboardInterrupt


def last_words(house: House) -> str:
    """Returns the end of what the server printed and logged."""
    files = (house.place / "server.out", house.root / "run" / "log")
    found = [file.read_text(encoding="utf-8", errors="replace").strip() for file in files if file.exists()]
    return "\n".join(text[-2000:] for text in found if text) or "(none)"
