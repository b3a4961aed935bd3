"""Taking part: which session a directory works in, and what it remembers of it."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec

from gitcollab.client import Client
from gitcollab.errors import BadInput, Forbidden, NotFound, Unusable
from gitcollab.join.state import Drawer, Held, State
from gitcollab.workspace import Rules, identity


def resolved(directory: Path) -> Path:
    """Returns the directory itself, made if it is missing; BadInput if it cannot be one."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return directory.resolve()
    except OSError as why:
        raise BadInput(
            f"{directory} cannot be a workspace: {why.strerror}", "name another directory"
        ) from why


def taken_up(client: Client, collab: str, drawer: Drawer, directory: Path, name: str) -> tuple[State, Rules]:
    """Opens the directory's session, or takes it up again, and says what of the directory is shared.

    What is remembered holds only for the same session in the same directory: after a move, a restored backup or
    an empty mount point, a missing file is one to fetch, never one that was deleted.
    """
    summary = client.collab(collab)
    before = drawer.read()
    if before and before.collab != summary["id"] and not _has_left(client, before):
        raise Unusable(
            f"{directory} is a workspace of {before.collab} already",
            "join in another directory, or leave that collab first: `gitcollab leave`",
        )
    before = before if before and before.collab == summary["id"] else None
    copy = before.client if before else secrets.token_hex(16)
    opened = client.open_session(summary["id"], name, client=copy)
    here = identity(directory)
    state = State(
        url=client.url,
        collab=summary["id"],
        session=opened["session"],
        client=copy,
        directory=str(directory),
        identity=here,
        is_fresh=before.is_fresh if before else not any(directory.iterdir()),
        paths=tuple(summary.get("paths") or ()),
    )
    if before and before.session == state.session:
        held = before.held if before.identity == here else _present(before, directory)
        state = msgspec.structs.replace(state, held=held, event=before.event)
    drawer.write(state)
    return state, rules_of(state)


def remembered(drawer: Drawer, directory: Path, url: str) -> tuple[State, Rules] | None:
    """Returns what a directory remembers, to begin without the server; None if it is not the one that was joined."""
    before = drawer.read()
    if before is None or before.url != url or before.identity != identity(directory):
        return None
    return before, rules_of(before)


def rules_of(state: State) -> Rules:
    """Returns what of the directory is shared."""
    return Rules() if state.is_fresh else Rules(paths=state.paths)


def _present(before: State, directory: Path) -> dict[str, Held]:
    return {path: held for path, held in before.held.items() if (directory / path).is_file()}


def _has_left(client: Client, before: State) -> bool:
    if before.url != client.url:
        return False
    try:
        return not client.session(before.collab, before.session)["is_open"]
    except (NotFound, Forbidden):
        return True
