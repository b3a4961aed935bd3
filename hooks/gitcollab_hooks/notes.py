"""Notes: the little that is remembered over a restart of Jupyter, for this user's eyes only: drafts and invitations."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

Json = Any


class Notes:
    """A small JSON file. What cannot be written is only forgotten; what cannot be read is not there."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or home() / "gitcollab" / "jupyter.json"
        self._lock = threading.Lock()
        self._said: dict[str, Json] = self._read()

    def get(self, name: str, default: Json = None) -> Json:
        """Returns what was noted under ``name``."""
        with self._lock:
            return self._said.get(name, default)

    def put(self, name: str, value: Json) -> None:
        """Notes a value; None forgets it."""
        with self._lock:
            if self._said.get(name) == value:
                return
            self._said[name] = value
            if value is None:
                del self._said[name]
            with suppress(OSError):
                self._write()

    def _read(self) -> dict[str, Json]:
        try:
            found = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self.path.with_suffix(f".{os.getpid()}.new")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "wb") as out:
            out.write(json.dumps(self._said).encode())
        os.replace(temporary, self.path)


def home() -> Path:
    """Returns where programs of this user remember things."""
    said = os.environ.get("XDG_STATE_HOME", "")
    return Path(said) if os.path.isabs(said) else Path.home() / ".local" / "state"
