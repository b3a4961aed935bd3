from __future__ import annotations

import base64
import json
from typing import Any

from gitcollab.notebooks import as_json, merge


def test_items_are_told_with_their_values(making: Any) -> None:
    base = making.Maker(2).notebook(1)
    sides = [json.loads(making.written(base)) for _ in range(2)]
    for side, text in zip(sides, ("ours", "theirs"), strict=True):
        side["cells"][0]["source"] = [text]
    merged = merge(*map(making.written, (base, *sides)), path="a.ipynb")
    told = json.loads(as_json(merged))
    item = told["contested"][0]
    assert (base["cells"][0]["id"], "source", "ours", "theirs", "a.ipynb") == (
        item["cell"],
        item["field"],
        item["shared"],
        item["session"],
        item["path"],
    )


def test_bytes_that_are_no_text_are_told_in_base64(making: Any) -> None:
    base, ours, _ = making.triple(1)
    merged = merge(base, ours + b" ", b"\xff\xfe")
    item = json.loads(as_json(merged))["contested"][0]
    assert ({"bytes": base64.b64encode(b"\xff\xfe").decode()}, ours.decode() + " ") == (
        item["session"],
        item["shared"],
    )
