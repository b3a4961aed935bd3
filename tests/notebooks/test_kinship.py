from __future__ import annotations

import json
from typing import Any

from gitcollab.notebooks import kinship


def test_an_edited_notebook_is_kin_and_a_stranger_is_not(making: Any) -> None:
    base = making.Maker(1).notebook(6)
    edited = making.Maker(1, 5, "o").edited(base, ["edit", "insert"])
    stranger = making.Maker(2, 5, "x").notebook(6)
    data, other, strange = map(making.written, (base, edited, stranger))
    assert 1.0 == kinship(data, data)
    assert kinship(data, other) > 0.8
    assert kinship(data, strange) == 0.0


def test_content_tells_where_ids_do_not(making: Any) -> None:
    base = making.Maker(1).notebook(6)
    other = json.loads(making.written(base))
    for k, cell in enumerate(other["cells"]):
        cell["id"] = f"new{k}"
    assert 1.0 == kinship(making.written(base), making.written(other))
