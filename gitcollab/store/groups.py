"""Groups: people who are given a role together."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from gitcollab.errors import BadInput, NotFound
from gitcollab.model import NAME, Person, Role, checked_name
from gitcollab.store import clock, people, rows
from gitcollab.store.members import lock
from gitcollab.store.people import RESERVED
from gitcollab.store.schema import GRANTS, GROUPS, IN_GROUP, PEOPLE
from gitcollab.store.secret import checked_line


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group. ``source`` empty: people here say who is in it; else a JupyterHub or sign-in provider does."""

    name: str
    display: str = ""
    source: str = ""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The role that everybody in a group has in a collab."""

    group: str
    role: Role
    since: str


def add_group(conn: Connection, name: str, display: str = "", source: str = "") -> Group:
    """Creates an empty group. BadInput if the name is taken, reserved or has another form than people's."""
    group = Group(
        name=checked_name(name, "group"),
        display=checked_line(display, "display name"),
        source=checked_line(source, "source"),
    )
    row = msgspec.structs.asdict(group) | {"created_at": clock.now()}
    if name in RESERVED or not rows.add(conn, GROUPS, row):
        raise BadInput(f"there is a group {name!r} already", "choose another name")
    return group


def group(conn: Connection, name: str) -> Group:
    """Returns a group; NotFound if there is none of that name."""
    row = NAME.fullmatch(name) and conn.execute(select(GROUPS).where(GROUPS.c.name == name)).one_or_none()
    if not row:
        raise NotFound("no such group", "an administrator makes groups")
    return Group(name=row.name, display=row.display, source=row.source)


def groups(conn: Connection, user: str = "") -> tuple[Group, ...]:
    """Returns all groups by name, or those that a person is in."""
    wanted = select(GROUPS).order_by(GROUPS.c.name)
    if user:
        wanted = wanted.join(IN_GROUP, IN_GROUP.c.group == GROUPS.c.name).where(IN_GROUP.c.user == user)
    return tuple(Group(name=row.name, display=row.display, source=row.source) for row in conn.execute(wanted))


def people_in(conn: Connection, name: str) -> tuple[Person, ...]:
    """Returns who is in a group, by name; NotFound if there is no such group."""
    group(conn, name)
    wanted = select(PEOPLE).join(IN_GROUP, IN_GROUP.c.user == PEOPLE.c.name).where(IN_GROUP.c.group == name)
    found = conn.execute(wanted.order_by(PEOPLE.c.name))
    return tuple(Person(name=row.name, display=row.display, is_admin=row.is_admin) for row in found)


def put_in(conn: Connection, name: str, user: str) -> None:
    """Puts a person into a group; nothing changes if they are in it. NotFound if either does not exist."""
    group(conn, name)
    people.person(conn, user)
    rows.add(conn, IN_GROUP, {"group": name, "user": user})


def take_out(conn: Connection, name: str, user: str) -> None:
    """Takes a person out of a group, and with that out of what only the group gave them."""
    conn.execute(delete(IN_GROUP).where(IN_GROUP.c.group == name, IN_GROUP.c.user == user))


def follow(conn: Connection, user: str, names: Iterable[str], source: str) -> None:
    """Makes a person's groups from ``source`` exactly these, as it said at their sign-in; other groups stay.

    Groups that are new are made; a name that is a group of another source is passed over, since that source would
    otherwise decide who is in it.
    """
    people.person(conn, user)
    wanted = set(names)
    for name in wanted:
        rows.add(
            conn,
            GROUPS,
            {"name": checked_name(name, "group"), "display": "", "source": source, "created_at": clock.now()},
        )
    theirs = set(conn.execute(select(GROUPS.c.name).where(GROUPS.c.source == source)).scalars())
    for name in theirs & wanted:
        rows.add(conn, IN_GROUP, {"group": name, "user": user})
    for name in theirs - wanted:
        take_out(conn, name, user)


def drop_group(conn: Connection, name: str) -> None:
    """Ends a group and what it was granted; NotFound if there is none."""
    group(conn, name)
    for table, column in ((GRANTS, GRANTS.c.group), (IN_GROUP, IN_GROUP.c.group), (GROUPS, GROUPS.c.name)):
        conn.execute(delete(table).where(column == name))


def set_grant(conn: Connection, collab: str, name: str, role: Role) -> Grant:
    """Gives everybody in a group a role in a collab, new or changed; who has a higher one keeps it.

    BadInput for an owner's role, which people have by name; NotFound for an unknown group or collab.
    """
    if role is Role.OWNER:
        raise BadInput("a group cannot own a collab", "make one of its people owner")
    lock(conn, collab)
    group(conn, name)
    ours = (GRANTS.c.collab == collab, GRANTS.c.group == name)
    if not conn.execute(update(GRANTS).where(*ours).values(role=role.value)).rowcount:
        conn.execute(insert(GRANTS).values(collab=collab, group=name, role=role.value, since=clock.now()))
    return next(one for one in grants(conn, collab) if one.group == name)


def remove_grant(conn: Connection, collab: str, name: str) -> None:
    """Ends what a group was granted in a collab; NotFound if it was nothing."""
    lock(conn, collab)
    if not conn.execute(delete(GRANTS).where(GRANTS.c.collab == collab, GRANTS.c.group == name)).rowcount:
        raise NotFound("this group has no role here", "look at the list of members")


def grants(conn: Connection, collab: str) -> tuple[Grant, ...]:
    """Returns the groups that have a role in a collab, by name."""
    found = conn.execute(select(GRANTS).where(GRANTS.c.collab == collab).order_by(GRANTS.c.group))
    return tuple(Grant(group=row.group, role=Role(row.role), since=row.since) for row in found)
