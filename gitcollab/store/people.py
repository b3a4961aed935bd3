"""People: the accounts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update

from gitcollab.errors import BadInput, NotFound
from gitcollab.model import NAME, Person, checked_name
from gitcollab.store import clock, passwords, rows
from gitcollab.store.schema import PEOPLE
from gitcollab.store.secret import checked_line

RESERVED = frozenset({"everyone", "gitcollab", "guest"})


def add_person(
    conn: Connection, name: str, display: str = "", *, password: str = "", is_admin: bool = False
) -> Person:
    """Creates an account; without a password it signs in by token or one-time code. BadInput if it is taken."""
    person = Person(
        name=checked_name(name, "user"), display=checked_line(display, "display name"), is_admin=is_admin
    )
    if name in RESERVED:
        raise BadInput(f"{name!r} is reserved", "choose another name")
    row = {
        "name": name,
        "display": person.display,
        "password": passwords.hashed(password) if password else "",
        "is_admin": is_admin,
        "created_at": clock.now(),
    }
    if not rows.add(conn, PEOPLE, row):
        raise BadInput(f"there is a user {name!r} already", "choose another name")
    return person


def person(conn: Connection, name: str) -> Person:
    """Returns the account of that name; NotFound if there is none, or it is suspended."""
    row = _row(conn, name)
    if row is None:
        raise NotFound("no such user", "names are lower case; `gitcollab user add NAME` makes an account")
    return Person(name=row.name, display=row.display, is_admin=row.is_admin)


def people(conn: Connection) -> tuple[Person, ...]:
    """Returns all accounts that are not suspended, by name."""
    found = conn.execute(select(PEOPLE).where(PEOPLE.c.suspended_at.is_(None)).order_by(PEOPLE.c.name))
    return tuple(Person(name=row.name, display=row.display, is_admin=row.is_admin) for row in found)


def set_display(conn: Connection, name: str, display: str) -> Person:
    """Sets the display name, free text of one line."""
    conn.execute(
        update(PEOPLE).where(PEOPLE.c.name == name).values(display=checked_line(display, "display name"))
    )
    return person(conn, name)


def set_password(conn: Connection, name: str, password: str) -> None:
    """Sets the password; an empty one ends signing in by password."""
    person(conn, name)
    stored = passwords.hashed(password) if password else ""
    conn.execute(update(PEOPLE).where(PEOPLE.c.name == name).values(password=stored))


def suspend(conn: Connection, name: str, at: str = "") -> None:
    """Ends a person's access everywhere at once; their name, work and memberships stay. NotFound if there is none."""
    person(conn, name)
    conn.execute(update(PEOPLE).where(PEOPLE.c.name == name).values(suspended_at=at or clock.now()))


def restore(conn: Connection, name: str) -> Person:
    """Undoes ``suspend``; NotFound if there is no such account."""
    conn.execute(update(PEOPLE).where(PEOPLE.c.name == name).values(suspended_at=None))
    return person(conn, name)


def password_of(conn: Connection, name: str) -> str:
    """Returns the stored hash for ``passwords.is_right``, which belongs in a thread; empty if there is none."""
    row = _row(conn, name)
    return row.password if row is not None else ""


def check_password(conn: Connection, name: str, password: str) -> Person | None:
    """Returns the person if the password is theirs. Takes as long for people who do not exist."""
    row = _row(conn, name)
    if not passwords.is_right(row.password if row is not None else "", password):
        return None
    return person(conn, name)


def _row(conn: Connection, name: str) -> Row[Any] | None:
    if not NAME.fullmatch(name):
        return None
    theirs = (PEOPLE.c.name == name, PEOPLE.c.suspended_at.is_(None))
    return conn.execute(select(PEOPLE).where(*theirs)).one_or_none()
