"""What inotify tells of a directory, as hints where to look: never the truth, and never missed in silence."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import watchfiles

MANY = 4_000  # changes at once; beyond that the kernel's queue may have run over (16,384 by default)
STALLED = 3.0  # seconds; whoever stood still so long may have missed what the queue could not hold
PATIENCE_MS = 100
SHORTEST_PAUSE = 0.5  # seconds before a dead watcher is started again; it doubles
LONGEST_PAUSE = 30.0

LOG = logging.getLogger(__name__)

Hint = tuple[str, bool]
"""A path relative to the root, and whether something was added there (then it may be a directory)."""

Notice = Callable[[list[Hint] | None], None]
"""Is told of hints, in the thread that found them. None: something may have been missed, look at everything."""


class Hints:
    """Follows a directory in a thread of its own.

    watchfiles drops an overflow of the queue in silence (samuelcolvin/watchfiles#348) and dies of a name that is
    not UTF-8. So whenever something may have been missed, and whenever the watch begins, ``notice`` gets None.
    ``is_alive`` is False while there are no events, for whatever reason.
    """

    def __init__(self, root: Path, notice: Notice, step_ms: int) -> None:
        self.root, self.notice, self.step_ms = root, notice, step_ms
        self.is_alive = True
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"hints of {root}", daemon=True)

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread, at its next step."""
        self._closed.set()

    def _follow(self) -> None:
        pause = SHORTEST_PAUSE
        while not self._closed.is_set():
            began = time.monotonic()
            try:
                self._listen()
            except (OSError, RuntimeError) as error:  # too many watches, a strange name, a root that went
                LOG.warning("no events for %s, so it is polled for %.1f s: %s", self.root, pause, error)
            self.is_alive = False
            if not self._closed.is_set():
                self.notice(None)
            self._closed.wait(pause)
            is_long_ago = time.monotonic() - began > LONGEST_PAUSE
            pause = SHORTEST_PAUSE if is_long_ago else min(pause * 2, LONGEST_PAUSE)

    def _listen(self) -> None:
        last = 0.0
        for changes in watchfiles.watch(
            self.root,
            watch_filter=None,
            debounce=self.step_ms,
            step=self.step_ms,
            stop_event=self._closed,
            rust_timeout=PATIENCE_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=False,
            ignore_permission_denied=True,
        ):
            now, self.is_alive = time.monotonic(), True
            if now - last > STALLED or len(changes) > MANY:  # also the first time: the watch has just begun
                self.notice(None)
            if changes:
                self.notice([self._hint(kind, path) for kind, path in changes])
            last = now

    def _hint(self, kind: watchfiles.Change, path: str) -> Hint:
        relative = path.removeprefix(str(self.root)).strip("/")
        return relative, kind is watchfiles.Change.added
