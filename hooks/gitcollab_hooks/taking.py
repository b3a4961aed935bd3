"""Taking: what Jupyter has saved is brought to gitcollab at once, and again later if that cannot be reached now.

The files themselves are the queue: whatever is lost here, the server's own watcher finds.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gitcollab.client import Client
from gitcollab.errors import GitcollabError, NotSignedIn, Unavailable
from gitcollab_hooks.authors import Authors
from gitcollab_hooks.bases import Bases
from gitcollab_hooks.documents import Document, Documents
from gitcollab_hooks.overwritten import Overwritten, shape_of
from gitcollab_hooks.server import Server

Json = Any
Tell = Callable[[Json], None]

PAUSE = 5.0
"""Seconds after which what could not be brought is tried again."""

REMEMBERED = 500
"""Files whose last receipt is remembered."""

FRESH = 30.0
"""Seconds for which it is: the hook and the front end both bring the same save."""


class Taken(NamedTuple):
    """What was brought: the server's receipt, and the file as it was, with its sha256."""

    receipt: Json
    digest: str
    data: bytes


class Moved(NamedTuple):
    """A file that was renamed, or deleted where ``new`` is empty; both named as the system names them."""

    old: str
    new: str


class Taking:
    """Brings saved files to their sessions, one after the other. ``tell`` hears what became of them."""

    def __init__(self, server: Server, documents: Documents, tell: Tell) -> None:
        self._server, self._documents, self._tell = server, documents, tell
        self._queue: queue.SimpleQueue[str | Moved | None] = queue.SimpleQueue()
        self._taken: dict[Path, tuple[str, Json, float]] = {}
        self.bases = Bases()
        self.overwritten = Overwritten()
        self.authors = Authors()
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}
        self._thread = threading.Thread(target=self._run, name="gitcollab saves", daemon=True)

    def start(self) -> None:
        """Begins to work through what is put down."""
        self._thread.start()

    def stop(self) -> None:
        """Ends when the file under way is done."""
        self._queue.put(None)

    def put(self, file: str) -> None:
        """Notes that a file has been saved. Never raises, never waits."""
        self.overwritten.wrote(file)
        self._queue.put(file)

    def put_move(self, old: str, new: str) -> None:
        """Notes that a file was renamed, or deleted where ``new`` is empty. Never raises, never waits."""
        self._queue.put(Moved(old, new))

    @property
    def waiting(self) -> int:
        """How many saved files could not be brought yet."""
        return len(self._waiting)

    def take(self, document: Document, digest: str = "") -> Taken | None:
        """Brings a document's file as it lies there; returns what was brought, and the receipt.

        Nothing happens, and None is returned, if it is gone or not what ``digest`` says. The same bytes are brought
        once. Raises what the server refuses with.
        """
        with self._lock:
            self._bring_overwritten(document)
            try:
                shape = shape_of(document.file)
                data = document.file.read_bytes()
            except OSError:
                return None
            found = hashlib.sha256(data).hexdigest()
            if digest and found != digest:
                return None
            authors = self.authors.of(document.file)
            self.authors.forget(document.file, authors)
            known = self._taken.get(document.file)
            is_known = known and known[0] == found and known[1]["session"] == document.session
            if known and is_known and time.monotonic() < known[2]:
                return Taken(known[1], found, data)
            base = self.bases.of(document.file)
            where = document.collab, document.session, document.path
            try:
                receipt = self._server.client().save(*where, data, base=base, tool="jupyter", authors=authors)
            except GitcollabError:
                self.authors.note(str(document.file), authors)
                raise
            if not receipt.get("held"):
                self.overwritten.took(document.file, shape, receipt["version"])
            if base and not receipt.get("forked") and not receipt.get("held"):
                self.bases.replace(document.file, base, receipt["version"])
            receipt = {**receipt, "session": document.session}
            self._taken[document.file] = (found, receipt, time.monotonic() + FRESH)
            while len(self._taken) > REMEMBERED:
                del self._taken[next(iter(self._taken))]
            return Taken(receipt, found, data)

    def _bring_overwritten(self, document: Document) -> None:
        """Brings first what another program had written over what Jupyter had last saved, or loaded."""
        while (found := self.overwritten.oldest(document.file)) is not None:
            self._server.client().save(
                document.collab,
                document.session,
                document.path,
                found.data,
                base=found.version,
                tool="jupyter",
            )
            self.overwritten.forget_oldest(document.file)

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._server.close()

    def _work(self) -> None:
        while True:
            try:
                file = self._queue.get(timeout=PAUSE if self._waiting else None)
            except queue.Empty:
                for each in list(self._waiting):
                    self._bring(each)
                continue
            if file is None:
                return
            if isinstance(file, Moved):
                self._move(file)
            else:
                self._bring(file)

    def _move(self, moved: Moved) -> None:
        """Says what was renamed or deleted, in its turn among the saves.

        Nothing is said twice and nothing is lost where this cannot be said: the server's own watcher finds it, too.
        """
        with suppress(GitcollabError):
            client = self._server.client()
            old = self._documents.find(client, Path(moved.old))
            new = self._documents.find(client, Path(moved.new)) if moved.new else None
            if old and old.is_joined:
                return  # `join` sees for itself what is gone, and what it is called now
            if old and new and (old.collab, old.session) == (new.collab, new.session):
                for before, after in renames(client, old, new):
                    with suppress(GitcollabError):  # one that is known already, say
                        client.rename(old.collab, old.session, before, after)
            elif old and not os.path.lexists(old.file):
                client.save(old.collab, old.session, old.path, None, tool="jupyter")
        if moved.new and os.path.isfile(moved.new):
            self._bring(moved.new)

    def _bring(self, file: str) -> None:
        try:
            document = self._documents.find(self._server.client(), Path(file))
            if document is None:
                self.overwritten.forget(file)
            taken = self.take(document) if document else None
        except (Unavailable, NotSignedIn) as why:
            self._waiting[file] = None
            self._tell({"kind": "waiting", "file": file, "message": why.message})
            return
        except GitcollabError as why:  # a refusal, which another try does not change
            self._waiting.pop(file, None)
            self._tell({"kind": "refused", "file": file, "message": why.message, "hint": why.hint})
            return
        self._waiting.pop(file, None)
        if document and taken:
            told = {"receipt": taken.receipt, "hash": taken.digest}
            self._tell({"kind": "taken", "file": file, "collab": document.collab, **told})


def renames(client: Client, old: Document, new: Document) -> Iterator[tuple[str, str]]:
    """Yields what is to be renamed in the collab: the file, or each file of the directory."""
    if not new.file.is_dir():
        yield old.path, new.path
        return
    for entry in client.files(old.collab, f"sessions/{old.session}"):
        if entry["path"].startswith(f"{old.path}/"):
            yield entry["path"], new.path + entry["path"].removeprefix(old.path)
