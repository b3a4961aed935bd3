"""The audit log tells who did what to access, from where, and holds no secret."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from gitcollab import access, acts
from gitcollab.model import Actor, Role
from gitcollab.store import audit
from gitcollab.store.audit import Note

ANA = Actor(user="ana", via="token", origin="192.0.2.7")


def test_an_act_on_access_is_told_with_who_what_and_where(conn: Connection, collab: str) -> None:
    act = acts.SetMember(actor=ANA, collab=collab, user="ben", role=Role.EDITOR)
    audit.note_act(conn, act)
    (found,) = audit.notes(conn)
    expected = Note(
        n=found.n,
        at=found.at,
        user="ana",
        act="SetMember",
        collab=collab,
        detail={"user": "ben", "role": "editor"},
        outcome="done",
        via="token",
        origin="192.0.2.7",
    )
    assert expected == found


def test_exactly_the_acts_on_access_are_told(conn: Connection, collab: str) -> None:
    audit.note_act(conn, acts.ListFiles(actor=ANA, collab=collab))
    audit.note_act(conn, acts.Publish(actor=ANA, collab=collab, notebook="a.ipynb"))
    audit.note_act(conn, acts.DiffBytes(actor=ANA, before=b"", after=b""))
    assert () == audit.notes(conn)
    audit.note_act(conn, acts.DeleteCollab(actor=ANA, collab=collab), "forbidden")
    assert ["forbidden"] == [one.outcome for one in audit.notes(conn)]


def test_no_secret_is_kept(conn: Connection) -> None:
    audit.note_act(conn, acts.AddUser(actor=ANA, name="eve", password="correct horse"))
    audit.note_act(conn, acts.RedeemLink(actor=ANA, code="gcl_secret"))
    kept = str(conn.execute(text("SELECT * FROM audit")).all())
    assert (False, False) == ("correct horse" in kept, "gcl_secret" in kept)


def test_every_field_that_holds_a_secret_is_known() -> None:
    """Fails for a new field that sounds like one: add it to SECRETS, or here if it holds none."""
    secret = {
        field
        for kind, rule in access.TABLE.items()
        if rule.scope == "admin"
        for field in kind.__struct_fields__
        if any(word in field for word in ("password", "code", "secret", "key"))
    }
    assert audit.SECRETS == secret


def test_lines_are_found_by_collab_and_person_and_page_by_page(conn: Connection, collab: str) -> None:
    for user, where in (("ana", collab), ("ben", collab), ("ana", "")):
        audit.note(conn, Note(user=user, act="X", collab=where))
    both = audit.notes(conn, collab=collab)
    assert (["ben", "ana"], 2, 1, 3) == (
        [one.user for one in both],
        len(audit.notes(conn, user="ana")),
        len(audit.notes(conn, user="ana", collab=collab)),
        len(audit.notes(conn)),
    )
    assert both[1:] == audit.notes(conn, collab=collab, before=both[0].n)
    assert both[:1] == audit.notes(conn, collab=collab, limit=1)


@pytest.mark.parametrize("odd", ["\0", "\ud800", "x" * 10_000])
def test_nothing_keeps_a_line_from_being_written(conn: Connection, odd: str) -> None:
    act = acts.RemoveMember(actor=Actor(user=odd, via=odd, origin=odd), collab=odd, user=odd)
    audit.note_act(conn, act, "not-found")
    (found,) = audit.notes(conn)
    assert (1, "RemoveMember") == (
        len({found.user, found.collab, found.origin, found.detail["user"]}),
        found.act,
    )
