"""Threads on a page."""

from __future__ import annotations

import pytest

from gitcollab.errors import BadInput
from gitcollab.model import Remark, Thread
from gitcollab.web.pages.talk import by_cell, number, open_in, unplaced
from gitcollab.web.rows import with_names

SAID = (Remark(user="ana", at="", text="x"),)


def thread(id: str, cell: str | None, **more: object) -> Thread:
    return Thread(id=id, path="a.ipynb", cell=cell, quote="", remarks=SAID, **more)  # type: ignore[arg-type]


def test_threads_stand_beside_their_cells_and_the_others_at_the_end() -> None:
    threads = [thread("1", "a"), thread("2", None), thread("3", "b", is_outdated=True), thread("4", "gone")]
    talk = by_cell(threads)
    assert ["1"] == [each.id for each in talk["a"]]
    assert ["2", "3", "4"] == [each.id for each in unplaced(talk, ("a", "b"))]


def test_resolved_threads_are_not_counted() -> None:
    assert 1 == open_in([thread("1", "a"), thread("2", "a", resolved_by="ben")], "a.ipynb")


def test_only_people_of_the_collab_are_called() -> None:
    shown = with_names("@ana & <b>@nobody</b> me@ana.org\u202e", {"ana"})
    assert "<b class=mention>@ana</b> &amp; &lt;b&gt;@nobody&lt;/b&gt; me@ana.org⟦U+202E⟧" == str(shown)


@pytest.mark.parametrize(("text", "expected"), [("", None), (" ", None), ("3", 3), (" 12 ", 12)])
def test_a_lines_number_may_be_left_out(text: str, expected: int | None) -> None:
    assert expected == number(text)


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "٣", "9" * 20])
def test_another_number_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        number(text)
