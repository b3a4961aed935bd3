"""Threads on a page."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from gitcollab.errors import BadInput
from gitcollab.model import Remark, Thread
from gitcollab.web.pages.frame import View
from gitcollab.web.pages.talk import back, beside, number, open_in
from gitcollab.web.rows import with_names

SAID = (Remark(user="ana", at="", text="x"),)


def thread(id: str, cell: str | None, **more: object) -> Thread:
    return Thread(id=id, path="a.ipynb", cell=cell, quote="", remarks=SAID, **more)  # type: ignore[arg-type]


def test_threads_stand_beside_their_cells_and_the_others_at_the_end() -> None:
    threads = [thread("1", "a"), thread("2", None), thread("3", "b", is_outdated=True), thread("4", "gone")]
    talk, rest = beside(threads, {"a": [], "b": []})
    assert {("a", ""): ["1"], ("b", ""): ["3"]} == {
        at: [each.id for each in found] for at, found in talk.items()
    }
    assert ["2", "4"] == [each.id for each in rest]


def test_a_thread_on_an_output_stands_below_it_while_it_is_shown() -> None:
    threads = [thread("1", "a", output=1), thread("2", "a", output=2), thread("3", "a")]
    talk, rest = beside(threads, {"a": [{"number": "0"}, {"number": "1"}]})
    assert {("a", "1"): ["1"], ("a", ""): ["2", "3"]} == {
        at: [each.id for each in found] for at, found in talk.items()
    }
    assert [] == rest


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


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({}, "n/a.ipynb"),
        ({"span": "1.0.0..main/a b.ipynb", "shape": "view=unified&x=y"}, "diff/1.0.0..main/a%20b.ipynb?view=unified"),
        ({"span": "//evil.org", "shape": ""}, "diff///evil.org"),
        ({"span": "../../me\r\nx: y"}, "diff/../../me%0D%0Ax%3A%20y"),
    ],
)  # fmt: skip
def test_who_has_spoken_is_back_where_they_were(said: dict[str, str], place: str) -> None:
    view = View(Request({"type": "http", "headers": [], "state": {"actor": None}}), None, None)  # type: ignore[arg-type]
    answer = back(view, "caaaaaaaaa", thread("1", "a"), said)
    assert f"/c/caaaaaaaaa/{place}#thread-1" == answer.headers["location"]
