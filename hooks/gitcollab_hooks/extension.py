"""The server extension: wires Jupyter's hooks, doors and event bus to the collaboration."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp

from gitcollab_hooks.authors import Names, Rooms, asking
from gitcollab_hooks.collaboration import Collaboration
from gitcollab_hooks.doors import routes
from gitcollab_hooks.viewer import Upstream, views

Json = Any

NEWS = "https://gitcollab.dev/jupyter/news/v1"
"""The kind of event on Jupyter's own bus by which the front end hears of everything."""

CONTENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"
"""The kind of event in which Jupyter's contents managers tell what they have done."""

SCHEMA = {
    "$id": NEWS,
    "version": "1",
    "title": "News from gitcollab",
    "personal-data": True,
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"type": "string", "description": "What happened; the rest depends on it."}},
}

THREADS = 8
"""Questions of the front end that are answered at a time."""


class Extension(ExtensionApp):
    """gitcollab in one Jupyter server."""

    name = "gitcollab"
    extension_url = "/gitcollab"

    def initialize_settings(self) -> None:
        """Makes the collaboration for the directory that this server serves."""
        loop = asyncio.get_event_loop_policy().get_event_loop()
        self.serverapp.event_logger.register_event_schema(SCHEMA)
        contents = self.serverapp.contents_manager
        root = Path(getattr(contents, "root_dir", "") or self.serverapp.root_dir)

        def tell(news: Json) -> None:
            """Emits on Jupyter's loop, whichever thread the news came in."""
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._emit, news)

        self.collaboration = Collaboration(root, tell)
        self.executor = ThreadPoolExecutor(THREADS, thread_name_prefix="gitcollab")
        self.rooms = Rooms(self.serverapp)
        contents.register_pre_save_hook(self._saving)
        contents.register_post_save_hook(self._saved)
        self.serverapp.event_logger.add_listener(schema_id=CONTENTS, listener=self._happened)
        self.collaboration.start()

    def initialize_handlers(self) -> None:
        """Adds the doors."""
        self.handlers += routes("", self.collaboration, self.executor)
        self.handlers += views(Upstream(self.collaboration.server, self.executor))

    async def stop_extension(self) -> None:
        """Ends the threads; what they have not brought yet is found by the server's own watcher."""
        self.collaboration.stop()
        self.executor.shutdown(wait=False, cancel_futures=True)

    def _emit(self, news: Json) -> None:
        self.serverapp.event_logger.emit(schema_id=NEWS, data=news)

    def _saving(self, path: str = "", model: Json = None, **_: Any) -> None:
        """Runs before every save, on Jupyter's loop; what it raises Jupyter logs, and saves."""
        if (model or {}).get("type") != "directory":
            self.collaboration.saving(path)

    async def _happened(self, logger: Any, schema_id: str, data: Json) -> None:
        """Hears what Jupyter's contents manager has done, whichever it is."""
        if data.get("action") == "rename":
            self.collaboration.moved(data["source_path"], data["path"])
        elif data.get("action") == "delete":
            self.collaboration.moved(data["path"], "")

    def _authors(self, path: str) -> Names:
        """Who has worked on what is being saved: those who write in the live document, else who asks for the save."""
        try:
            writers = self.rooms.writers(path)
            return asking() if writers is None else writers
        except Exception:  # no save fails because of who has made it
            self.log.warning("gitcollab cannot tell who has saved %s", path, exc_info=True)
            return {}

    def _saved(self, os_path: str = "", model: Json = None, **_: Any) -> None:
        """Runs on every save, on Jupyter's loop: puts the name down and is done; a save must never fail for us."""
        if (model or {}).get("type") != "directory":
            self.collaboration.saved(os_path, self._authors(str((model or {}).get("path", ""))))
