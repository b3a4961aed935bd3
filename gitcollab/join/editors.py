"""Editors: which files of a joined directory somebody has open in a program that takes deliveries in by itself.

JupyterLab with gitcollab's extension says so to the server; what it has open is not written here.
"""

from __future__ import annotations

from gitcollab import notebooks
from gitcollab.client import Client
from gitcollab.errors import NotFound
from gitcollab.join.state import State


class Editors:
    """The open files of one session. ``ask_again`` begins a round, in which the server is asked once at most."""

    def __init__(self, client: Client, state: State) -> None:
        self._client, self._state = client, state
        self._open: frozenset[str] | None = None

    def ask_again(self) -> None:
        """Forgets what was said: an editor may have closed its file since, or opened another."""
        self._open = None

    def has_open(self, path: str) -> bool:
        """Whether an editor has a file open just now."""
        if self._open is None:
            try:
                self._open = frozenset(self._client.open_files(self._state.collab, self._state.session))
            except NotFound:  # a server from before these could be asked for
                self._open = frozenset()
        return path in self._open

    def took_in(self, path: str, data: bytes) -> bool:
        """Whether a file is nothing but a delivery that its editor has written itself: the version of its stamp."""
        content, stamp = notebooks.strip(data) if path.endswith(".ipynb") else (data, None)
        self.ask_again()
        if stamp is None or not self.has_open(path):
            return False
        try:
            return self._client.file(self._state.collab, path, stamp).body == content
        except NotFound:  # it has another name there, or is of no version of this collab
            return False
