"""The welcome: what the first start of a root makes, so that its owner can sign in and use the command line at once."""

from __future__ import annotations

import getpass
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gitcollab.model import Value

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Owner(Value):
    """The account of the person who started the daemon. ``code`` signs them in once, if one was wanted."""

    name: str
    is_new: bool
    code: str = ""

    def address(self, url: str) -> str:
        """Where the code signs in."""
        return f"{url}/signin?{urlencode({'code': self.code})}"


def welcome(database: str, private: Path, *, wants_code: bool, is_alone: bool = True) -> Owner:
    """Brings the database up to date; makes the owner's account and token file (0600) where they are missing.

    The owner is the administrator, at the first start an account named after this system's user. The first start
    always makes a sign-in code, a later one if ``wants_code``. ``is_alone``: no other service has this database.
    """
    from gitcollab import store

    if is_alone:
        sole = store.Sole(database)
        sole.take()  # before anything is changed in it; the writer takes it for as long as it runs
        sole.release()
    store.migrate(database, private)
    opened = store.engine(database)
    try:
        with opened.begin() as conn:
            name, is_new = _owner(conn)
            if not (private / "token").exists():
                token = store.tokens.add_token(conn, name, "the command line on the server's machine")
                write(private / "token", token.secret)
            code = store.tokens.add_login_code(conn, name) if is_new or wants_code else ""
    finally:
        opened.dispose()
    return Owner(name=name, is_new=is_new, code=code)


def _owner(conn: Connection) -> tuple[str, bool]:
    from gitcollab.store import people

    wanted, known = _system_name(), people.people(conn)
    admins = [person.name for person in known if person.is_admin]
    if admins:
        return (wanted if wanted in admins else admins[0]), False
    taken = {person.name for person in known} | people.RESERVED
    name = next(name for name in (wanted, f"{wanted}-admin", "owner-admin") if name not in taken)
    people.add_person(conn, name, is_admin=True)
    return name, True


def _system_name() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = ""  # a user id without an account, as in some containers
    return re.sub(r"[^a-z0-9_-]", "-", name.lower()).strip("._-")[:48] or "owner"


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Writes a small file in one step, with that mode from its first moment on."""
    unready = path.with_name(f".{path.name}.{os.getpid()}")
    unready.unlink(missing_ok=True)
    with open(os.open(unready, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode), "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    unready.rename(path)
