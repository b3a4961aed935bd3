"""The audit log: every act on access and every sign-in, done or refused; who, what, from where. Never a secret."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, insert, select

from gitcollab import access
from gitcollab.acts import Act
from gitcollab.model import Json
from gitcollab.store import clock
from gitcollab.store.schema import AUDIT

DONE = "done"
SECRETS = frozenset({"password", "old_password", "code", "secret", "secret_url"})
LONGEST = 500  # characters of one text in the log: what is refused may be of any length


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log. ``outcome`` is ``done`` or the code of the error; ``origin`` an address."""

    n: int = 0
    at: str = ""
    user: str
    act: str
    collab: str = ""
    detail: dict[str, Json] = {}
    outcome: str = DONE
    via: str = ""
    origin: str = ""


def is_told(act: Act) -> bool:
    """Tells whether an act is one on access: those whose tokens need the scope ``admin``."""
    rule = access.TABLE.get(type(act))
    return rule is not None and rule.scope == "admin"


def note_act(conn: Connection, act: Act, outcome: str = DONE, collab: str = "") -> None:
    """Writes down an act if it is one on access.

    In the transaction that does it; a refusal in one of its own, with the error's code as ``outcome``. ``collab`` is
    given for an act that does not name its own: one that made a collab, or found it.
    """
    if not is_told(act):
        return
    detail = {
        name: "(not kept)" if name in SECRETS else msgspec.to_builtins(getattr(act, name))
        for name in act.__struct_fields__
        if name not in {"actor", "collab"}
    }
    told = Note(
        user=act.actor.user,
        act=type(act).__name__,
        collab=collab or getattr(act, "collab", ""),
        detail=detail,
        outcome=outcome,
        via=act.actor.via,
        origin=act.actor.origin,
    )
    note(conn, told)


def note(conn: Connection, told: Note) -> None:
    """Writes a line; its number is the log's, and its time is now if it says none."""
    row = msgspec.structs.asdict(told) | {"at": told.at or clock.now()}
    row["detail"] = msgspec.json.encode(_cut(told.detail)).decode()
    for name in ("user", "collab", "via", "origin", "outcome", "act"):
        row[name] = _cut(row[name])
    del row["n"]
    conn.execute(insert(AUDIT).values(row))


def notes(
    conn: Connection, *, collab: str = "", user: str = "", before: int = 0, limit: int = 100
) -> tuple[Note, ...]:
    """Returns lines, newest first: of one collab, of one person, of both, or all; ``before`` is a line's number."""
    wanted = select(AUDIT).order_by(AUDIT.c.n.desc()).limit(limit)
    for column, value in ((AUDIT.c.collab, collab), (AUDIT.c.user, user)):
        wanted = wanted.where(column == value) if value else wanted
    wanted = wanted.where(AUDIT.c.n < before) if before else wanted
    return tuple(
        Note(**(dict(row._mapping) | {"detail": msgspec.json.decode(row.detail)}))
        for row in conn.execute(wanted)
    )


def _cut(value: Json) -> Json:
    """Shortens texts and replaces what no database stores, so that nothing can keep a line from being written."""
    if isinstance(value, str):
        return value[:LONGEST].encode("utf-8", "replace").decode().replace("\0", "?")
    if isinstance(value, dict):
        return {name: _cut(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(one) for one in value[:LONGEST]]
    return value
