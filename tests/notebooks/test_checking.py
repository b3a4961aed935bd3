from __future__ import annotations

import copy
import json
import random
import warnings
from typing import Any

import pytest

from gitcollab.notebooks import problems


@pytest.fixture(scope="session")
def nbformat() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("nbformat")


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in children:
        found += nodes(inner, (*path, key))
    return found


def spoiled(notebook: Any, seed: random.Random) -> Any:
    found = copy.deepcopy(notebook)
    path = seed.choice([path for path in nodes(found) if path])
    holder = found
    for key in path[:-1]:
        holder = holder[key]
    if seed.random() < 0.3:
        del holder[path[-1]]
    else:
        holder[path[-1]] = seed.choice([None, 1, "x", [], {}, True, -1, 1.5, ["a", "a"], "stream"])
    return found


@pytest.mark.parametrize("block", range(3))
def test_verdicts_are_those_of_nbformats_validator(making: Any, nbformat: Any, block: int) -> None:
    for seed in range(block * 60, block * 60 + 60):
        minor = 4 if seed % 3 == 0 else 5
        base = json.loads(making.triple(seed, minor)[1])
        notebook = spoiled(base, random.Random(seed)) if seed % 4 else base
        try:
            is_valid = nbformat.validator.isvalid(copy.deepcopy(notebook))
        except (AssertionError, TypeError, AttributeError, KeyError):  # it trips over what it should refuse
            is_valid = False
        assert is_valid == (problems(json.dumps(notebook).encode()) == ()), notebook


def test_ids_are_wanted_and_unique(making: Any) -> None:
    notebook = making.Maker(1).notebook(2)
    notebook["cells"][0]["id"] = notebook["cells"][1]["id"]
    assert (f"cell 1: id {notebook['cells'][1]['id']} is not unique",) == problems(making.written(notebook))
    del notebook["cells"][0]["id"]
    assert ("cell 0: id is missing",) == problems(making.written(notebook))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"nul", b"\xff", b"[" * 200_000, b'{"nbformat": 3}', b'{"nbformat": 4}']
)
def test_other_bytes_are_no_notebook(data: bytes) -> None:
    assert problems(data) != ()
