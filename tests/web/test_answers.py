"""How values leave as JSON."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from gitcollab.errors import KINDS, revive
from gitcollab.events import Left
from gitcollab.model import Item, Receipt
from gitcollab.web.answers import DEEPEST, ascii_line, encoded, full, refusal


def nested(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value


def test_every_field_is_said() -> None:
    assert {
        "snapshot": None, "landed": None, "version": "v", "contested": [], "forked": "", "question": "", "held": "",
    } == full(Receipt(snapshot=None, landed=None, version="v"))  # fmt: skip


def test_an_event_says_its_kind() -> None:
    assert {
        "kind": "left", "collab": "c", "user": "u", "at": "", "n": 0, "session": "u/s",
    } == full(Left(collab="c", user="u", session="u/s"))  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None), (float("-inf"), None), (1.5, 1.5), (10**30, 10**30), ("\ud800", "\ud800"),
        ({"\u2028\n": "\r\x00é😀"}, {"\u2028\n": "\r\x00é😀"}), (nested(20), nested(20)),
    ],
)  # fmt: skip
def test_whatever_a_notebook_holds_can_leave(value: Any, expected: Any) -> None:
    assert expected == json.loads(encoded({"a": value}))["a"]
    line = ascii_line({"a": value})
    assert expected == json.loads(line)["a"]
    assert line.isascii()
    assert b"\n" not in line


def test_what_is_nested_without_end_is_cut() -> None:
    left = json.loads(encoded(nested(900)))
    depth = 0
    while isinstance(left, list):
        left, depth = left[0], depth + 1
    assert (None, DEEPEST + 1) == (left, depth)


def test_an_item_says_what_a_settlement_sends_back() -> None:
    item = Item(
        id="i",
        path="p",
        cell=None,
        field="f",
        base=1,
        shared=2,
        session=3,
        user="u",
        commit="c",
        at="",
        branch="b",
    )
    assert item.digest == full([item])[0]["seen"]


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_error_has_its_status_code_and_hint(code: str) -> None:
    error = revive(code, "What happened", "What to do", {"error": "spoofed", "more": [1]})
    answer = refusal(error)
    said = msgspec.json.decode(bytes(answer.body))
    assert error.status == answer.status_code
    assert {"error": code, "message": "What happened", "hint": "What to do", "more": [1]} == said
