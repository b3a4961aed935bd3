"""Collabs are listed to their members, found by whatever name they use, and their ids are never given twice."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, event

from gitcollab.errors import BadInput, NotFound
from gitcollab.model import COLLAB_ID, Role, SessionName
from gitcollab.store import collabs, journal, leases, links, members, sessions


def add(conn: Connection, owner: str, stem: str, *editors: str) -> str:
    id = collabs.add_collab(conn, collabs.new_id(), stem, stem, (), owner).id
    for editor in editors:
        members.set_member(conn, id, editor, Role.EDITOR)
    return id


def test_an_id_is_c_and_nine_letters() -> None:
    ids = {collabs.new_id() for _ in range(1000)}
    assert (1000, True) == (len(ids), all(COLLAB_ID.fullmatch(id) for id in ids))


def test_a_collab_begins_with_its_owner(conn: Connection) -> None:
    made = collabs.add_collab(conn, "cabcdefghi", "Rain in Kenya", "", ("notes.md", "rain.ipynb"), "ana")
    assert ("cabcdefghi", "ana:rain", "Rain in Kenya", Role.OWNER, ("notes.md", "rain.ipynb")) == (
        made.id,
        made.alias,
        made.title,
        made.role,
        made.paths,
    )
    assert made == collabs.summary(conn, made.id, "ana")
    assert (made,) == collabs.collabs_of(conn, "ana")


def test_an_id_is_never_given_twice_not_even_after_the_end(conn: Connection, collab: str) -> None:
    collabs.end_collab(conn, collab)
    with pytest.raises(BadInput):
        collabs.add_collab(conn, collab, "Again", "", (), "ben")


@pytest.mark.parametrize("id", ["", "c", "Cabcdefghi", "c012345678", "cabcdefghi ", "../abcdefg"])
def test_an_id_of_another_form_is_bad_input(conn: Connection, id: str) -> None:
    with pytest.raises(BadInput):
        collabs.add_collab(conn, id, "Rain", "", (), "ana")


def test_a_collab_of_nobody_is_not_made(conn: Connection) -> None:
    with pytest.raises(NotFound):
        collabs.add_collab(conn, "cabcdefghi", "Rain", "", (), "nobody")


def test_the_alias_names_owner_maintainers_and_editors_but_no_viewers(conn: Connection, collab: str) -> None:
    for user, role in (("dan", Role.EDITOR), ("ben", Role.VIEWER), ("cleo", Role.MAINTAINER)):
        members.set_member(conn, collab, user, role)
    assert "ana,cleo,dan:analysis" == collabs.collab(conn, collab).alias


def test_everybody_sees_their_own_collabs_with_their_role(conn: Connection) -> None:
    first, second = add(conn, "ana", "one", "ben"), add(conn, "ben", "two")
    assert {(first, Role.EDITOR), (second, Role.OWNER)} == {
        (one.id, one.role) for one in collabs.collabs_of(conn, "ben")
    }
    assert [first] == [one.id for one in collabs.collabs_of(conn, "ana")]
    assert () == collabs.collabs_of(conn, "dan")


def test_a_listing_takes_two_queries_however_long(conn: Connection) -> None:
    for number in range(20):
        add(conn, "ana", f"n{number}", "ben")
    count = []
    event.listen(conn, "before_cursor_execute", lambda *_: count.append(1))
    assert 20 == len(collabs.collabs_of(conn, "ana"))
    assert 2 == len(count)


def test_outsiders_and_nonsense_get_the_same_not_found(conn: Connection, collab: str) -> None:
    told = set()
    for id, user in (
        (collab, "ben"),
        ("caaaaaaaaa", "ben"),
        ("a\0", "ben"),
        (collab, "nobody"),
        (collab, "\ud800"),
    ):
        with pytest.raises(NotFound) as error:
            collabs.summary(conn, id, user)
        told.add((error.value.message, error.value.hint))
    assert 1 == len(told)


@pytest.mark.parametrize(
    "text",
    [
        "ana,ben:analysis",
        "ben,ana:analysis",
        " ben , ana : analysis ",
        "ana:analysis",
        "ben:analysis",
        "analysis",
        "analysis.ipynb",
        "Analysis",
    ],
)
def test_a_collab_is_found_by_id_alias_and_name(conn: Connection, text: str) -> None:
    id = add(conn, "ana", "analysis", "ben")
    add(conn, "ana", "other")
    assert id == collabs.find(conn, text, "ana") == collabs.find(conn, id, "ana")


@pytest.mark.parametrize(
    "text", ["", "nope", "cleo:analysis", "caaaaaaaaa", "\0", ":", ",", "ana,ben,cleo:analysis"]
)
def test_what_nothing_is_called_is_not_found(conn: Connection, text: str) -> None:
    add(conn, "ana", "analysis", "ben")
    with pytest.raises(NotFound):
        collabs.find(conn, text, "ana")


def test_nobody_finds_what_they_are_not_in(conn: Connection) -> None:
    id = add(conn, "ana", "analysis", "ben")
    for text in (id, "analysis", "ana,ben:analysis"):
        with pytest.raises(NotFound):
            collabs.find(conn, text, "cleo")


def test_several_of_one_name_are_told_as_candidates(conn: Connection) -> None:
    ids = {add(conn, "ana", "analysis"), add(conn, "ben", "analysis", "ana")}
    add(conn, "ben", "analysis")
    with pytest.raises(BadInput) as told:
        collabs.find(conn, "analysis", "ana")
    candidates = told.value.data["candidates"]
    assert isinstance(candidates, list)
    assert ids == {candidate.split()[0] for candidate in candidates}
    assert all(id in told.value.message for id in ids)


def test_exactly_these_authors_come_before_some_of_them(conn: Connection) -> None:
    alone, _ = add(conn, "ana", "analysis"), add(conn, "ana", "analysis", "ben")
    assert alone == collabs.find(conn, "ana:analysis", "ana")


def test_the_same_case_comes_before_any(conn: Connection) -> None:
    upper, lower = add(conn, "ana", "Rain"), add(conn, "ana", "rain")
    assert (upper, lower) == (collabs.find(conn, "Rain", "ana"), collabs.find(conn, "rain", "ana"))
    with pytest.raises(BadInput):
        collabs.find(conn, "RAIN", "ana")


def test_a_stem_with_a_colon_or_composed_letters_is_found(conn: Connection) -> None:
    odd, composed = add(conn, "ana", "a: b"), add(conn, "ana", "cafe\u0301")
    assert odd == collabs.find(conn, "ana:a: b", "ana") == collabs.find(conn, "a: b", "ana")
    assert composed == collabs.find(conn, "CAFÉ", "ana")


def test_an_ended_collab_is_gone_for_everybody_with_all_that_opens_it(conn: Connection, collab: str) -> None:
    link = links.add_link(conn, collab, "ana")
    session = SessionName(user="ana", name="default")
    sessions.open_session(conn, collab, "ana", "default", "/somewhere")
    leases.add_lease(conn, collab, session, "a.ipynb", "lab", "2999-01-01T00:00:00Z")
    collabs.end_collab(conn, collab)
    assert (None, (), (), (), ()) == (
        members.role_of(conn, collab, "ana"),
        collabs.collabs_of(conn, "ana"),
        collabs.every(conn),
        sessions.watched(conn),
        leases.leases(conn, collab),
    )
    for gone in (
        lambda: collabs.collab(conn, collab),
        lambda: collabs.find(conn, collab, "ana"),
        lambda: links.redeem(conn, link.code, "ben"),
        lambda: links.add_link(conn, collab, "ana"),
        lambda: collabs.end_collab(conn, collab),
        lambda: members.set_member(conn, collab, "ben", Role.EDITOR),
    ):
        with pytest.raises(NotFound):
            gone()
    assert 0 == journal.last(conn, collab)


def test_title_and_tracker_are_what_was_written_and_what_cannot_be_shown_leaves_them(
    conn: Connection, collab: str
) -> None:
    collabs.describe(conn, collab, title="Rain", tracker="https://app.asana.com/0/1")
    for title, tracker in (
        ("", "x" * 3000),
        ("two\nlines", "a\x1b"),
        ("\u202eniaR", "https://app.asana.com/0/1"),
    ):
        collabs.describe(conn, collab, title=title, tracker=tracker)
        known = collabs.collab(conn, collab)
        assert ("Rain", "https://app.asana.com/0/1") == (known.title, known.tracker)
    collabs.describe(conn, collab, title="Rain", tracker="")
    assert "" == collabs.collab(conn, collab).tracker
    collabs.describe(conn, "czzzzzzzzz", title="nobody's", tracker="")


def test_every_collab_is_listed_for_the_daemon(conn: Connection) -> None:
    expected = {add(conn, "ana", "one"), add(conn, "ben", "two")}
    assert expected == {one.id for one in collabs.every(conn)}


def test_nothing_is_public_unless_opened(conn: Connection, collab: str) -> None:
    assert (False, ()) == (collabs.collab(conn, collab).is_public, collabs.public(conn))
    opened = collabs.set_public(conn, collab, True)
    assert (opened,) == collabs.public(conn)
    assert None is members.role_of(conn, collab, "ben")
    collabs.set_public(conn, collab, False)
    assert () == collabs.public(conn)


def test_an_ended_collab_is_public_no_more(conn: Connection, collab: str) -> None:
    collabs.set_public(conn, collab, True)
    collabs.end_collab(conn, collab)
    assert () == collabs.public(conn)
