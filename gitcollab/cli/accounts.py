"""Accounts on a root, whether its server runs or not."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gitcollab import settings, store
from gitcollab.cli import place
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, Unusable
from gitcollab.model import checked_name

if TYPE_CHECKING:
    from sqlalchemy import Connection


def add(root: Path, name: str, display: str = "", is_admin: bool = False) -> Json:
    """Makes an account and a token for it; returns ``{name, display, token}``.

    BadInput if the name is taken.
    """
    checked_name(name, "user")
    opened = store.engine(prepared(root))
    try:
        with opened.begin() as conn:
            person = store.people.add_person(conn, name, display, is_admin=is_admin)
            token = store.tokens.add_token(conn, name, "made by `user add`")
            _told(conn, "AddUser", {"name": name, "is_admin": is_admin})
    finally:
        opened.dispose()
    return {"name": person.name, "display": person.display, "token": token.secret}


def listed(root: Path) -> list[Json]:
    """Lists the accounts of a root."""
    if not database(root).startswith("postgresql") and not (root / "private" / "gitcollab.sqlite").exists():
        raise Unusable(
            f"{root} holds no server's data yet",
            "name the root with GITCOLLAB_ROOT, or `gitcollab serve` first",
        )
    opened = store.reading(store.engine(database(root)))
    try:
        with opened.begin() as conn:
            return [
                {"name": p.name, "display": p.display, "is_admin": p.is_admin}
                for p in store.people.people(conn)
            ]
    finally:
        opened.dispose()


def sign_in_address(root: Path, name: str, wanted: str = "/") -> str:
    """Returns an address that signs ``name`` in once and goes on to the page ``wanted``."""
    opened = store.engine(prepared(root))
    try:
        with opened.begin() as conn:
            code = store.tokens.add_login_code(conn, name)
            _told(conn, "SignInAddress", {"name": name})
    finally:
        opened.dispose()
    chosen = settings.read(root=root)
    at = place.note(root / "run" / "url") or chosen.base_url or f"http://{chosen.host}:{chosen.port}"
    return f"{at}/signin?{urlencode({'code': code, 'next': wanted})}"


def aliases(root: Path, name: str, kind: str, other: str, *, is_theirs: bool) -> list[Json]:
    """Says that ``other`` is this person's name, or is not any more, and lists those that are; none given: lists."""
    if bool(kind) != bool(other):
        raise BadInput("which name?", "`gitcollab user alias NAME KIND OTHER`")
    opened = store.engine(prepared(root))
    try:
        with opened.begin() as conn:
            if kind and is_theirs:
                store.identities.add_identity(conn, kind, other, name)
                _told(conn, "AddIdentity", {"user": name, "kind": kind, "name": other})
            elif kind:
                store.identities.remove_identity(conn, kind, other, name)
                _told(conn, "RemoveIdentity", {"user": name, "kind": kind, "name": other})
            store.people.person(conn, name)
            return [{"kind": one.kind, "name": one.name} for one in store.identities.identities(conn, name)]
    finally:
        opened.dispose()


def set_display(root: Path, name: str, display: str) -> Json:
    """Sets the name that people see of a person; NotFound if there is none, BadInput if it cannot be shown."""
    opened = store.engine(prepared(root))
    try:
        with opened.begin() as conn:
            person = store.people.set_display(conn, name, display)
            _told(conn, "SetDisplay", {"name": name})
    finally:
        opened.dispose()
    return {"name": person.name, "display": person.display}


def set_suspended(root: Path, name: str, is_suspended: bool) -> None:
    """Ends an account's access everywhere at once, or gives it back; NotFound if there is none."""
    opened = store.engine(prepared(root))
    try:
        with opened.begin() as conn:
            store.people.suspend(conn, name) if is_suspended else store.people.restore(conn, name)
            _told(conn, "SuspendUser", {"name": name, "is_suspended": is_suspended})
    finally:
        opened.dispose()


def _told(conn: Connection, act: str, detail: Json) -> None:
    """Writes into the audit log what was done on the root itself, by whoever may read it."""
    store.audit.note(conn, store.audit.Note(user=getpass.getuser(), act=act, detail=detail, via="root"))


def prepared(root: Path) -> str:
    """Makes the root's private directory and database where they are missing; returns the database's URL."""
    private = root / "private"
    try:
        root.mkdir(parents=True, exist_ok=True)
        private.mkdir(mode=0o700, exist_ok=True)
    except OSError as why:
        raise BadInput(
            f"{root} cannot be written: {why.strerror}", "name another root with GITCOLLAB_ROOT"
        ) from why
    url = database(root)
    store.migrate(url)
    return url


def database(root: Path) -> str:
    """Returns the URL of the root's database."""
    return settings.read(root=root).database or store.file_url(root / "private" / "gitcollab.sqlite")
