"""A link makes members until it expires, is used up, revoked or outdated; then it looks as if it never was."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, select, text

from gitcollab.errors import BadInput, NotFound
from gitcollab.model import Role
from gitcollab.store import clock, collabs, links, members, people
from gitcollab.store.schema import LINKS

FUTURE = "2999-01-01T00:00:00Z"


def age(conn: Connection, seconds: int = 60) -> None:
    """Lets what has been decided up to now lie in the past."""
    at = clock.later("2020-01-01T00:00:00Z", seconds)
    conn.execute(text("UPDATE links SET created_at = :at"), {"at": at})
    conn.execute(text("UPDATE members SET decided_at = :at"), {"at": at})
    conn.execute(text("UPDATE removals SET at = :at"), {"at": at})


def test_a_link_makes_a_member(conn: Connection, collab: str) -> None:
    link = links.add_link(conn, collab, "ana", Role.EDITOR)
    done = links.redeem(conn, link.code, "ben")
    assert (collab, Role.EDITOR, link.id, True) == (done.collab, done.role, done.link, done.is_new)
    assert Role.EDITOR is members.role_of(conn, collab, "ben")


def test_a_link_lasts_a_week_unless_told_otherwise(conn: Connection, collab: str) -> None:
    link = links.add_link(conn, collab, "ana")
    assert clock.later(link.created_at, 7 * 86400) == link.expires_at


def test_links_are_listed_without_their_codes_which_are_stored_nowhere(conn: Connection, collab: str) -> None:
    made = links.add_link(conn, collab, "ana", Role.VIEWER, uses=3)
    (listed,) = links.links(conn, collab)
    assert (made.id, Role.VIEWER, 3, "ana", "") == (
        listed.id,
        listed.role,
        listed.uses_left,
        listed.created_by,
        listed.code,
    )
    assert made.code[4:] not in str(conn.execute(select(LINKS)).all())


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": Role.OWNER},
        {"uses": 0},
        {"uses": -1},
        {"uses": 2**31},
        {"lasts": 0},
        {"lasts": -5},
        {"lasts": 10**12},
    ],
)
def test_a_link_that_makes_no_sense_is_bad_input(
    conn: Connection, collab: str, wrong: dict[str, object]
) -> None:
    with pytest.raises(BadInput):
        links.add_link(conn, collab, "ana", **wrong)


def test_uses_are_counted(conn: Connection, collab: str) -> None:
    link = links.add_link(conn, collab, "ana", uses=2)
    links.redeem(conn, link.code, "ben")
    links.redeem(conn, link.code, "cleo")
    with pytest.raises(NotFound):
        links.redeem(conn, link.code, "dan")
    assert () == links.links(conn, collab)


def test_redeeming_again_uses_nothing_up(conn: Connection, collab: str) -> None:
    link = links.add_link(conn, collab, "ana", uses=2)
    done = [links.redeem(conn, link.code, "ben").is_new for _ in range(3)]
    assert ([True, False, False], 1) == (done, links.links(conn, collab)[0].uses_left)


def test_a_member_with_a_higher_role_keeps_it(conn: Connection, collab: str) -> None:
    members.set_member(conn, collab, "ben", Role.MAINTAINER)
    age(conn)
    link = links.add_link(conn, collab, "ana", Role.EDITOR, uses=1)
    assert Role.MAINTAINER is links.redeem(conn, link.code, "ben").role
    assert Role.OWNER is links.redeem(conn, link.code, "ana").role
    assert 1 == links.links(conn, collab)[0].uses_left


def test_a_newer_link_raises_a_role(conn: Connection, collab: str) -> None:
    members.set_member(conn, collab, "ben", Role.VIEWER)
    age(conn)
    link = links.add_link(conn, collab, "ana", Role.EDITOR)
    assert Role.EDITOR is links.redeem(conn, link.code, "ben").role


def test_an_older_link_does_not_undo_a_decision(conn: Connection, collab: str) -> None:
    link = links.add_link(conn, collab, "ana", Role.EDITOR)
    age(conn)
    members.set_member(conn, collab, "ben", Role.VIEWER)
    assert Role.VIEWER is links.redeem(conn, link.code, "ben").role


def test_who_was_removed_does_not_come_back_by_an_older_link(conn: Connection, collab: str) -> None:
    link = links.add_link(conn, collab, "ana", Role.EDITOR)
    links.redeem(conn, link.code, "ben")
    age(conn)
    members.remove_member(conn, collab, "ben", "ana")
    with pytest.raises(NotFound):
        links.redeem(conn, link.code, "ben")
    assert Role.EDITOR is links.redeem(conn, link.code, "cleo").role


def test_who_was_removed_comes_back_by_a_newer_link(conn: Connection, collab: str) -> None:
    members.set_member(conn, collab, "ben", Role.EDITOR)
    members.remove_member(conn, collab, "ben", "ana")
    age(conn)
    assert links.redeem(conn, links.add_link(conn, collab, "ana").code, "ben").is_new


def test_who_left_may_come_back_by_the_same_link(conn: Connection, collab: str) -> None:
    link = links.add_link(conn, collab, "ana")
    links.redeem(conn, link.code, "ben")
    members.remove_member(conn, collab, "ben", "ben")
    assert links.redeem(conn, link.code, "ben").is_new


def expire(conn: Connection, collab: str, code: str) -> str:
    return FUTURE


def use_up(conn: Connection, collab: str, code: str) -> str:
    links.redeem(conn, code, "dan")
    return ""


def revoke(conn: Connection, collab: str, code: str) -> str:
    links.revoke_link(conn, collab, links.links(conn, collab)[0].id)
    return ""


def end(conn: Connection, collab: str, code: str) -> str:
    collabs.end_collab(conn, collab)
    return ""


def demote_its_maker(conn: Connection, collab: str, code: str) -> str:
    members.set_member(conn, collab, "cleo", Role.OWNER)
    members.set_member(conn, collab, "ana", Role.MAINTAINER)
    return ""


@pytest.mark.parametrize("spoil", [expire, use_up, revoke, end, demote_its_maker])
def test_a_link_that_no_longer_works_looks_as_if_it_never_was(
    conn: Connection, collab: str, spoil: Callable[[Connection, str, str], str]
) -> None:
    code = links.add_link(conn, collab, "ana", uses=1).code
    assert collab == links.preview(conn, code)[0]
    at = spoil(conn, collab, code)
    told = set()
    for tried in (code, "gcl_" + "a" * 52, "", "\0\ud800"):
        for way in (lambda t: links.redeem(conn, t, "ben", at), lambda t: links.preview(conn, t, at)):
            with pytest.raises(NotFound) as error:
                way(tried)
            told.add((error.value.message, error.value.hint))
    assert (1, None) == (len(told), members.role_of(conn, collab, "ben"))


def test_looking_at_a_link_uses_nothing_up(conn: Connection, collab: str) -> None:
    code = links.add_link(conn, collab, "ana", uses=1).code
    assert 1 == links.preview(conn, code)[1].uses_left == links.preview(conn, code)[1].uses_left


def test_a_link_is_revoked_once_and_in_its_own_collab(conn: Connection, collab: str) -> None:
    other = collabs.add_collab(conn, collabs.new_id(), "Other", "", (), "ana").id
    link = links.add_link(conn, collab, "ana")
    with pytest.raises(NotFound):
        links.revoke_link(conn, other, link.id)
    assert link.id == links.revoke_link(conn, collab, link.id).id
    with pytest.raises(NotFound):
        links.revoke_link(conn, collab, link.id)


def test_who_has_no_account_redeems_nothing(conn: Connection, collab: str) -> None:
    code = links.add_link(conn, collab, "ana", uses=1).code
    with pytest.raises(NotFound):
        links.redeem(conn, code, "nobody")
    assert 1 == links.links(conn, collab)[0].uses_left


@pytest.mark.parametrize("uses", [1, 3])
def test_of_fifty_who_redeem_at_once_exactly_as_many_succeed_as_there_are_uses(
    engine: Engine, conn: Connection, collab: str, uses: int
) -> None:
    everybody = [f"guest{number}" for number in range(50)]
    for name in everybody:
        people.add_person(conn, name)
    code = links.add_link(conn, collab, "ana", uses=uses).code
    conn.commit()
    start = threading.Barrier(len(everybody), timeout=120)
    outcomes: list[str] = []

    def redeem(name: str) -> None:
        start.wait()
        try:
            with engine.begin() as own:
                links.redeem(own, code, name)
            outcomes.append("joined")
        except NotFound:
            outcomes.append("refused")

    threads = [threading.Thread(target=redeem, args=(name,)) for name in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    with engine.connect() as after:
        assert (Counter(joined=uses, refused=50 - uses), uses + 1) == (
            Counter(outcomes),
            len(members.members(after, collab)),
        )
