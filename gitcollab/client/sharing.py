"""`share` from the sharer's machine: the directory is claimed, a session opened in place, a link made."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, GitcollabError, NotFound

if TYPE_CHECKING:
    from gitcollab.client.verbs import Client

CLAIM = ".gitcollab-claim-"
JOIN = (
    "for a directory the server cannot see, create the collab there and use `gitcollab join COLLAB DIR` here"
)


def share(
    client: Client,
    users: Sequence[str],
    paths: Sequence[Path],
    *,
    title: str = "",
    begin: Callable[[str], str] | None = None,
) -> Json:
    """Shares ``paths`` with ``users`` as editors and returns ``{"id", "alias", "link", "directory"}``.

    The directory that holds the paths becomes the sharer's workspace, in place; repeating the call finds the
    same collab again. ``directory`` is the recipient's own workspace. Raises BadInput for paths that cannot
    be shared, NotFound for people the server does not know (nothing is created then). ``begin`` makes the collab
    of one whole directory in its own way, given the title, and returns its id.
    """
    workspace, wanted = placed(paths)
    found = existing(client, workspace, wanted)
    called = title or _title(workspace, wanted)
    if begin and wanted:
        raise BadInput("a history is shared with its whole directory", "name the directory of the repository")
    collab = found or (begin(called) if begin else client.create(called, wanted)["id"])
    try:
        if not found:
            open_in_place(client, collab, workspace)
        admit(client, collab, users)
        link = client.invite(collab, "editor", uses=max(len(users), 1))
    except GitcollabError:
        if not found:
            client.end(collab)
        raise
    directory = recipients_directory(client.sessions(collab), users)
    return {
        "id": collab,
        "alias": client.collab(collab)["alias"],
        "link": link["link"],
        "directory": directory,
    }


def placed(paths: Sequence[Path]) -> tuple[Path, list[str]]:
    """Returns the workspace that holds ``paths`` and their names in it; no names for one whole directory."""
    if not paths:
        raise BadInput("nothing to share", "name a notebook, other files, or a directory")
    for path in paths:
        if not path.exists():
            raise BadInput(f"{path} does not exist", "name a file or directory that is there")
        if not os.access(path, os.R_OK):
            raise BadInput(f"{path} cannot be read by you", "check its permissions")
    full = [path.resolve() for path in paths]
    if len(full) == 1 and full[0].is_dir():
        return full[0], []
    workspace = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in full]))
    return workspace, sorted({path.relative_to(workspace).as_posix() for path in full} - {"."})


def existing(client: Client, workspace: Path, wanted: Sequence[str]) -> str:
    """Returns the id of my collab that already shares ``wanted`` from ``workspace``, or the empty string."""
    me = client.me()["name"]
    for summary in client.collabs():
        shared = set(summary.get("paths") or ())
        if summary.get("role") != "owner" or (
            shared != set(wanted) and not (wanted and shared >= set(wanted))
        ):
            continue
        for session in client.sessions(summary["id"]):
            if (
                session["user"] == me
                and session.get("is_open", True)
                and session.get("workspace") == str(workspace)
            ):
                return str(summary["id"])
    return ""


def open_in_place(client: Client, collab: str, workspace: Path, name: str = "default") -> Json:
    """Opens a session whose workspace is this directory, watched by the server on this machine."""
    with claimed(workspace) as claim:
        return client.open_session(
            collab, name, workspace=str(workspace), claim=claim, client=f"{os.uname().nodename}:{workspace}"
        )


@contextmanager
def claimed(workspace: Path) -> Iterator[str]:
    """Keeps a file in ``workspace`` for as long as it takes: who can write there may share it."""
    claim = workspace / f"{CLAIM}{secrets.token_hex(8)}"
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as why:
        raise BadInput(f"{workspace} cannot be shared in place: {why.strerror}", JOIN) from why
    try:
        yield claim.name
    finally:
        claim.unlink(missing_ok=True)


def admit(client: Client, collab: str, users: Sequence[str]) -> None:
    """Makes people editors of a collab; a higher role stays. NotFound for those whom the server does not know."""
    for user in users:
        _admit(client, collab, user)


def _admit(client: Client, collab: str, user: str) -> None:
    """Makes ``user`` an editor; a higher role stays."""
    if any(
        m["user"] == user and m["role"] in {"owner", "maintainer", "editor"} for m in client.members(collab)
    ):
        return
    try:
        client.set_member(collab, user, "editor")
    except NotFound as why:
        raise NotFound(
            f"the server knows nobody called {user}",
            f"have them added with `gitcollab user add {user}` where the server runs, then share again",
        ) from why


def recipients_directory(sessions: Sequence[Json], users: Sequence[str]) -> str | None:
    """Returns where the recipient finds their workspace; for several, the directory that holds theirs."""
    places = {s["user"]: s.get("workspace") for s in sessions if s.get("is_open", True)}
    theirs = [str(places[user]) for user in users if places.get(user)]
    if not theirs:
        return None
    return theirs[0] if len(theirs) == 1 else os.path.commonpath(theirs)


def _title(workspace: Path, wanted: Sequence[str]) -> str:
    first = next(
        (name for name in wanted if name.endswith(".ipynb")), wanted[0] if wanted else workspace.name
    )
    return Path(first).stem
