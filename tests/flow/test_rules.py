"""The three rules of merging, on a real repository: landing, delivery, settling."""

from __future__ import annotations

import json

import pytest

from gitcollab.errors import Moved, NotFound
from gitcollab.flow import settle as settling
from gitcollab.model import Take
from gitcollab.notebooks import problems

NB = "analysis.ipynb"


def test_a_save_lands_and_reaches_the_others(house, ana, ben, notebook):
    data = notebook(("a", "x = 1"), ("b", "y = 2"))
    ana.saves(NB, data)
    assert house.main(NB) == data
    assert ben.reads(NB) == data
    assert house.items() == ()


def test_different_cells_merge_without_a_question(house, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), lands=False)
    ben.saves(NB, notebook(("a", "x = 1"), ("b", "y = 20")))
    house.land(ana.session)
    house.deliver_all()
    both = notebook(("a", "x = 10"), ("b", "y = 20"))
    assert [house.main(NB), ana.reads(NB), ben.reads(NB)] == [both, both, both]
    assert house.items() == ()


@pytest.fixture
def contested(house, ana, ben, notebook):
    """Ben's line is on main, Ana's waits in an item."""
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), lands=False)
    ben.saves(NB, notebook(("a", "x = 100"), ("b", "y = 2")))
    house.land(ana.session)
    house.deliver_all()
    (item,) = house.items()
    return item


def test_a_contested_cell_waits_and_keeps_the_shared_version(house, ana, ben, notebook, contested):
    assert (contested.base, contested.shared, contested.session) == ("x = 1", "x = 100", "x = 10")
    assert (contested.path, contested.cell, contested.field, contested.user) == (NB, "a", "source", "ana")
    assert house.main(NB) == notebook(("a", "x = 100"), ("b", "y = 2"))
    assert ben.reads(NB) == house.main(NB)


def test_its_participant_keeps_their_own_version(ana, notebook, contested):
    assert ana.reads(NB) == notebook(("a", "x = 10"), ("b", "y = 2"))


def test_everything_else_still_flows(house, ana, ben, notebook, contested):
    ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2"), ("c", "z = 3")))
    ben.saves(NB, notebook(("a", "x = 100"), ("b", "y = 22"), ("c", "z = 3")))
    assert ana.reads(NB) == notebook(("a", "x = 10"), ("b", "y = 22"), ("c", "z = 3"))
    assert house.main(NB) == notebook(("a", "x = 100"), ("b", "y = 22"), ("c", "z = 3"))
    assert [item.id for item in house.items()] == [contested.id]


def test_the_next_edit_of_either_side_is_judged_from_where_they_parted(house, ana, ben, notebook, contested):
    ana.saves(NB, notebook(("a", "x = 11"), ("b", "y = 2")))
    ben.saves(NB, notebook(("a", "x = 101"), ("b", "y = 2")))
    (item,) = house.items()
    assert (item.id, item.base, item.shared, item.session) == (contested.id, "x = 1", "x = 101", "x = 11")
    assert house.main(NB) == notebook(("a", "x = 101"), ("b", "y = 2"))
    assert ana.reads(NB) == notebook(("a", "x = 11"), ("b", "y = 2"))


@pytest.mark.parametrize(
    ("take", "source", "result"),
    [
        (Take.SHARED, None, "x = 100"),
        (Take.SESSION, None, "x = 10"),
        (Take.TEXT, "x = 7", "x = 7"),
    ],
)
def test_settling_reaches_everybody_the_loser_too(house, ana, ben, notebook, contested, take, source, result):
    house.settle(contested.id, take, source)
    house.deliver_all()
    settled = notebook(("a", result), ("b", "y = 2"))
    assert [house.main(NB), ana.reads(NB), ben.reads(NB)] == [settled, settled, settled]
    assert house.items() == ()


def test_taking_both_keeps_every_line(house, ana, contested):
    house.settle(contested.id, Take.BOTH)
    text = (house.main(NB) or b"").decode()
    assert "x = 100" in text
    assert '"x = 10"' in text


def test_after_settling_the_next_edit_is_an_ordinary_one(house, ana, ben, notebook, contested):
    house.settle(contested.id, Take.SHARED)
    house.deliver_all()
    ana.saves(NB, notebook(("a", "x = 12"), ("b", "y = 2")))
    assert house.main(NB) == notebook(("a", "x = 12"), ("b", "y = 2"))
    assert house.items() == ()


def test_a_save_in_flight_while_it_is_settled_is_contested_anew(house, ana, ben, notebook, contested):
    before = ana.head
    house.settle(contested.id, Take.SHARED)
    ana.saves(NB, notebook(("a", "x = 13"), ("b", "y = 2")), base=before)
    (item,) = house.items()
    assert (item.shared, item.session) == ("x = 100", "x = 13")


def test_an_item_closes_by_itself_when_both_sides_are_equal(house, ana, ben, notebook, contested):
    ben.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")))
    assert house.items() == ()
    assert ana.reads(NB) == house.main(NB) == notebook(("a", "x = 10"), ("b", "y = 2"))


def test_an_item_closes_by_itself_when_it_has_become_mergeable(house, ana, ben, notebook, contested):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))  # Ana goes back to where they parted
    assert house.items() == ()
    assert ana.reads(NB) == house.main(NB) == notebook(("a", "x = 100"), ("b", "y = 2"))


def test_a_settlement_of_values_that_moved_is_refused_with_the_new_item(house, ana, notebook, contested):
    ana.saves(NB, notebook(("a", "x = 14"), ("b", "y = 2")))
    seen = {"shared": contested.shared, "session": contested.session}
    decision = settling.Decision(item=contested.id, take=Take.SESSION, user="ben", at=house.now(), seen=seen)
    with pytest.raises(Moved) as refused:
        settling.settle(house.repo, decision)
    assert refused.value.data["item"]["session"] == "x = 14"
    with pytest.raises(NotFound):
        settling.settle(
            house.repo, settling.Decision(item="nosuch", take=Take.BOTH, user="ben", at=house.now())
        )


def test_delete_against_edit_keeps_the_edit_whichever_side_it_is(house, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), lands=False)
    ben.saves(NB, notebook(("b", "y = 2")))
    house.land(ana.session)
    house.deliver_all()
    (item,) = house.items()
    assert (item.field, item.shared) == ("cell", None)
    assert house.main(NB) == notebook(("a", "x = 10"), ("b", "y = 2"))
    ana.saves(NB, notebook(("a", "x = 11"), ("b", "y = 2")))
    assert house.main(NB) == notebook(("a", "x = 11"), ("b", "y = 2"))
    (item,) = house.items()
    house.settle(item.id, Take.SHARED)
    house.deliver_all()
    assert ana.reads(NB) == ben.reads(NB) == house.main(NB) == notebook(("b", "y = 2"))


def test_a_cell_deleted_by_the_session_and_edited_by_others_waits(house, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ana.saves(NB, notebook(("b", "y = 2")), lands=False)
    ben.saves(NB, notebook(("a", "x = 100"), ("b", "y = 2")))
    house.land(ana.session)
    house.deliver_all()
    (item,) = house.items()
    assert item.session is None
    assert house.main(NB) == notebook(("a", "x = 100"), ("b", "y = 2"))
    assert ana.reads(NB) == notebook(("b", "y = 2"))
    house.settle(item.id, Take.SESSION)
    house.deliver_all()
    assert ana.reads(NB) == ben.reads(NB) == house.main(NB) == notebook(("b", "y = 2"))


def test_text_is_merged_by_line_and_a_hunk_waits(house, ana, ben):
    lines = [f"line {n}\n" for n in range(10)]
    ana.saves("notes.md", "".join(lines).encode())
    mine, theirs = lines.copy(), lines.copy()
    mine[2], mine[8] = "ana 2\n", "ana 8\n"
    theirs[2], theirs[5] = "ben 2\n", "ben 5\n"
    ana.saves("notes.md", "".join(mine).encode(), lands=False)
    ben.saves("notes.md", "".join(theirs).encode())
    house.land(ana.session)
    house.deliver_all()
    (item,) = house.items()
    assert (item.field, item.base, item.shared, item.session) == ("lines", "line 2\n", "ben 2\n", "ana 2\n")
    assert item.range == (2, 3)
    theirs[8] = "ana 8\n"
    assert house.main("notes.md") == "".join(theirs).encode()
    mine[5] = "ben 5\n"
    assert ana.reads("notes.md") == "".join(mine).encode()
    mine.insert(0, "ana on top\n")
    ana.saves("notes.md", "".join(mine).encode())
    (item,) = house.items()
    assert item.range == (3, 4)
    house.settle(item.id, Take.BOTH)
    house.deliver_all()
    text = (house.main("notes.md") or b"").decode()
    assert text.splitlines()[:5] == ["ana on top", "line 0", "line 1", "ben 2", "ana 2"]
    assert ana.reads("notes.md") == ben.reads("notes.md") == text.encode()


def test_a_binary_changed_on_both_sides_keeps_both(house, ana, ben):
    ana.saves("data.bin", b"\0base")
    ana.saves("data.bin", b"\0ana", lands=False)
    ben.saves("data.bin", b"\0ben")
    house.land(ana.session)
    house.deliver_all()
    (item,) = house.items()
    assert (item.field, house.main("data.bin"), ana.reads("data.bin")) == ("file", b"\0ben", b"\0ana")
    house.settle(item.id, Take.SESSION)
    house.deliver_all()
    assert ben.reads("data.bin") == b"\0ana"


def test_a_file_deleted_in_one_workspace_and_edited_elsewhere_stays(house, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    ana.saves(NB, None, lands=False)
    edited = notebook(("a", "x = 2"))
    ben.saves(NB, edited)
    house.land(ana.session)
    house.deliver_all()
    (item,) = house.items()
    assert (item.field, item.session) == ("file", None)
    assert (house.main(NB), ben.reads(NB), ana.reads(NB)) == (edited, edited, None)
    house.settle(item.id, Take.SHARED)
    house.deliver_all()
    assert ana.reads(NB) == edited


def test_a_rename_meets_an_edit(house, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), lands=False)
    ben.renames(NB, "study.ipynb")
    house.land(ana.session)
    house.deliver_all()
    merged = notebook(("a", "x = 10"), ("b", "y = 2"))
    assert (house.main(NB), house.main("study.ipynb")) == (None, merged)
    assert (ana.reads(NB), ana.reads("study.ipynb"), ben.reads("study.ipynb")) == (None, merged, merged)


def test_an_item_follows_its_notebook_through_a_rename(house, ana, ben, notebook, contested):
    ben.renames(NB, "study.ipynb")
    (item,) = house.items()
    assert (item.id, item.path) == (contested.id, "study.ipynb")
    assert ana.reads("study.ipynb") == notebook(("a", "x = 10"), ("b", "y = 2"))
    house.settle(item.id, Take.SESSION)
    house.deliver_all()
    assert ben.reads("study.ipynb") == notebook(("a", "x = 10"), ("b", "y = 2"))


def test_a_notebook_that_main_may_not_hold_waits_as_a_whole(house, ana, ben, notebook):
    good = notebook(("a", "x = 1"))
    ana.saves(NB, good)
    ana.saves(NB, b'{"cells": [')
    (item,) = house.items()
    assert (item.field, house.main(NB), ben.reads(NB)) == ("file", good, good)
    better = notebook(("a", "x = 2"))
    ana.saves(NB, better)
    assert (house.items(), house.main(NB), ben.reads(NB)) == ((), better, better)


def test_a_notebook_merely_opened_neither_lands_nor_is_lost(house, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    before = house.repo.head("refs/heads/main")
    opened = notebook(("a", "x = 1"), language_info={"name": "python", "version": "3.11"})
    saved = ana.saves(NB, opened)
    assert saved.is_volatile
    assert house.repo.head("refs/heads/main") == before
    assert ana.reads(NB) == opened


def test_landing_twice_does_nothing(house, ana, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    assert house.land(ana.session) is None


def test_a_deleted_file_under_open_items_stays_as_one_item(house, ana, ben, notebook, contested):
    ben.saves(NB, None)
    (item,) = house.items()
    assert (item.field, item.shared) == ("file", None)
    assert ana.reads(NB) == house.main(NB) == notebook(("a", "x = 10"), ("b", "y = 2"))


def test_a_notebook_of_an_old_format_or_with_repeated_ids_lands_mended(house, ana, ben, notebook):
    twins = notebook(("a", "x = 1"), ("a", "y = 2"))
    ana.saves(NB, twins)
    assert house.items() == ()
    assert problems(house.main(NB)) == ()
    assert b"y = 2" in house.main(NB)
    assert ana.reads(NB) == ben.reads(NB) == house.main(NB)
    worksheet = {
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["old words"]}],
        "metadata": {},
    }
    old = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [worksheet]}
    ana.saves("old.ipynb", json.dumps(old).encode())
    assert problems(house.main("old.ipynb")) == ()
    assert b"old words" in ben.reads("old.ipynb")
