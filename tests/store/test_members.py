"""A collab has members with roles, and always an owner."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, Engine

from gitcollab.errors import NotFound, Unusable
from gitcollab.model import Role
from gitcollab.store import collabs, links, members


def test_members_are_listed_by_role_and_name(conn: Connection, collab: str) -> None:
    for user, role in (("cleo", Role.EDITOR), ("ben", Role.EDITOR), ("dan", Role.MAINTAINER)):
        members.set_member(conn, collab, user, role)
    assert [("ana", Role.OWNER), ("dan", Role.MAINTAINER), ("ben", Role.EDITOR), ("cleo", Role.EDITOR)] == [
        (one.user, one.role) for one in members.members(conn, collab)
    ]


def test_a_role_can_change_and_the_time_of_joining_stays(conn: Connection, collab: str) -> None:
    members.set_member(conn, collab, "ben", Role.VIEWER, "2026-01-01T00:00:00Z")
    changed = members.set_member(conn, collab, "ben", Role.MAINTAINER, "2026-02-01T00:00:00Z")
    assert (Role.MAINTAINER, "Ben", "2026-01-01T00:00:00Z") == (changed.role, changed.display, changed.since)
    assert Role.MAINTAINER is members.role_of(conn, collab, "ben")


def test_who_is_removed_has_no_role(conn: Connection, collab: str) -> None:
    members.set_member(conn, collab, "ben", Role.EDITOR)
    members.remove_member(conn, collab, "ben", "ana")
    assert None is members.role_of(conn, collab, "ben")
    with pytest.raises(NotFound):
        members.remove_member(conn, collab, "ben", "ana")


def test_the_last_owner_can_neither_leave_nor_step_down(conn: Connection, collab: str) -> None:
    with pytest.raises(Unusable):
        members.remove_member(conn, collab, "ana")
    with pytest.raises(Unusable):
        members.set_member(conn, collab, "ana", Role.EDITOR)
    assert Role.OWNER is members.role_of(conn, collab, "ana")


def test_ownership_can_be_handed_over(conn: Connection, collab: str) -> None:
    members.set_member(conn, collab, "ben", Role.OWNER)
    members.set_member(conn, collab, "ana", Role.EDITOR)
    assert (1, Role.OWNER) == (members.owners(conn, collab), members.role_of(conn, collab, "ben"))


@pytest.mark.parametrize("user", ["nobody", "\0", "Ana"])
def test_who_has_no_account_cannot_be_a_member(conn: Connection, collab: str, user: str) -> None:
    with pytest.raises(NotFound):
        members.set_member(conn, collab, user, Role.EDITOR)


def test_links_end_with_the_membership_of_who_made_them(conn: Connection, collab: str) -> None:
    members.set_member(conn, collab, "ben", Role.OWNER)
    link = links.add_link(conn, collab, "ben")
    members.remove_member(conn, collab, "ben")
    assert () == links.links(conn, collab)
    with pytest.raises(NotFound):
        links.redeem(conn, link.code, "cleo")


def test_two_owners_who_leave_at_once_leave_one(engine: Engine, conn: Connection, collab: str) -> None:
    members.set_member(conn, collab, "ben", Role.OWNER)
    conn.commit()
    both = threading.Barrier(2, timeout=120)
    refused: list[str] = []

    def leave(user: str) -> None:
        with engine.connect() as own:
            both.wait()
            try:
                members.remove_member(own, collab, user)
                own.commit()
            except Unusable:
                refused.append(user)

    threads = [threading.Thread(target=leave, args=(user,)) for user in ("ana", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    with engine.connect() as after:
        assert [refused] == [[one.user for one in members.members(after, collab)]]


def test_asking_about_nonsense_is_no_role(conn: Connection, collab: str) -> None:
    asked = ((collab, "\0"), ("\ud800", "ana"), ("", ""), (collab.upper(), "ana"))
    assert [None] * 4 == [members.role_of(conn, id, user) for id, user in asked]
    assert Role.OWNER is collabs.role_of(conn, collab, "ana")
