from __future__ import annotations

import json
from typing import Any

from gitcollab.notebooks import merge


def variant(making: Any, **sources: str) -> bytes:
    notebook = making.Maker(3).notebook(3)
    for k, text in sources.items():
        notebook["cells"][int(k[1:])]["source"] = text.splitlines(True)
    return bytes(making.written(notebook))


def sources(data: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(data)["cells"]]


def test_the_base_that_a_side_still_has_decides(making: Any) -> None:
    """Both sides know both bases: the one that has a base's cell chose it, and the other side's edit is newer."""
    bases = [variant(making, c0="one"), variant(making, c0="two")]
    merged = merge(bases, variant(making, c0="two", c1="ours"), variant(making, c0="three"))
    assert () == merged.contested
    assert ["three", "ours"] == sources(merged.notebook)[:2]


def test_sides_that_each_kept_another_base_are_contested(making: Any) -> None:
    bases = [variant(making, c0="one thing"), variant(making, c0="another matter")]
    merged = merge(
        bases, variant(making, c0="one thing", c1="x"), variant(making, c0="another matter", c2="y")
    )
    assert ["source"] == [item.field for item in merged.contested]


def test_the_order_of_the_bases_does_not_matter(making: Any) -> None:
    bases = [variant(making, c0="one"), variant(making, c1="two")]
    sides = variant(making, c0="one", c1="ours"), variant(making, c0="theirs", c1="two")
    assert merge(bases, *sides).notebook == merge(bases[::-1], *sides).notebook


def test_no_base_at_all_keeps_both(making: Any) -> None:
    merged = merge([], variant(making, c0="x"), making.written(making.Maker(4).notebook(2)))
    assert 5 == len(sources(merged.notebook))
