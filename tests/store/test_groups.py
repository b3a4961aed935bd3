"""People in a group have what the group was granted, as long as both last."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from gitcollab.errors import BadInput, NotFound
from gitcollab.model import Role
from gitcollab.store import collabs, groups, links, members


@pytest.fixture
def lab(conn: Connection) -> str:
    """A group with Ben and Cleo in it."""
    groups.add_group(conn, "lab", "The lab")
    for user in ("ben", "cleo"):
        groups.put_in(conn, "lab", user)
    return "lab"


def test_a_group_has_people(conn: Connection, lab: str) -> None:
    groups.put_in(conn, lab, "ben")
    assert (["ben", "cleo"], ["lab"], []) == (
        [one.name for one in groups.people_in(conn, lab)],
        [one.name for one in groups.groups(conn, "ben")],
        [one.name for one in groups.groups(conn, "dan")],
    )


def test_everybody_in_a_group_has_its_role_and_sees_the_collab(
    conn: Connection, collab: str, lab: str
) -> None:
    granted = groups.set_grant(conn, collab, lab, Role.EDITOR)
    assert (granted,) == groups.grants(conn, collab)
    assert [Role.EDITOR, Role.EDITOR, None] == [
        members.role_of(conn, collab, user) for user in ("ben", "cleo", "dan")
    ]
    assert [(collab, Role.EDITOR)] == [(one.id, one.role) for one in collabs.collabs_of(conn, "cleo")]
    assert collab == collabs.find(conn, "analysis", "cleo") == collabs.summary(conn, collab, "cleo").id


def test_the_higher_of_the_two_roles_counts(conn: Connection, collab: str, lab: str) -> None:
    groups.set_grant(conn, collab, lab, Role.EDITOR)
    members.set_member(conn, collab, "ben", Role.VIEWER)
    members.set_member(conn, collab, "cleo", Role.MAINTAINER)
    expected = {"ben": Role.EDITOR, "cleo": Role.MAINTAINER}
    assert expected == {user: members.role_of(conn, collab, user) for user in expected}
    assert expected == {user: collabs.collabs_of(conn, user)[0].role for user in expected}


def test_a_grant_can_change_and_end(conn: Connection, collab: str, lab: str) -> None:
    groups.set_grant(conn, collab, lab, Role.EDITOR)
    groups.set_grant(conn, collab, lab, Role.VIEWER)
    assert Role.VIEWER is members.role_of(conn, collab, "ben")
    groups.remove_grant(conn, collab, lab)
    assert None is members.role_of(conn, collab, "ben")
    with pytest.raises(NotFound):
        groups.remove_grant(conn, collab, lab)


def test_who_leaves_the_group_loses_what_only_it_gave(conn: Connection, collab: str, lab: str) -> None:
    groups.set_grant(conn, collab, lab, Role.EDITOR)
    members.set_member(conn, collab, "ben", Role.VIEWER)
    for user in ("ben", "cleo"):
        groups.take_out(conn, lab, user)
    assert [Role.VIEWER, None] == [members.role_of(conn, collab, user) for user in ("ben", "cleo")]


def test_a_group_that_ends_takes_its_grants_along(conn: Connection, collab: str, lab: str) -> None:
    groups.set_grant(conn, collab, lab, Role.EDITOR)
    groups.drop_group(conn, lab)
    assert ((), (), None) == (
        groups.grants(conn, collab),
        groups.groups(conn),
        members.role_of(conn, collab, "ben"),
    )
    with pytest.raises(NotFound):
        groups.drop_group(conn, lab)


def test_an_ended_collab_is_nobodys_by_group_either(conn: Connection, collab: str, lab: str) -> None:
    groups.set_grant(conn, collab, lab, Role.EDITOR)
    collabs.end_collab(conn, collab)
    assert (None, ()) == (members.role_of(conn, collab, "ben"), collabs.collabs_of(conn, "ben"))


def test_a_group_never_owns(conn: Connection, collab: str, lab: str) -> None:
    with pytest.raises(BadInput):
        groups.set_grant(conn, collab, lab, Role.OWNER)


def test_the_group_of_a_member_adds_no_author_to_the_alias(conn: Connection, collab: str, lab: str) -> None:
    groups.set_grant(conn, collab, lab, Role.EDITOR)
    assert "ana:analysis" == collabs.collab(conn, collab).alias


def test_a_link_makes_a_groups_member_a_member_in_their_own_right(
    conn: Connection, collab: str, lab: str
) -> None:
    groups.set_grant(conn, collab, lab, Role.VIEWER)
    assert links.redeem(conn, links.add_link(conn, collab, "ana", Role.EDITOR).code, "ben").is_new
    groups.remove_grant(conn, collab, lab)
    assert Role.EDITOR is members.role_of(conn, collab, "ben")


@pytest.mark.parametrize("name", ["", "Lab", "everyone", "lab", "a b", "\0"])
def test_a_name_that_is_taken_reserved_or_odd_is_bad_input(conn: Connection, lab: str, name: str) -> None:
    with pytest.raises(BadInput):
        groups.add_group(conn, name)


@pytest.mark.parametrize("name", ["nope", "", "\0", "\ud800"])
def test_what_is_not_there_is_not_found(conn: Connection, collab: str, lab: str, name: str) -> None:
    for act in (
        lambda: groups.group(conn, name),
        lambda: groups.people_in(conn, name),
        lambda: groups.put_in(conn, name, "ana"),
        lambda: groups.put_in(conn, lab, name),
        lambda: groups.set_grant(conn, collab, name, Role.EDITOR),
        lambda: groups.set_grant(conn, name, lab, Role.EDITOR),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_hub_says_who_is_in_its_groups_and_in_no_others(conn: Connection, lab: str) -> None:
    groups.follow(conn, "ben", ["astro", "lab"], "hub")
    groups.follow(conn, "dan", ["astro", "lab"], "hub")
    assert ["astro", "lab"] == [one.name for one in groups.groups(conn, "ben")]
    assert ["astro"] == [one.name for one in groups.groups(conn, "dan")]
    groups.follow(conn, "ben", [], "hub")
    assert ["lab"] == [one.name for one in groups.groups(conn, "ben")]
    assert ["dan"] == [one.name for one in groups.people_in(conn, "astro")]
