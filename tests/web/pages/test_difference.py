"""The difference page's own thinking."""

from __future__ import annotations

import pytest

from gitcollab.errors import BadInput
from gitcollab.model import BlameCell, LogEntry
from gitcollab.web.pages.difference import named
from gitcollab.web.pages.shape import EVERYTHING, Shape, counts, fitting, runs, span, span_of
from gitcollab.web.rows import unified

COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("main..1.0.0/a/b.ipynb", ("main", "1.0.0", "a/b.ipynb")),
        ("sessions/ana/x..main/b.ipynb", ("sessions/ana/x", "main", "b.ipynb")),
        ("main..sessions/ana/x/b.ipynb", ("main", "sessions/ana/x", "b.ipynb")),
        ("a..b", ("a", "b", "")),
    ],
)
def test_the_address_names_both_ends_and_the_file(text: str, expected: tuple[str, str, str]) -> None:
    found = span(text)
    assert expected == (found.start, found.end, found.path)


@pytest.mark.parametrize("text", ["main", "..main/x", "main../x", "a..b/../x", ""])
def test_another_address_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        span(text)


def cell(kind: str, *, is_moved: bool = False) -> dict[str, object]:
    return {"kind": kind, "is_moved": is_moved}


def test_unchanged_neighbours_are_one_run_and_a_moved_cell_is_none_of_them() -> None:
    cells = [cell("same"), cell("same"), cell("changed"), cell("same", is_moved=True), cell("same")]
    assert [(True, 2), (False, 1), (False, 1), (True, 1)] == [
        (run.is_same, len(run.cells)) for run in runs(cells)
    ]
    assert {"added": 0, "removed": 0, "changed": 1, "moved": 1} == counts(cells)


def test_what_went_stands_before_what_came() -> None:
    rows = [
        ["same", 1, "a", 1, "a"],
        ["changed", 2, "b", 2, "c"],
        ["added", None, "", 3, "d"],
        ["removed", 3, "e", None, ""],
        ["same", 4, "f", 4, "f"],
    ]
    assert [" a", "\u2212b", "\u2212e", "+c", "+d", " f"] == [
        f"{sign}{html}" for sign, _, _, html in unified(rows)
    ]


def test_ends_are_called_what_people_call_them() -> None:
    entry = LogEntry(commit=COMMIT, parents=(), act="snapshot", user="ana", at="", message="")
    assert "now" == named("main", COMMIT, []).words
    assert "version 1.0.0" == named("1.0.0", COMMIT, []).words
    assert ("a save", entry) == (named(COMMIT, COMMIT, [entry]).words, named(COMMIT, COMMIT, [entry]).entry)


def drawn(kind: str, **more: object) -> dict[str, object]:
    made = {
        "kind": kind,
        "is_moved": False,
        "id": "a",
        "type": "code",
        "plus": 0,
        "minus": 0,
        "is_drawn": True,
    }
    return made | more


def test_the_address_says_how_it_is_shown_and_what_of_it() -> None:
    shape = Shape.of(
        {"view": "after", "outputs": "hidden", "only": "code", "by": "ben", "settings": "hidden"}
    )
    assert ("after", False, False, True, "ben") == (
        shape.view, shape.has_outputs, shape.has_settings, shape.is_code_only, shape.by,
    )  # fmt: skip
    assert "?view=after&outputs=hidden&settings=hidden&only=code&by=ben" == shape.query
    assert "" == Shape.of({"view": "<b>"}).query
    assert EVERYTHING == Shape.of({"same": "shown"}).cells


@pytest.mark.parametrize("text", ["3", "a-b", "1-2-3", "-1-4"])
def test_other_cells_than_a_range_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        span_of(text)


def test_only_code_and_only_one_persons_changes_are_shown_and_the_others_counted() -> None:
    cells = [
        drawn("changed", plus=1), drawn("changed"), drawn("changed", plus=1, type="markdown"),
        drawn("same"), drawn("added", id="b"),
    ]  # fmt: skip
    shown, hidden = fitting(runs(cells), Shape(is_code_only=True), {})
    assert (["changed", "same", "added"], 2) == ([run.cells[0]["kind"] for run in shown], hidden)
    blame = {"b": BlameCell(cell="b", index=0, commit=COMMIT, user="ben", at="")}
    shown, hidden = fitting(runs(cells), Shape(by="ben"), blame)
    assert (["same", "added"], 3) == ([run.cells[0]["kind"] for run in shown], hidden)
