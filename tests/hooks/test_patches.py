"""Patches say what is different, cell by cell, and nothing of what is only volatile."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from gitcollab_hooks import patches

from .conftest import as_bytes, book


def made(before: dict[str, Any], after: dict[str, Any]) -> Any:
    return patches.patch(as_bytes(before), as_bytes(after))


def test_a_changed_cell_is_in_it_with_both_sides_and_no_other() -> None:
    found = made(book(a="x = 1", b="y"), book(a="x = 2", b="y"))
    assert ["a"] == list(found["cells"])
    assert ("x = 1", "x = 2") == tuple(found["cells"]["a"][side]["source"] for side in ("before", "after"))
    assert (["a", "b"], ["a", "b"]) == (found["before"], found["after"])


def test_added_and_removed_cells_have_one_side() -> None:
    found = made(book(a="x", b="y"), book(b="y", c="z"))["cells"]
    assert {"a", "c"} == set(found)
    assert (None, None) == (found["a"]["after"], found["c"]["before"])


def test_a_move_is_an_order() -> None:
    found = made(book(a="x", b="y"), book(b="y", a="x"))
    assert ({}, ["b", "a"]) == (found["cells"], found["after"])
    assert not patches.is_empty(found)


def test_texts_are_joined_as_an_editor_holds_them() -> None:
    before, after = book(a="x"), book(a="x\ny")
    after["cells"][0]["outputs"] = [
        {"name": "stdout", "output_type": "stream", "text": ["1\n", "2\n"]},
        {
            "data": {"application/json": ["a"], "text/plain": ["b", "c"]},
            "metadata": {},
            "output_type": "display_data",
        },
    ]
    outputs = made(before, after)["cells"]["a"]["after"]["outputs"]
    assert "1\n2\n" == outputs[0]["text"]
    assert {"application/json": ["a"], "text/plain": "bc"} == outputs[1]["data"]


def test_what_is_volatile_is_no_difference() -> None:
    before, after = book(a="x"), book(a="x")
    after["cells"][0] |= {"execution_count": 7, "metadata": {"trusted": True, "execution": {"a": 1}}}
    after["metadata"] = {"gitcollab": {"version": "0" * 40}, "language_info": {"name": "python"}}
    assert patches.is_empty(made(before, after))


def test_nobody_makes_their_own_outputs_trusted() -> None:
    before, after = book(a="x"), book(a="y", b="z")
    for cell in after["cells"]:
        cell["metadata"] = {"trusted": True, "tags": ["kept"]}
    found = made(before, after)["cells"]
    assert [{"tags": ["kept"]}] * 2 == [found[id]["after"]["metadata"] for id in ("a", "b")]


def test_a_kernel_is_its_name() -> None:
    before, after = book(a="x"), book(a="x")
    before["metadata"] = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    after["metadata"] = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
    assert patches.is_empty(made(before, after))
    after["metadata"]["kernelspec"]["name"] = "ir"
    assert ["kernelspec"] == list(made(before, after)["metadata"])


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b'{"cells": [{}]}', b'{"cells": 1}', b"[" * 100_000]
)
def test_what_is_no_notebook_with_ids_has_no_patch(data: bytes) -> None:
    assert None is patches.patch(data, as_bytes(book(a="x")))
    assert None is patches.patch(as_bytes(book(a="x")), data)


def test_repeated_ids_have_no_patch() -> None:
    twice = book(a="x")
    twice["cells"] *= 2
    assert None is made(twice, book(a="x"))


def test_a_patch_changes_neither_side() -> None:
    before, after = book(a="x"), book(a="y")
    kept = copy.deepcopy((before, after))
    made(before, after)
    assert kept == (before, after)
