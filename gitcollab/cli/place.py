"""Where a command works: which server, which root, which collab and notebook are meant."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from gitcollab.client import Client
from gitcollab.client.finding import client, note, root, token_for
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, NotFound, Unusable

__all__ = [
    "Spot",
    "client",
    "collab_id",
    "here",
    "note",
    "notebook_path",
    "root",
    "served_root",
    "spot",
    "token_for",
]

VERSION = re.compile(r"(.+):v?(\d+\.\d+\.\d+)")
COLLAB_ID = re.compile(r"(c[a-z2-7]{9})(?::(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Spot:
    """A place in a collab: what names the collab, a path in it and a point in its history (each may be empty)."""

    collab: str
    path: str = ""
    at: str = ""


def spot(text: str) -> Spot:
    """Reads ``ID``, ``ID:PATH``, ``ID:PATH@REV``, ``Name:1.2.0`` and ``ana,ben:Name[:1.2.0]``."""
    text, _, at = text.rpartition("@") if "@" in text else (text, "", "")
    if not at and (found := VERSION.fullmatch(text)):
        text, at = found[1], found[2]
    if found := COLLAB_ID.fullmatch(text):
        return Spot(found[1], found[2] or "", at)
    parts = text.split(":", 2)
    if len(parts) == 2 and ("/" in parts[1] or "." in parts[1].strip(".")):
        return Spot(parts[0], parts[1], at)
    return Spot(":".join(parts[:2]), parts[2] if len(parts) == 3 else "", at)


def collab_id(server: Client, text: str | None) -> str:
    """Returns the id of the collab that ``text`` names (id, alias, name, with or without version), or of here."""
    if not text:
        return str(here(server)["collab"])
    named = spot(text).collab
    return named if COLLAB_ID.fullmatch(named) else str(server.collab(named)["id"])


def here(server: Client) -> Json:
    """Returns ``{collab, session, workspace}`` of the workspace this directory lies in; BadInput if in none."""
    now, me = Path.cwd().resolve(), server.me()["name"]
    found = _joined(server, now)
    for summary in server.collabs():
        for session in server.sessions(summary["id"]):
            place = session.get("workspace")
            if place and session["user"] == me and session["is_open"] and now.is_relative_to(place):
                name = f"{me}/{session['name']}"
                found.append(
                    {"collab": summary["id"], "session": name, "workspace": place, "alias": summary["alias"]}
                )
    if not found:
        raise BadInput(
            "this directory is in no workspace of yours", "name the collab: see `gitcollab status`"
        )
    nearest = max(len(each["workspace"]) for each in found)
    found = [each for each in found if len(each["workspace"]) == nearest]
    if len(found) > 1:
        names = [f"{each['collab']}  {each['alias']}" for each in found]
        raise Unusable("this directory belongs to several collabs", "name one of them", candidates=names)
    return found[0]


def _joined(server: Client, now: Path) -> list[Json]:
    """The workspace that `join` keeps here, from its own notes: the server cannot see the directory."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    if not (state / "gitcollab" / "workspaces").is_dir():
        return []
    from gitcollab.join.state import Drawer

    for directory in (now, *now.parents):
        known = Drawer(directory).read()
        if known and known.url == server.url and known.directory == str(directory):
            place = {"collab": known.collab, "session": known.session, "workspace": known.directory}
            return [place | {"alias": "", "is_joined": True}]
    return []


def notebook_path(server: Client, collab: str, name: str, at: str = "main") -> str:
    """Returns the path of the notebook that ``name`` means: a path, a stem, or nothing if there is only one."""
    paths = [str(entry["path"]) for entry in server.files(collab, at)]
    if name in paths:
        return name
    books = [path for path in paths if path.endswith(".ipynb")]
    wanted = name.removesuffix(".ipynb")
    found = [path for path in books if not name or path.removesuffix(".ipynb") == wanted]
    found = found or [path for path in books if Path(path).stem == wanted]
    found = found or [path for path in books if Path(path).stem.casefold() == wanted.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        what = f"{name!r} could be any of these" if name else "the collab holds several notebooks"
        raise Unusable(what, "name one by its path: `… -- PATH`", candidates=found)
    if not books:
        raise Unusable("the collab holds no notebook yet", "save one in a workspace first")
    raise NotFound(f"no notebook {name!r} here", "the collab's notebooks are above", candidates=books)


def served_root() -> Path:
    """Returns the root of a server on this machine; BadInput if nothing is served from there."""
    found = root()
    if not (found / "collabs").is_dir():
        raise BadInput(f"{found} is no root of a server", "name it with --root or GITCOLLAB_ROOT")
    return found
