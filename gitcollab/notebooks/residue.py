"""Layer 6: nbformat and nbdime, asked through one function in one process of their own, with a time limit.

Both are slow to start, can be made to run for hours by one ordinary cell, and are not safe in threads; in a process
that may be killed none of this matters. Nothing else in the project imports them.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import sys
import threading
import time
from typing import TYPE_CHECKING

from gitcollab.model import Json

if TYPE_CHECKING:
    import subprocess

PATIENCE = 5.0
"""Seconds for one question; then the process is killed and the question goes to a person."""
START = 20.0
"""Seconds for a new process to say that it is ready."""
LARGEST = 4_000_000
"""Bytes of a question beyond which nbdime is not asked (old notebooks may be LARGEST_NOTEBOOK long)."""
LARGEST_NOTEBOOK = 100_000_000


def combined(base: Json, shared: Json, session: Json, otherwise: Json) -> Json:
    """Returns two metadata values combined by nbdime, ``otherwise`` where it finds a conflict or cannot tell."""
    question = json.dumps({"decide": [base, shared, session]}).encode()
    answer = ask(question) if len(question) <= LARGEST else None
    return otherwise if answer is None else answer["value"]


def upgraded(notebook: bytes) -> Json:
    """Returns a notebook of nbformat 1 to 3 as nbformat 4 JSON, None where nbformat cannot convert it."""
    if len(notebook) > LARGEST_NOTEBOOK:
        return None
    answer = ask(json.dumps({"upgrade": notebook.decode("utf-8-sig", "surrogatepass")}).encode())
    return None if answer is None else answer["value"]


def ask(question: bytes, patience: float = PATIENCE) -> Json:
    """Asks the process one question and returns its answer; None if it has none, in time or at all."""
    with _lock:
        answer = _process.answer(question, patience)
    return None if answer is None or "value" not in answer else answer


class _Answerer:
    """The one process, started when first asked, again after it had to be killed or this process forked."""

    def __init__(self) -> None:
        self.running: subprocess.Popen[bytes] | None = None
        self.owner = 0

    def answer(self, question: bytes, patience: float) -> Json:
        try:
            process = self._ready()
            assert process.stdin is not None  # noqa: S101 - it was opened with a pipe
            deadline = time.monotonic() + patience
            threading.Thread(target=_send, args=(process, question), daemon=True).start()
            return json.loads(self._read(process, deadline))
        except (OSError, ValueError, EOFError, RecursionError):
            self.stop()
            return None

    def _ready(self) -> subprocess.Popen[bytes]:
        if self.owner != os.getpid():
            self.running, self.owner = None, os.getpid()
        if self.running is None or self.running.poll() is not None:
            import subprocess  # slow to import, and most merges never come here

            self.stop()
            command = [sys.executable, "-m", "gitcollab.notebooks.asked"]
            self.running = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            self._read(self.running, time.monotonic() + START)
        return self.running

    @staticmethod
    def _read(process: subprocess.Popen[bytes], deadline: float) -> bytes:
        """One answer, headed by its length; TimeoutError after the deadline."""
        assert process.stdout is not None  # noqa: S101 - it was opened with a pipe
        pipe = process.stdout.fileno()
        found = b""
        wanted = 8
        while len(found) < wanted:
            if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError
            part = os.read(pipe, min(wanted - len(found), 1 << 20))
            if not part:
                raise EOFError
            found += part
            if wanted == 8 and len(found) == 8:
                wanted += int(found, 16)
        return found[8:]

    def stop(self) -> None:
        """Ends the process, if it runs and is ours."""
        process, self.running = self.running, None
        if process is None or self.owner != os.getpid():
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


def _send(process: subprocess.Popen[bytes], question: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # the reader notices that the process is gone
        if process.stdin is not None:
            process.stdin.write(b"%08x" % len(question) + question)
            process.stdin.flush()


_lock = threading.Lock()
_process = _Answerer()
atexit.register(_process.stop)
