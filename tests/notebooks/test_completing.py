from __future__ import annotations

import json
from typing import Any

import pytest

from gitcollab.notebooks import merge, problems


def book(*cells: dict[str, Any], minor: int = 4) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}).encode()


def code(source: str, *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "outputs": list(outputs),
        "source": source,
    }
    return found | more


FAULTS = [
    code("x", {"output_type": "error"}),
    code("x", {"output_type": "execute_result", "data": {"text/plain": "1"}}),
    code("x", {"output_type": "stream", "text": "1"}),
    code("x", {"output_type": "display_data", "data": {}}),
    code("x", {"output_type": "display_data", "data": {}, "metadata": {}, "toolTransient": {"id": 1}}),
    code("x", id="a"),
    {"cell_type": "markdown", "metadata": {}, "source": "x", "outputs": [], "execution_count": None},
    code("x", language="python"),
]


@pytest.mark.parametrize("cell", FAULTS, ids=str)
def test_what_a_tool_left_out_of_one_cell_holds_up_no_other(cell: dict[str, Any]) -> None:
    base = book(code("x"), code("y"))
    merged = merge(base, book(code("x"), code("y = 2")), book(cell, code("y")))
    assert () == merged.contested
    assert () == problems(merged.notebook)
    assert ["x", "y = 2"] == ["".join(c["source"]) for c in json.loads(merged.notebook)["cells"]]


def test_what_an_output_does_say_is_kept() -> None:
    said = {"output_type": "error", "evalue": "too small", "traceback": ["a", "b"]}
    merged = merge(book(code("x")), book(code("x"), code("y")), book(code("x", said)))
    output = json.loads(merged.notebook)["cells"][0]["outputs"][0]
    assert said | {"ename": ""} == output


def test_what_nobody_can_put_right_is_one_item_of_the_file() -> None:
    odd = book(code("x", {"output_type": "stream", "text": 5}), code("y"))
    merged = merge(book(code("x"), code("y")), book(code("x"), code("y = 2")), odd)
    assert ["file"] == [item.field for item in merged.contested]
