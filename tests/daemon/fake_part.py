"""A part that does as it is told, for test_parts: ``python -m fake_part FILE``; appends what happens to FILE."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

FILE = Path(sys.argv[1])


def note(what: str) -> None:
    """Appends a line."""
    with FILE.open("a") as file:
        file.write(f"{what}\n")


told = json.load(sys.stdin)
if told.get("fails"):
    sys.exit(3)
if told.get("is_deaf"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: (note("stopped"), sys.exit(0)))
note("began")
if told.get("once"):
    sys.exit(1)
while True:
    time.sleep(60)
