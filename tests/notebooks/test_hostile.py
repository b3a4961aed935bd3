"""Any bytes at all: a result or an item that holds the file, in bounded time, and never an exception."""

from __future__ import annotations

import importlib.util
import itertools
import json
import pathlib
from types import ModuleType

import pytest

from gitcollab.notebooks import (
    as_json,
    diff,
    is_volatile,
    kinship,
    merge,
    pick,
    place,
    problems,
    stamp,
    strip,
)

PATH = pathlib.Path(__file__).parents[2] / "fixtures" / "hostile" / "notebooks.py"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hostile_notebooks", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOSTILE = loaded()
SMALL = dict(HOSTILE.small())
GOOD = HOSTILE.GOOD
OTHER = GOOD.replace(b"b = 2", b"b = 3")


@pytest.mark.parametrize("name", SMALL)
def test_a_hostile_notebook_on_any_side_is_merged(name: str) -> None:
    for sides in itertools.permutations((SMALL[name], GOOD, OTHER)):
        merged = merge(*sides)
        as_json(merged)
        assert problems(merged.notebook) == () or merged.notebook in sides or problems(sides[1])


@pytest.mark.parametrize("name", SMALL)
def test_a_hostile_notebook_is_asked_anything(name: str) -> None:
    data = SMALL[name]
    found = diff(data, GOOD), diff(GOOD, data)
    for one in found:
        one.nbdime()
        assert all(change.kind for change in one.changes)
        assert all(cell.lines() is not None and cell.outputs() is not None for cell in one.cells)
    assert 0 <= kinship(data, GOOD) <= 1
    assert is_volatile(data, data)
    assert isinstance(problems(data), tuple)
    version = strip(stamp(data, "v"))
    assert version in ((data, "v"), (data, None))
    for field in ("source", "cell", "outputs", "metadata.tags", "attachments.a"):
        pick(data, "a1", field, like=GOOD)
        place(data, "a1", field, None, like=GOOD)


def test_two_hostile_sides_are_merged() -> None:
    names = list(SMALL)
    for k, name in enumerate(names):
        merge(GOOD, SMALL[name], SMALL[names[(k + 7) % len(names)]])
        merge(SMALL[name], SMALL[names[(k + 3) % len(names)]], OTHER)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["large-output", "many-cells", "long-line", "many-equal-cells"])
def test_a_large_notebook_is_merged_like_a_small_one(name: str) -> None:
    data = next(data for found, data in HOSTILE.large() if found == name)
    ours, theirs = (data.replace(b'"metadata": {}', b'"metadata": {"x%d": 1}' % k, 1) for k in (1, 2))
    merged = merge(data, ours, theirs)
    wanted = json.loads(data)
    wanted["cells"][0]["metadata"] = {"x1": 1, "x2": 1}
    assert () == merged.contested
    assert wanted == json.loads(merged.notebook)
