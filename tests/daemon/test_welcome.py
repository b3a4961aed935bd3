"""The first start makes an owner who can sign in and use the command line; later starts leave things alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitcollab import store
from gitcollab.daemon import welcome
from gitcollab.daemon.root import prepare


@pytest.fixture
def database(root: Path) -> str:
    prepare(root)
    return store.file_url(root / "private" / "gitcollab.sqlite")


@pytest.fixture(autouse=True)
def me(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "Ana.Müller")


def test_the_first_start_makes_an_owner_with_a_token_and_a_code(root: Path, database: str) -> None:
    owner = welcome.welcome(database, root / "private", wants_code=False)
    assert ("ana-m-ller", True) == (owner.name, owner.is_new)
    with store.engine(database).begin() as conn:
        found = store.tokens.person_of_token(conn, (root / "private" / "token").read_text().strip())
        assert found
        assert (owner.name, True) == (found[0].name, found[0].is_admin)
        person = store.tokens.use_login_code(conn, owner.code)
        assert person
        assert owner.name == person.name
    assert 0o600 == (root / "private" / "token").stat().st_mode & 0o777


def test_a_later_start_keeps_token_and_owner_and_gives_a_code_only_if_wanted(
    root: Path, database: str
) -> None:
    first = welcome.welcome(database, root / "private", wants_code=False)
    token = (root / "private" / "token").read_text()
    second = welcome.welcome(database, root / "private", wants_code=False)
    assert (first.name, False, "") == (second.name, second.is_new, second.code)
    assert welcome.welcome(database, root / "private", wants_code=True).code
    assert token == (root / "private" / "token").read_text()


def test_a_name_that_is_taken_by_somebody_else_is_not_taken_over(root: Path, database: str) -> None:
    store.migrate(database)
    with store.engine(database).begin() as conn:
        store.people.add_person(conn, "ana-m-ller")
    assert "ana-m-ller-admin" == welcome.welcome(database, root / "private", wants_code=False).name


def test_the_address_escapes_its_code() -> None:
    assert "http://h/signin?code=a%26b" == welcome.Owner(name="ana", is_new=True, code="a&b").address(
        "http://h"
    )
