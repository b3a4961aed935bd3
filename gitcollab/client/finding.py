"""Finding the server: the one that the environment names, else the one that runs on this machine's root."""

from __future__ import annotations

import os
from pathlib import Path

from gitcollab.client.verbs import Client
from gitcollab.errors import Unavailable


def root() -> Path:
    """Returns the directory a server keeps everything in: GITCOLLAB_ROOT, else the user's data directory."""
    said = os.environ.get("GITCOLLAB_ROOT")
    if said:
        return Path(said).absolute()
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "gitcollab"


def address() -> str:
    """Returns the server's address, GITCOLLAB_URL first; empty if none is named and none runs on the root."""
    return os.environ.get("GITCOLLAB_URL") or note(root() / "run" / "url")


def client(*, timeout: float = 120.0) -> Client:
    """Returns the client for GITCOLLAB_URL and GITCOLLAB_TOKEN, else for the server that runs on this root."""
    url = address()
    if not url:
        raise Unavailable(
            "no server is named, and none runs on this machine's root",
            f"start one with `gitcollab serve`, or set GITCOLLAB_URL (looked at {root() / 'run' / 'url'})",
        )
    return Client(url, token_for(url), timeout=timeout)


def token_for(url: str) -> str:
    """Returns GITCOLLAB_TOKEN, or the token of this root's owner if ``url`` is this root's own server."""
    said = os.environ.get("GITCOLLAB_TOKEN", "").strip()
    if said or url.rstrip("/") != note(root() / "run" / "url").rstrip("/"):
        return said
    return note(root() / "private" / "token")


def note(path: Path) -> str:
    """Returns what stands in a small file, or nothing if there is none that can be read."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
