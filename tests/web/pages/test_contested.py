"""What an item asks."""

from __future__ import annotations

from typing import Any

import pytest

from gitcollab.model import Item
from gitcollab.web.pages.contested import question


def item(**given: Any) -> Item:
    fields = {
        "id": "i", "path": "a.ipynb", "cell": "c", "field": "source", "base": "x = 1\n", "shared": "x = 2\n",
        "session": "x = 3\n", "user": "ben", "commit": "c", "at": "", "branch": "b",
    }  # fmt: skip
    return Item(**(fields | given))


def test_each_side_shows_what_it_changed() -> None:
    asked = question(item(), "Ben")
    assert ["Before", "Shared", "Ben’s"] == [side.title for side in asked.sides]  # noqa: RUF001
    assert ["same", "changed", "changed"] == [side.rows[0][0] for side in asked.sides]
    assert "<mark>" in asked.sides[2].rows[0][1]
    assert ("this cell", "x = 2", "x = 2") == (asked.what, asked.text, asked.title)


@pytest.mark.parametrize(
    ("given", "what", "has_text"),
    [
        (
            {"field": "cell", "shared": None, "session": {"cell_type": "code", "source": ["x"]}},
            "deleted it",
            False,
        ),
        ({"field": "file", "cell": None, "shared": {"bytes": "AAAA"}}, "this file", False),
        (
            {"field": "metadata.tags", "shared": ["a"], "session": ["b"], "base": []},
            "the setting tags",
            False,
        ),
        ({"field": "text", "cell": None, "range": (3, 5)}, "lines 4 to 5", True),
    ],
)
def test_every_kind_of_item_is_said_in_words(given: dict[str, Any], what: str, has_text: bool) -> None:
    asked = question(item(**given), "Ben")
    assert what in asked.what
    assert has_text == (asked.text is not None)


def test_a_side_that_was_deleted_is_not_there() -> None:
    asked = question(item(field="cell", shared=None, base={"source": "x"}, session={"source": "y"}), "Ben")
    assert [True, False, True] == [side.is_there for side in asked.sides]


def test_hostile_text_is_escaped() -> None:
    asked = question(item(session="<script>\u202e"), "Ben")
    assert "&lt;" in asked.sides[2].rows[0][1]
    assert "<script" not in asked.sides[2].rows[0][1]
