"""Authors: who has changed a file since it was last brought, where several people work through one Jupyter server."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import Any

from jupyter_server.base.call_context import CallContext

Names = dict[str, str]
"""Displayed names by names, as Jupyter knows people."""

NOBODY = re.compile(r"[0-9a-f]{32}")
"""The names that Jupyter makes up for browsers that have shown a token or a password, and no more."""

REMEMBERED = 500
"""Files whose authors are remembered."""


class Authors:
    """Who has saved which file. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, Names] = {}

    def note(self, file: str, names: Names) -> None:
        """Notes that these people have worked on what now lies in a file. Never waits for anything."""
        if names:
            with self._lock:
                self._names[file] = {**self._names.pop(file, {}), **names}
                while len(self._names) > REMEMBERED:
                    del self._names[next(iter(self._names))]

    def of(self, file: Path) -> Names:
        """Returns who has worked on a file that lies at its real place."""
        with self._lock:
            noted = list(self._names.items())
        return {name: said for path, names in noted if _is(path, file) for name, said in names.items()}

    def forget(self, file: Path, names: Names) -> None:
        """Forgets those whose work has been brought."""
        with self._lock:
            for path in [path for path in self._names if _is(path, file)]:
                left = {name: said for name, said in self._names[path].items() if name not in names}
                self._names[path] = left
                if not left:
                    del self._names[path]


def _is(path: str, file: Path) -> bool:
    return os.path.realpath(path) == str(file)


def asking() -> Names:
    """Returns whose request is being answered, in a hook of Jupyter's; nobody if it is nobody in particular, or the one
    whose server this is by a hub's word."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    user = getattr(handler, "current_user", None)
    return named(getattr(user, "username", ""), getattr(user, "display_name", ""))


def named(name: Any, display: Any) -> Names:
    """One person, if it is a person that has a name."""
    if not isinstance(name, str) or not name or NOBODY.fullmatch(name):
        return {}
    if name == os.environ.get("JUPYTERHUB_USER"):
        return {}
    return {name: display if isinstance(display, str) else ""}


class Rooms:
    """The live documents of jupyter-collaboration, if that is there."""

    def __init__(self, serverapp: Any) -> None:
        self._app = serverapp
        self._seen: dict[str, dict[int, int]] = {}

    def writers(self, path: str) -> Names | None:
        """Returns who has written into a live document since this was last asked; None if it is not live.

        ``path`` is the file's as Jupyter names it. A document says how much each browser has written into it, and
        the browsers say whose they are.
        """
        room = self._room(path)
        if room is None:
            return None
        before, now = self._seen.get(path, {}), clocks(room.ydoc.get_state())
        self._seen[path] = now
        found: Names = {}
        for browser, said in room.awareness.states.items():
            user = said.get("user") if isinstance(said, dict) else None
            if isinstance(user, dict) and now.get(browser, 0) > before.get(browser, 0):
                found |= named(user.get("username"), user.get("display_name") or user.get("name"))
        return found

    def _room(self, path: str) -> Any:
        ids = self._app.web_app.settings.get("file_id_manager")
        for app in self._app.extension_manager.extension_apps.get("jupyter_server_ydoc", ()):
            rooms = getattr(getattr(app, "ywebsocket_server", None), "rooms", {})
            file = ids.get_id(path) if ids and rooms else None
            found = next((room for name, room in rooms.items() if file and name.endswith(f":{file}")), None)
            if found is not None and hasattr(found, "ydoc"):
                return found
        self._seen.pop(path, None)
        return None


def clocks(state: bytes) -> dict[int, int]:
    """Reads a state vector of Yjs: how many operations each client has made (lib0's variable-length numbers)."""
    numbers = []
    value = shift = 0
    for byte in state:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    return dict(zip(numbers[1::2], numbers[2::2], strict=False))
