"""Gates: what stands in a notebook that should not be published, and in which cell."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as some

from gitcollab.notebooks import shortcomings

ALL = frozenset({"errors", "order", "secrets"})
ERROR = {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "", "traceback": []}
KEY = "AKIA" + "QWERTYUIOPASDFGH"  # in two pieces, so that nobody takes this file for a leak


def notebook(*cells: tuple[str, int | None, dict | None]) -> bytes:
    made = [
        {
            "cell_type": "code",
            "execution_count": count,
            "id": f"c{number}",
            "metadata": {},
            "outputs": [output] if output else [],
            "source": source,
        }
        for number, (source, count, output) in enumerate(cells)
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def told(data: bytes, *gates: str) -> list[tuple[str, str | None, str]]:
    return [(one.gate, one.cell, one.text) for one in shortcomings(data, frozenset(gates))]


def test_a_notebook_that_was_run_from_top_to_bottom_passes_all():
    assert () == shortcomings(notebook(("a", 1, None), ("", None, None), ("b", 2, None)), ALL)


def test_an_output_that_is_an_error_is_named_with_its_cell():
    data = notebook(("a", 1, None), ("1/0", 2, ERROR))
    assert [("errors", "c1", "cell 2 ends in an error: ZeroDivisionError")] == told(data, "errors")
    assert [] == told(data, "order")


def test_cells_that_were_run_in_another_order_or_not_at_all_are_named():
    data = notebook(("a", 4, None), ("b", 2, None), ("c", None, None))
    assert [
        ("order", "c0", "cell 1 was run as number 4, and would be number 1 in a fresh kernel"),
        ("order", "c2", "cell 3 was not run"),
    ] == told(data, "order")


def test_a_suspected_secret_is_named_and_not_shown():
    data = notebook((f"key = '{KEY}'", 1, None))
    ((gate, cell, text),) = told(data, "secrets")
    assert ("secrets", "c0", False) == (gate, cell, KEY in text)


def test_one_that_is_known_to_be_none_is_not_named():
    data = notebook((f"key = '{KEY}'", 1, None))
    assert () == shortcomings(data, ALL, lambda digest: True)


@given(some.binary(max_size=300) | some.just(notebook(("a", 1, {"output_type": []}))))
def test_any_bytes_get_an_answer(data):
    assert all(one.text for one in shortcomings(data, ALL))
