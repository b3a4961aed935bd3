"""One person has many names, and each name is one person."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from gitcollab.errors import BadInput, NotFound
from gitcollab.store import identities, people
from gitcollab.store.identities import Identity


def test_a_person_is_known_by_every_name_that_is_theirs(conn: Connection) -> None:
    for kind, name in (("os", "ana.l"), ("hub", "Ana@Hub"), ("git", "Ana@Example.org")):
        identities.add_identity(conn, kind, name, "ana")
    for kind, name in (("os", " ana.l "), ("hub", "Ana@Hub"), ("git", "ana@example.ORG")):
        assert people.person(conn, "ana") == identities.person_of(conn, kind, name)
    assert (
        Identity(kind="git", name="ana@example.org"),
        Identity(kind="hub", name="Ana@Hub"),
        Identity(kind="os", name="ana.l"),
    ) == identities.identities(conn, "ana")


@pytest.mark.parametrize(("kind", "name"), [("os", "ben"), ("jupyter", "ana.l"), ("os", "Ana.l"), ("os", "")])
def test_a_name_of_another_kind_or_case_is_nobodys(conn: Connection, kind: str, name: str) -> None:
    identities.add_identity(conn, "os", "ana.l", "ana")
    assert None is identities.person_of(conn, kind, name)


def test_a_name_is_one_persons_and_may_be_said_again(conn: Connection) -> None:
    identities.add_identity(conn, "os", "root", "ana")
    identities.add_identity(conn, "os", "root", "ana")
    with pytest.raises(BadInput):
        identities.add_identity(conn, "os", "root", "ben")
    assert people.person(conn, "ana") == identities.person_of(conn, "os", "root")


def test_a_name_can_be_given_up_by_its_person_alone(conn: Connection) -> None:
    identities.add_identity(conn, "os", "root", "ana")
    with pytest.raises(NotFound):
        identities.remove_identity(conn, "os", "root", "ben")
    identities.remove_identity(conn, "os", "root", "ana")
    assert None is identities.person_of(conn, "os", "root")


@pytest.mark.parametrize(
    ("kind", "name"), [("mail", "x"), ("os", ""), ("os", "a\nb"), ("os", "\0"), ("", "x")]
)
def test_what_cannot_be_a_name_is_bad_input(conn: Connection, kind: str, name: str) -> None:
    with pytest.raises(BadInput):
        identities.add_identity(conn, kind, name, "ana")


def test_a_suspended_persons_names_let_nobody_in(conn: Connection) -> None:
    identities.add_identity(conn, "os", "root", "ana")
    people.suspend(conn, "ana")
    assert None is identities.person_of(conn, "os", "root")
