from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gitcollab.notebooks.reading import CELL_ID
from gitcollab.notebooks.schema import check_of
from gitcollab.notebooks.shapes import is_surely_valid

ODD = (
    None,
    True,
    0,
    -1,
    1.0,
    2.5,
    "",
    "x",
    "a,b",
    [],
    ["a\n"],
    ["a", 1],
    {},
    {"a": 1},
    {"text/plain": ["x"]},
    10**30,
)
NAMES = (
    "id",
    "attachments",
    "outputs",
    "execution_count",
    "tags",
    "x",
    "name",
    "output_type",
    "data",
    "metadata",
    "text",
)


def cell(chance: random.Random) -> dict[str, Any]:
    """A valid cell of any kind."""
    found: dict[str, Any] = {"cell_type": chance.choice(("code", "markdown", "raw")), "metadata": {}}
    found |= {"source": chance.choice(("", "a\nb", [], ["a\n", "b"])), "id": "a1"}
    if found["cell_type"] == "code":
        count = chance.choice((None, 0, 7))
        data = {"text/plain": ["x"], "image/png": "AA=="}
        outputs = (
            {"output_type": "stream", "name": "stdout", "text": ["a\n"]},
            {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["a"]},
            {"output_type": "display_data", "data": data, "metadata": {"image/png": {"width": 1}}},
            {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": count},
        )
        found |= {"execution_count": count, "outputs": chance.choices(outputs, k=chance.randint(0, 3))}
    return copy.deepcopy(found)


def spoilt(value: Any, chance: random.Random) -> Any:
    """The same with something else at one place in it."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice([*value, *NAMES])
        if chance.random() < 0.2:
            return {key: part for key, part in value.items() if key != name}
        return value | {name: spoilt(value.get(name), chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        return [*value[:at], spoilt(value[at], chance), *value[at + 1 :]]
    return copy.deepcopy(chance.choice(ODD))


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**40))
def test_what_is_surely_valid_passes_the_schema(seed: int) -> None:
    chance = random.Random(seed)
    for minor in (0, 1, 2, 3, 4, 5, 6):
        for _ in range(10):
            good = cell(chance)
            if minor < 5:
                del good["id"]
            bad = spoilt(good, chance)
            assert is_surely_valid(good, minor)
            for one in (good, bad):
                has_id = isinstance(one, dict) and CELL_ID.fullmatch(str(one.get("id", "x")))
                if has_id and is_surely_valid(one, minor):
                    assert "" == check_of(minor, f"{one['cell_type']}_cell")(one), (minor, one)
