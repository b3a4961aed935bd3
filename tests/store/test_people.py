"""Accounts have unique lower-case names and free display names; a password is checked at one pace for everybody."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Connection

from gitcollab.errors import BadInput, NotFound
from gitcollab.model import Person, Role
from gitcollab.store import collabs, members, passwords, people, tokens


def test_an_account_is_found_by_its_name(conn: Connection) -> None:
    added = people.add_person(conn, "eve", "Eve é 井", is_admin=True)
    assert Person(name="eve", display="Eve é 井", is_admin=True) == added == people.person(conn, "eve")


def test_accounts_are_listed_by_name(conn: Connection) -> None:
    for name in ("a-b", "a.b", "a_b", "ab"):
        people.add_person(conn, name)
    expected = ["a-b", "a.b", "a_b", "ab", "ana", "ben", "cleo", "dan"]
    assert expected == [one.name for one in people.people(conn)]


@pytest.mark.parametrize(
    "name", ["", "Ana", "ÄNA", "a b", "-a", "a..b", "a.lock", "a/b", "a" * 65, "everyone", "gitcollab"]
)
def test_a_name_that_no_branch_could_hold_or_that_is_reserved_is_bad_input(
    conn: Connection, name: str
) -> None:
    with pytest.raises(BadInput):
        people.add_person(conn, name)


def test_a_name_is_given_once(conn: Connection) -> None:
    with pytest.raises(BadInput):
        people.add_person(conn, "ana", "Another Ana")
    assert "Ana" == people.person(conn, "ana").display


@pytest.mark.parametrize("name", ["nobody", "", "Ana", "a\0", "\ud800", "' OR 1=1 --", "ana\n"])
def test_a_name_that_nobody_has_is_not_found(conn: Connection, name: str) -> None:
    with pytest.raises(NotFound):
        people.person(conn, name)


def test_a_display_name_is_one_visible_line(conn: Connection) -> None:
    assert "Ana Lúa" == people.set_display(conn, "ana", "  Ana Lu\u0301a ").display
    for text in ("two\nlines", "bell\a", "x" * 201, "esc\x1b[31m", "\u202enaB", "ana\u200b", "A\u2066b"):
        with pytest.raises(BadInput):
            people.set_display(conn, "ana", text)


def test_only_the_right_password_signs_in(conn: Connection) -> None:
    people.set_password(conn, "ana", "correct horse é")
    assert people.person(conn, "ana") == people.check_password(conn, "ana", "correct horse é")
    assert None is people.check_password(conn, "ana", "correct horse e")
    assert None is people.check_password(conn, "ben", "correct horse é")


def test_an_account_without_password_is_signed_in_by_none(conn: Connection) -> None:
    assert [None] * 3 == [people.check_password(conn, "ben", word) for word in ("", "nobody's password", "x")]


def test_ending_a_password_ends_signing_in_by_it(conn: Connection) -> None:
    people.set_password(conn, "ana", "correct horse")
    people.set_password(conn, "ana", "")
    assert None is people.check_password(conn, "ana", "correct horse")


def test_a_password_is_stored_as_argon2(conn: Connection) -> None:
    people.set_password(conn, "ana", "correct horse")
    assert people.password_of(conn, "ana").startswith("$argon2id$")
    assert "" == people.password_of(conn, "nobody")


@pytest.mark.parametrize("password", ["short", "x" * 1025])
def test_a_password_has_bounds(conn: Connection, password: str) -> None:
    with pytest.raises(BadInput):
        people.set_password(conn, "ana", password)


def test_any_text_can_be_tried_as_a_password(conn: Connection) -> None:
    people.set_password(conn, "ana", "correct horse")
    for password in ("", "\0", "\ud800", "x" * 1_000_000):
        assert None is people.check_password(conn, "ana", password)


def test_nobody_is_as_slow_to_refuse_as_somebody() -> None:
    stored = passwords.hashed("correct horse")
    passwords.is_right("", "warm")

    def quickest(hashed: str) -> float:
        times = []
        for _ in range(3):
            start = time.process_time()
            passwords.is_right(hashed, "wrong horse")
            times.append(time.process_time() - start)
        return min(times)

    assert 0.5 < quickest("") / quickest(stored) < 2


def test_a_suspended_person_is_let_in_nowhere_until_restored(conn: Connection, collab: str) -> None:
    people.set_password(conn, "ana", "correct horse")
    token = tokens.add_token(conn, "ana").secret
    codes = [tokens.add_login_code(conn, "ana") for _ in range(2)]
    people.suspend(conn, "ana")
    assert [None] * 4 == [
        people.check_password(conn, "ana", "correct horse"),
        tokens.person_of_token(conn, token),
        tokens.use_login_code(conn, codes[0]),
        members.role_of(conn, collab, "ana"),
    ]
    assert () == collabs.collabs_of(conn, "ana")
    assert "ana" not in [one.name for one in people.people(conn)]
    for act in (lambda: people.person(conn, "ana"), lambda: people.suspend(conn, "ana")):
        with pytest.raises(NotFound):
            act()
    assert "Ana" == people.restore(conn, "ana").display
    assert Role.OWNER is members.role_of(conn, collab, "ana")
    assert tokens.person_of_token(conn, token)


def test_the_name_of_a_suspended_person_is_not_free(conn: Connection) -> None:
    people.suspend(conn, "ana")
    with pytest.raises(BadInput):
        people.add_person(conn, "ana")
