"""Comments follow what they are about, and are nobody's to write but the daemon's."""

from __future__ import annotations

import json

import msgspec
import pytest

from gitcollab.errors import BadInput, NotFound, TooLarge
from gitcollab.events import Commented
from gitcollab.flow import comments
from gitcollab.flow.points import MAIN
from gitcollab.flow.record import events_of
from gitcollab.model import Take, Thread

NB = "rain.ipynb"


def said(house, text="why?", user="ben", **more):
    return comments.Said(user=user, at=house.now(), text=text, **more)


def threads(house, path="") -> tuple[Thread, ...]:
    return comments.read_threads(house.repo, house.repo.head(MAIN), path)


@pytest.fixture
def begun(house, ana, notebook):
    ana.saves(NB, notebook(("a", "x = 1\ny = 2\nz = 3"), ("b", "print(x)")))
    spot = comments.Spot(path=NB, cell="a", line=1)
    return comments.begin(house.repo, spot, said(house, "why two? @ana"))


def test_a_thread_keeps_what_was_said_in_order(house, begun):
    comments.reply(house.repo, begun.id, said(house, " because\r\nI say so ", "ana"))
    (thread,) = threads(house)
    assert [("ben", "why two? @ana"), ("ana", "because\nI say so")] == [
        (each.user, each.text) for each in thread.remarks
    ]
    assert (NB, "a", 1, "y = 2", False) == (
        thread.path, thread.cell, thread.line, thread.quote, thread.is_outdated,
    )  # fmt: skip


def test_a_resolved_thread_is_open_again_once_somebody_answers(house, begun):
    comments.resolve(house.repo, begun.id, said(house, is_resolved=True))
    assert ["ben"] == [each.resolved_by for each in threads(house)]
    at = house.repo.head(MAIN)
    comments.resolve(house.repo, begun.id, said(house, is_resolved=True))
    assert at == house.repo.head(MAIN)
    comments.reply(house.repo, begun.id, said(house))
    assert [""] == [each.resolved_by for each in threads(house)]


def test_a_line_is_found_again_by_its_text(house, ana, begun, notebook):
    ana.saves(NB, notebook(("b", "print(x)"), ("a", "w = 0\nx = 1\nv = 0\ny = 2\nz = 3")))
    assert [(3, False)] == [(each.line, each.is_outdated) for each in threads(house)]
    ana.saves(NB, notebook(("b", "print(x)"), ("a", "y = 22")))
    assert [(None, True)] == [(each.line, each.is_outdated) for each in threads(house)]


def test_of_equal_lines_the_nearest_is_meant():
    assert 4 == comments.nearest(["a", "b", "", "", "a"], "a", 3)


def test_a_thread_follows_its_file_to_another_name(house, ana, begun):
    ana.renames(NB, "snow.ipynb")
    assert ["snow.ipynb"] == [each.path for each in threads(house)]
    assert 1 == len(threads(house, "snow.ipynb"))
    assert () == threads(house, NB)


def test_an_output_is_there_to_be_spoken_of_and_a_thread_outlives_it(house, ana, notebook):
    shown = {"output_type": "stream", "name": "stdout", "text": "3"}
    printed = json.loads(notebook(("a", "print(3)")))
    printed["cells"][0]["outputs"] = [shown]
    ana.saves(NB, json.dumps(printed).encode())
    spot = comments.Spot(path=NB, cell="a", output=0)
    with pytest.raises(NotFound):
        comments.begin(house.repo, msgspec.structs.replace(spot, output=1), said(house))
    comments.begin(house.repo, spot, said(house))
    assert [(0, False)] == [(each.output, each.is_outdated) for each in threads(house)]
    ana.saves(NB, notebook(("a", "print(4)")))
    assert [True] == [each.is_outdated for each in threads(house)]


def test_a_line_that_was_seen_in_an_older_version_is_meant_where_it_is_now(house, ana, begun, notebook):
    old = house.repo.head(MAIN)
    ana.saves(NB, notebook(("a", "w = 0\nx = 1\ny = 2"), ("b", "print(x)")))
    for line in (0, 2):
        comments.begin(house.repo, comments.Spot(path=NB, cell="a", line=line, at=old), said(house))
    found = {each.quote: (each.line, each.is_outdated) for each in threads(house)}
    assert {"x = 1": (1, False), "y = 2": (2, False), "z = 3": (None, True)} == found
    with pytest.raises(NotFound):
        comments.begin(house.repo, comments.Spot(path=NB, cell="a", line=3, at=old), said(house))


def test_a_cell_that_is_gone_leaves_its_thread(house, ana, begun, notebook):
    ana.saves(NB, notebook(("b", "print(x)")))
    assert [True] == [each.is_outdated for each in threads(house)]


def test_threads_live_through_contests_settlements_and_deliveries(house, ana, ben, begun, notebook):
    house.deliver_all()
    base = ben.head
    ana.saves(NB, notebook(("a", "x = 10\ny = 2\nz = 3"), ("b", "print(x)")))
    ben.saves(NB, notebook(("a", "x = 100\ny = 2\nz = 3"), ("b", "print(x)")), base=base)
    (item,) = house.items()
    house.settle(item.id, Take.SESSION)
    house.deliver_all()
    assert [begun.id] == [each.id for each in threads(house)]


@pytest.mark.parametrize(
    "spot",
    [
        {"path": "nothing.ipynb"}, {"path": NB, "cell": "nothing"}, {"path": NB, "cell": "a", "line": 3},
        {"path": NB, "cell": "a", "line": -1}, {"path": ".gitcollab/x"},
    ],
)  # fmt: skip
def test_nothing_is_said_of_what_is_not_there(house, begun, spot):
    with pytest.raises(NotFound):
        comments.begin(house.repo, comments.Spot(**spot), said(house))


@pytest.mark.parametrize(("text", "error"), [("", BadInput), (" \n", BadInput), ("x" * 10_001, TooLarge)])
def test_a_comment_is_some_words_and_not_too_many(house, begun, text, error):
    with pytest.raises(error):
        comments.reply(house.repo, begun.id, said(house, text))


@pytest.mark.parametrize("id", ["", "0" * 16, "../contested/x", "x" * 16])
def test_an_unknown_thread_is_not_found(house, begun, id):
    with pytest.raises(NotFound):
        comments.reply(house.repo, id, said(house))


def test_each_remark_is_told_with_whom_it_calls(house, begun):
    before = house.repo.read(house.repo.head(MAIN)).parents[0]
    comments.reply(house.repo, begun.id, said(house, "ask @cleo.m, not me@home.org or @@x", "ana"))
    comments.resolve(house.repo, begun.id, said(house, is_resolved=True))
    told = events_of(house.repo, "caaaaaaaaa", MAIN, before, house.repo.head(MAIN))
    assert [("comment", ("ana",)), ("reply", ("cleo.m",)), ("resolve", ())] == [
        (each.said, each.mentioned) for each in told if isinstance(each, Commented)
    ]


def test_a_text_has_threads_on_its_lines_too(house, ana):
    ana.saves("notes.md", b"# Notes\n\n- one\n")
    made = comments.begin(house.repo, comments.Spot(path="notes.md", line=2), said(house))
    ana.saves("notes.md", b"# Notes\n\nmore\n\n- one\n")
    assert ("- one", 4) == (made.quote, threads(house)[0].line)
