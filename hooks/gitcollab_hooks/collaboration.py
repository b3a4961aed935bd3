"""What the front end asks for, in gitcollab's verbs. All of it blocks: it runs in threads, never on Jupyter's loop."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gitcollab.client import Client, sharing
from gitcollab.errors import BadInput, NotFound
from gitcollab_hooks import patches
from gitcollab_hooks.authors import Names
from gitcollab_hooks.documents import Document, Documents
from gitcollab_hooks.news import News
from gitcollab_hooks.notes import Notes
from gitcollab_hooks.server import Server
from gitcollab_hooks.taking import Taken, Taking
from gitcollab_hooks.turns import Turns

Json = Any

HELD = 180.0
"""Seconds that an open notebook is held for; the front end says it again far more often."""

KEPT = 8
"""Versions of notebooks that are kept in memory."""

LIVE = "live"
"""Said in the place of a hash by a document that a room writes."""

HISTORY = 30
"""Entries of the history that a panel shows."""


class Collaboration:
    """One Jupyter server's part in gitcollab. ``root`` is the directory that it serves.

    ``tell`` is called with each piece of news, from any thread.
    """

    def __init__(self, root: Path, tell: Callable[[Json], None], notes: Notes | None = None) -> None:
        self.root, self._tell = Path(os.path.abspath(root)), tell
        self.server, self.documents = Server(), Documents()
        self.notes = notes or Notes()
        self.taking = Taking(self.server, self.documents, self._told)
        self.turns = Turns()
        self.news = News(self.server, self.notes, tell)
        self._kept: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begins to bring what Jupyter saves."""
        self.taking.start()

    def stop(self) -> None:
        """Ends what runs in threads."""
        self.taking.stop()
        self.news.stop()

    # --- one document -------------------------------------------------------------------------------------------

    def sync(self, asked: Json) -> Json:
        """Holds a notebook open, brings what was saved, and returns what has come in since ``version``.

        ``asked``: ``path`` as Jupyter names it, ``tab`` (who has it open), ``version`` (the commit that the model comes
        from, empty if that is not known), ``hash`` (the sha256 of the file whose content the model has, if it has one;
        ``live`` for a document that a room of jupyter-collaboration writes: ``version`` is the stamp of its model),
        ``takes`` (whether the tab would take changes in by itself). ``turn`` in the answer says whether it shall: of
        those in one room just one. ``{"tracked": False}`` for a notebook in no collab.
        """
        self.news.somebody_is_there()
        client = self.server.client()
        file = self.file(asked["path"])
        document = self.documents.find(client, file, is_fresh=bool(asked.get("fresh")))
        if document is None:
            return {"tracked": False}
        self.news.want(document.collab)
        client.hold(document.collab, document.session, document.path, client=asked["tab"], seconds=HELD)
        version = str(asked.get("version") or "")
        if not asked.get("hash"):  # else the model has gone on from there by a save
            self.taking.bases.note(document.file, asked["tab"], version)
        is_live = asked.get("hash") == LIVE
        taken = self.taking.take(document, "" if is_live else asked["hash"]) if asked.get("hash") else None
        if taken and _is_of_the_model(taken, version if is_live else None):
            version = taken.receipt["version"]
            self.taking.bases.note(document.file, asked["tab"], version)
        return {
            **_said(document),
            "tracked": True,
            "url": self.server.url,
            "turn": self._has_turn(document, asked) if is_live else True,
            "receipt": taken.receipt if taken else None,
            "contested": self._contested(client, document),
            "draft": self._draft_of(document),
            **self._incoming(client, document, version),
        }

    def release(self, path: str, tab: str) -> None:
        """Says that a notebook was closed; nothing happens if it is in no collab."""
        client = self.server.client()
        document = self.documents.find(client, self.file(path))
        if document:
            self.taking.bases.forget(document.file, tab)
            self.turns.give_up(document.file, tab)
            client.release(document.collab, document.session, document.path, client=tab)

    def draft(self, asked: Json) -> Json:
        """Sends unsaved work: ``path``, ``content`` (the notebook), ``version``, ``outputs`` (whether to send them)."""
        client, document = self._document(asked["path"])
        content = _as_written(asked["content"], has_outputs=asked.get("outputs", True))
        data = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
        receipt = client.save(
            document.collab,
            document.session,
            document.path,
            data,
            base=asked.get("version") or None,
            is_draft=True,
        )
        if not receipt["snapshot"]:
            return {"draft": None}
        self.notes.put(
            _draft_name(document), {"commit": receipt["snapshot"], "at": time.time(), "tab": asked["tab"]}
        )
        return {"draft": receipt["snapshot"]}

    def forget_draft(self, path: str) -> None:
        """Forgets the draft of a notebook: it was saved, taken up, or is not wanted."""
        _, document = self._document(path)
        self.notes.put(_draft_name(document), None)

    def recover(self, path: str) -> Json:
        """Returns the patch that leads from the file as it lies to the draft of it."""
        client, document = self._document(path)
        noted = self.notes.get(_draft_name(document))
        if not noted:
            raise NotFound("there is no draft of this notebook", "")
        draft = client.file(document.collab, document.path, noted["commit"]).body
        return {"patch": patches.patch(document.file.read_bytes(), draft), "at": noted["at"]}

    def settle(self, asked: Json) -> Json:
        """Decides a contested item: ``path``, ``item``, ``take``, ``seen``, ``source``."""
        client, document = self._document(asked["path"])
        return client.settle(
            document.collab, asked["item"], asked["take"], asked.get("source"), asked.get("seen")
        )

    def publish(self, asked: Json) -> Json:
        """Publishes a notebook: ``path``, ``bump``, ``message``."""
        client, document = self._document(asked["path"])
        return client.publish(
            document.collab, document.path, asked.get("bump") or None, asked.get("message") or ""
        )

    def share(self, asked: Json) -> Json:
        """Shares a file: ``path``, ``users``."""
        users = [name for name in re.split(r"[\s,;]+", asked.get("users") or "") if name]
        if not users:
            raise BadInput("share with whom?", "give one or more names, with commas between them")
        client = self.server.client()
        document = self.documents.find(client, self.file(asked["path"]))
        if document and document.is_joined:  # the server cannot see the directory, and need not
            sharing.admit(client, document.collab, users)
            return {"id": document.collab, "alias": client.collab(document.collab)["alias"]}
        made = client.share(users, [self.file(asked["path"])])
        self.documents.find(client, self.file(asked["path"]), is_fresh=True)
        return made

    def overview(self, path: str) -> Json:
        """Returns what a panel shows of a notebook's collab: people, history, versions."""
        client, document = self._document(path)
        return {
            **_said(document),
            "url": self.server.url,
            "members": client.members(document.collab),
            "sessions": client.sessions(document.collab),
            "log": client.log(document.collab, path=document.path, branch="main", limit=HISTORY),
            "versions": client.versions(document.collab, document.path),
        }

    # --- all of them --------------------------------------------------------------------------------------------

    def standing(self) -> Json:
        """Returns who I am, where the server is, and the collabs I am in."""
        self.news.somebody_is_there()
        client = self.server.client()
        return {
            "me": client.me(),
            "url": self.server.url,
            "collabs": client.collabs(),
            "waiting": self.taking.waiting,
        }

    def open(self, collab: str) -> Json:
        """Returns the path under which Jupyter finds the first notebook of a collab, linked to where no workspace of it
        lies in what Jupyter serves. NotFound if there is none on this machine.
        """
        client = self.server.client()
        desks = [one for one in self.documents.desks(client, is_fresh=True) if one.summary["id"] == collab]
        if not desks:
            raise NotFound("there is no workspace of this collab here", "`gitcollab join` makes one")
        inside = Path(os.path.realpath(self.root))
        desk = next((one for one in desks if one.workspace.is_relative_to(inside)), desks[0])
        books = [entry["path"] for entry in client.files(collab) if entry["path"].endswith(".ipynb")]
        if desk.workspace.is_relative_to(inside):
            place = desk.workspace.relative_to(inside)
        else:
            place = self._linked(desk.workspace, desk.summary["title"])
        return {"path": (place / books[0] if books else place).as_posix(), "is_notebook": bool(books)}

    def _linked(self, workspace: Path, title: str) -> Path:
        name = re.sub(r"[^\w.-]+", "-", title).strip("-.") or "shared"
        for number in range(1, 1000):
            link = self.root / (name if number == 1 else f"{name}-{number}")
            if os.path.realpath(link) == str(workspace):
                return Path(link.name)
            if not os.path.lexists(link):
                link.symlink_to(workspace, target_is_directory=True)
                return Path(link.name)
        raise BadInput("no name is free for the link to the workspace", "open it by its own directory")

    def saving(self, path: str) -> None:
        """Keeps what another program has written into a file that Jupyter is about to write. Never waits."""
        file = str(self.file(path))
        if not self.taking.overwritten.keep(file):
            said = "it was changed by another program, and is too large for that to be kept before it is written over"
            self._told({"kind": "refused", "file": file, "message": said, "hint": ""})

    def saved(self, path: str, authors: Names | None = None) -> None:
        """Notes that Jupyter has written a file, named as the system names it, and for whom. Never raises or waits."""
        self.taking.authors.note(path, authors or {})
        self.taking.put(path)

    def moved(self, old: str, new: str) -> None:
        """Notes that Jupyter has renamed a file or directory, or deleted it (``new`` is empty); both as Jupyter names
        them. Never raises, never waits."""
        with suppress(BadInput):
            self.taking.put_move(str(self.file(old)), str(self.file(new)) if new else "")

    def file(self, path: str) -> Path:
        """Returns the file that Jupyter means by ``path``; BadInput if it leads out of what Jupyter serves."""
        found = Path(os.path.normpath(self.root / path.strip("/")))
        if "\0" in path or not found.is_relative_to(self.root):
            raise BadInput(f"{path!r} is no path here", "")
        return found

    # --- how it is done -----------------------------------------------------------------------------------------

    def _document(self, path: str) -> tuple[Client, Document]:
        client = self.server.client()
        document = self.documents.find(client, self.file(path))
        if document is None:
            raise NotFound("this notebook is in no collab", "share it first")
        return client, document

    def _has_turn(self, document: Document, asked: Json) -> bool:
        if asked.get("takes", True):
            return self.turns.ask(document.file, asked["tab"])
        self.turns.give_up(document.file, asked["tab"])
        return False

    def _incoming(self, client: Client, document: Document, version: str) -> Json:
        """What the session has otherwise than ``version``, and whether the file lies there like that already."""
        head = client.session(document.collab, document.session)["head"]
        if head == version:
            return {"version": version, "head": head, "patch": None, "disk": None}
        try:
            answer = client.session_file(document.collab, document.session, document.path)
        except NotFound:
            return {"version": version, "head": head, "patch": None, "disk": None, "gone": True}
        head = answer.etag
        made = self._patch(client, document, version, answer.body)
        if made is not None and patches.is_empty(made):
            return {"version": head, "head": head, "patch": None, "disk": None}
        return {"version": version, "head": head, "patch": made, "disk": _disk(document, answer.body)}

    def _patch(self, client: Client, document: Document, version: str, after: bytes) -> Json | None:
        if not version:
            return None
        try:
            before = self._at(client, document, version)
        except NotFound:  # it had another name then, or is of a version that this server does not know
            return None
        return patches.patch(before, after)

    def _at(self, client: Client, document: Document, commit: str) -> bytes:
        key = (document.collab, document.path, commit)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        data = client.file(document.collab, document.path, commit).body
        with self._lock:
            self._kept[key] = data
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return data

    def _contested(self, client: Client, document: Document) -> list[Json]:
        return [item for item in client.contested(document.collab) if item["path"] == document.path]

    def _draft_of(self, document: Document) -> Json | None:
        return self.notes.get(_draft_name(document))

    def _told(self, news: Json) -> None:
        """Hands news of a save on, under the name that Jupyter has for the file."""
        file = Path(news.pop("file"))
        path = file.relative_to(self.root).as_posix() if file.is_relative_to(self.root) else ""
        if news["kind"] == "taken":
            self.notes.put(f"draft {os.path.realpath(file)}", None)
        self._tell({**news, "path": path})


def _said(document: Document) -> Json:
    return {
        "collab": document.collab,
        "alias": document.alias,
        "title": document.title,
        "role": document.role,
        "me": document.me,
        "session": document.session,
        "file": document.path,
    }


def _is_of_the_model(taken: Taken, stamp: str | None) -> bool:
    """Whether the model comes from what was taken; ``stamp``: a room's, None where a tab has saved its own.

    A room that has taken changes in and not saved them yet is beyond its file.
    """
    if taken.receipt.get("forked") or taken.receipt.get("held"):
        return False
    return stamp is None or patches.stamp_of(taken.data) == stamp


def _draft_name(document: Document) -> str:
    return f"draft {document.file}"


def _disk(document: Document, head: bytes) -> Json:
    """The file as it lies: its hash, and whether it says what the session's head says."""
    try:
        data = document.file.read_bytes()
    except OSError:
        return None
    made = patches.patch(data, head)
    is_head = data == head or (made is not None and patches.is_empty(made))
    return {"hash": hashlib.sha256(data).hexdigest(), "is_head": is_head}


def _as_written(content: Json, *, has_outputs: bool) -> Json:
    """A notebook as Jupyter would write it: what a model says of trust stays with it."""
    cells = []
    for cell in content.get("cells", ()):
        made = {**cell, "metadata": {k: v for k, v in cell["metadata"].items() if k != "trusted"}}
        if cell.get("cell_type") == "code" and not has_outputs:
            made |= {"outputs": [], "execution_count": None}
        cells.append(made)
    return {**content, "cells": cells}
