"""Undoing: one change is taken back as a save, cell by cell; what others went on from is contested; nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from gitcollab import acts
from gitcollab.errors import BadInput, Forbidden, NotFound, Unusable
from gitcollab.events import Closed, Delivered, Landed, Saved, Settled, Undone
from gitcollab.model import Actor, Receipt, Take


def undoes(stage: Any, user: str, what: object) -> Receipt:
    who = Actor(user=user)
    return stage.collab.undo(acts.Undo(actor=who, collab=stage.collab.id, what=str(what)))


def last(stage: Any, kind: type) -> Any:
    return [event for event in stage.events() if isinstance(event, kind)][-1]


def test_a_landing_is_taken_back_and_what_came_after_stays(
    stage: Any, ana: Any, ben: Any, notebook: Any
) -> None:
    first = notebook(("a", "x = 1"), ("b", "y = 1"))
    ana.saves("n.ipynb", first)
    ben.saves("n.ipynb", notebook(("a", "x = 2"), ("b", "y = 1")))
    landing = last(stage, Landed)
    ana.saves("n.ipynb", notebook(("a", "x = 2"), ("b", "y = 3")), base=ana.head)
    done = undoes(stage, "ana", landing.n)
    assert stage.main("n.ipynb") == notebook(("a", "x = 1"), ("b", "y = 3"))
    assert (done.contested, stage.items()) == ((), ())
    assert ben.reads("n.ipynb") == stage.main("n.ipynb")
    told = last(stage, Undone)
    assert (told.undone, told.commit, told.user) == (landing.commit, done.snapshot, "ana")


def test_an_undo_is_undone(stage: Any, ana: Any, notebook: Any) -> None:
    ana.saves("n.ipynb", notebook(("a", "x = 1")))
    ana.saves("n.ipynb", notebook(("a", "x = 2")))
    undoes(stage, "ana", last(stage, Landed).n)
    assert stage.main("n.ipynb") == notebook(("a", "x = 1"))
    undoes(stage, "ana", last(stage, Landed).commit)
    assert stage.main("n.ipynb") == notebook(("a", "x = 2"))


def test_what_others_went_on_from_is_contested(stage: Any, ana: Any, ben: Any, notebook: Any) -> None:
    ana.saves("n.ipynb", notebook(("a", "x = 1")))
    ana.saves("n.ipynb", notebook(("a", "x = 2")))
    landing = last(stage, Landed)
    ben.saves("n.ipynb", notebook(("a", "x = 20")), base=ben.head)
    done = undoes(stage, "ana", landing.n)
    (item,) = stage.items()
    assert done.contested == (item.id,)
    assert (item.base, item.shared, item.session) == ("x = 2", "x = 20", "x = 1")
    assert stage.main("n.ipynb") == notebook(("a", "x = 20"))
    assert ana.reads("n.ipynb") == notebook(("a", "x = 1"))


def test_files_that_came_go_and_files_that_went_come_back(stage: Any, ana: Any) -> None:
    ana.saves("keep.txt", b"here\n")
    ana.saves("new.txt", b"new\n")
    came = last(stage, Landed)
    ana.saves("keep.txt", None)
    gone = last(stage, Landed)
    undoes(stage, "ana", gone.n)
    undoes(stage, "ana", came.commit[:12])
    assert (stage.main("keep.txt"), stage.main("new.txt")) == (b"here\n", None)


def test_a_settlement_is_taken_back(stage: Any, ana: Any, ben: Any, notebook: Any) -> None:
    ana.saves("n.ipynb", notebook(("a", "x = 1")))
    base = ben.head
    ana.saves("n.ipynb", notebook(("a", "x = 'ana'")))
    ben.saves("n.ipynb", notebook(("a", "x = 'ben'")), base=base)
    (item,) = stage.items()
    stage.settle("ana", item.id, Take.SESSION)
    assert stage.main("n.ipynb") == notebook(("a", "x = 'ben'"))
    undoes(stage, "ana", last(stage, Settled).n)
    assert stage.main("n.ipynb") == notebook(("a", "x = 'ana'"))


def test_an_item_that_closed_by_itself_gets_back_what_stood_there(
    stage: Any, ana: Any, ben: Any, notebook: Any
) -> None:
    ana.saves("n.ipynb", notebook(("a", "x = 1"), ("b", "")))
    base = ben.head
    ana.saves("n.ipynb", notebook(("a", "x = 'ana'"), ("b", "")))
    ben.saves("n.ipynb", notebook(("a", "x = 'ben'"), ("b", "")), base=base)
    assert len(stage.items()) == 1
    ana.saves("n.ipynb", notebook(("a", "x = 'ben'"), ("b", "z")), base=ana.head)
    closed = last(stage, Closed)
    assert closed.reason == "equal"
    undoes(stage, "ana", closed.n)
    assert stage.main("n.ipynb") == notebook(("a", "x = 'ana'"), ("b", "z"))


def test_a_delivery_is_taken_back_by_who_got_it(stage: Any, ana: Any, ben: Any) -> None:
    ana.saves("a.txt", b"a\n")
    delivery = last(stage, Delivered)
    assert delivery.session == "ben/default"
    with pytest.raises(Forbidden, match="who got a delivery"):
        undoes(stage, "ana", delivery.n)
    undoes(stage, "ben", delivery.n)
    assert (ben.reads("a.txt"), ana.reads("a.txt"), stage.main("a.txt")) == (None, None, None)


def test_who_has_no_session_gets_one(stage: Any, ana: Any) -> None:
    ana.saves("a.txt", b"a\n")
    undoes(stage, "ben", last(stage, Saved).n)
    assert stage.main("a.txt") is None
    assert last(stage, Undone).session == "ben/default"


def test_what_is_undone_once_is_not_undone_twice(stage: Any, ana: Any) -> None:
    ana.saves("a.txt", b"a\n")
    landing = last(stage, Landed)
    undoes(stage, "ana", landing.n)
    with pytest.raises(Unusable, match="nothing left of it"):
        undoes(stage, "ana", landing.n)


@pytest.mark.parametrize(
    ("what", "error"), [("1", BadInput), ("9999", NotFound), ("0", NotFound), ("f" * 40, NotFound)]
)
def test_what_changed_no_file_cannot_be_undone(
    stage: Any, ana: Any, what: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        undoes(stage, "ana", what)


def test_the_beginning_cannot_be_undone(stage: Any, ana: Any) -> None:
    root = next(iter(stage.repo.line(stage.repo.head("refs/heads/main"))))
    with pytest.raises(BadInput, match="the beginning"):
        undoes(stage, "ana", root.oid)


def test_who_may_only_read_cannot_undo(stage: Any, ana: Any) -> None:
    ana.saves("a.txt", b"a\n")
    with pytest.raises(Forbidden):
        undoes(stage, "vic", last(stage, Landed).n)
