"""Work grows with the size of the notebook and not with its square, whatever is in it.

Only growth is looked at, as steps of the interpreter (calls, and lines, a line once for each turn of a loop in it) for
the same work on one and on four times as much: quadratic work takes sixteen times as many then, ours four to five.
Steps are the same on any machine, busy or not; how long they take is measured by tests/bench/merge.py.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

from gitcollab.notebooks import as_json, diff, is_volatile, kinship, merge, problems, residue

Cells = list[dict[str, Any]]
Triple = tuple[bytes, bytes, bytes]

TIMES = 4
MOST = 8.0
"""How many times the steps the work on TIMES as much may take: half way from linear to quadratic, in powers."""


def cell(name: str, *lines: str, **more: Any) -> dict[str, Any]:
    plain = {"cell_type": "code", "execution_count": None, "id": name, "metadata": {}, "outputs": []}
    return plain | {"source": [f"{line}\n" for line in lines]} | more


def cells(size: int, name: str = "c", seed: int = 0) -> Cells:
    chance = random.Random(f"{seed} {name}")
    return [
        cell(f"{name}{k}", *(f"value_{k}_{chance.random()} = {chance.random()}" for _ in range(3)))
        for k in range(size)
    ]


def each(making: Any, *versions: Cells, minor: int = 5) -> Triple:
    for version in versions if minor < 5 else ():
        for one in version:
            del one["id"]
    head = {"metadata": {}, "nbformat": 4, "nbformat_minor": minor}
    base, ours, theirs = (making.written(head | {"cells": version}) for version in versions)
    return base, ours, theirs


def edited(size: int, name: str) -> Cells:
    return [one | {"source": [*one["source"][:2], f"{name}\n"]} for one in cells(size)]


def disjoint(making: Any, size: int) -> Triple:
    sides = cells(size), cells(size)
    for k, side in enumerate(sides):
        for one in side[k::10]:
            one["source"][0] = "changed\n"
    return each(making, cells(size), *sides)


def all_edited_by_both(making: Any, size: int) -> Triple:
    return each(making, cells(size), edited(size, "ours"), edited(size, "theirs"))


def all_different(making: Any, size: int) -> Triple:
    return each(making, *(cells(size, seed=seed) for seed in range(3)))


def all_different_without_ids(making: Any, size: int) -> Triple:
    return each(making, *(cells(size, seed=seed) for seed in range(3)), minor=4)


def all_with_other_ids(making: Any, size: int) -> Triple:
    versions = [cells(size) for _ in range(3)]
    for name, version in zip("bot", versions, strict=True):
        for k, one in enumerate(version):
            one["id"] = f"{name}{k}"
    return each(making, *versions)


def inserted_at_one_place(making: Any, size: int) -> Triple:
    ends = cells(4, "end")
    sides = ([*ends[:2], *cells(size, name), *ends[2:]] for name in ("o", "t"))
    return each(making, ends, *sides)


def blanks_inserted_at_one_place(making: Any, size: int) -> Triple:
    ends = cells(4, "end")
    sides = ([*ends[:2], *(cell(f"{name}{k}") for k in range(size)), *ends[2:]] for name in ("o", "t"))
    return each(making, ends, *sides)


def inserted_everywhere(making: Any, size: int) -> Triple:
    old = cells(size)
    sides = ([one for pair in zip(old, cells(size, n), strict=True) for one in pair] for n in ("o", "t"))
    return each(making, old, *sides)


def shuffled(making: Any, size: int) -> Triple:
    sides = [cells(size), cells(size)]
    for seed, side in enumerate(sides):
        random.Random(seed).shuffle(side)
    return each(making, cells(size), *sides)


def equal_cells(making: Any, size: int) -> Triple:
    old = [cell(f"c{k}", "same") for k in range(size)]
    return each(
        making, old, [*old[:5], cell("o", "other"), *old[5:]], old[: size // 2] + old[size // 2 + 1 :]
    )


def equal_cells_without_ids(making: Any, size: int) -> Triple:
    old = [cell(f"c{k}", "same") for k in range(size)]
    sides = [dict(one) for one in (*old[:5], cell("o", "other"), *old[5:])], [dict(one) for one in old[1:]]
    return each(making, old, *sides, minor=4)


def split_and_edited(making: Any, size: int) -> Triple:
    old = cells(size)
    ours = [half for one in old for half in (one | {"source": one["source"][:2]}, _rest(one))]
    return each(making, old, ours, edited(size, "theirs"))


def _rest(one: dict[str, Any]) -> dict[str, Any]:
    return one | {"id": f"{one['id']}r", "source": one["source"][2:]}


def lines_of_one_cell(making: Any, size: int) -> Triple:
    lines = [f"x_{k} = foo({k}, bar={k})" for k in range(size)]
    tight, wide = ([line.replace(*pair) for line in lines] for pair in ((" = ", "="), ("(", "( ")))
    return each(making, [cell("a", *lines)], [cell("a", *tight)], [cell("a", *wide)])


def lines_wrapped_and_edited(making: Any, size: int) -> Triple:
    """Each clash by itself could be a matter of layout, and the last one is none."""
    old = [line for k in range(size) for line in (f"x_{k} = foo({k}, bar={k})", f"y_{k} = 1")]
    ours = [part for line in old for part in line.replace(", ", ",\n").split("\n")]
    theirs = [line.replace("bar", "baz") for line in old]
    return each(making, [cell("a", *old)], [cell("a", *ours, "z = 1")], [cell("a", *theirs)])


def outputs_of_one_cell(making: Any, size: int) -> Triple:
    def outputs(seed: int) -> Cells:
        text = [f"{seed} {k}\n" for k in range(4)]
        return [{"name": "stdout", "output_type": "stream", "text": [str(k), *text]} for k in range(size)]

    return each(making, *([cell("a", "x", outputs=outputs(seed))] for seed in range(3)))


def members_of_metadata(making: Any, size: int) -> Triple:
    def metadata(name: str) -> dict[str, Any]:
        return {"tags": [f"{name}{k}" for k in range(size)], "own": {f"{name}{k}": k for k in range(size)}}

    return each(making, *([cell("a", "x", metadata=metadata(name))] for name in "bot"))


CASES: dict[Callable[[Any, int], Triple], int] = {
    disjoint: 250,
    all_edited_by_both: 75,
    all_different: 30,
    all_different_without_ids: 100,
    all_with_other_ids: 200,
    inserted_at_one_place: 150,
    blanks_inserted_at_one_place: 200,
    inserted_everywhere: 100,
    shuffled: 200,
    equal_cells: 400,
    equal_cells_without_ids: 400,
    split_and_edited: 30,
    lines_of_one_cell: 400,
    lines_wrapped_and_edited: 50,
    outputs_of_one_cell: 400,
    members_of_metadata: 400,
}
"""Notebooks of any size, and the size of the small one."""


def everything(base: bytes, ours: bytes, theirs: bytes) -> None:
    """What the service does with a notebook that two sides changed."""
    merged = merge(base, ours, theirs)
    as_json(merged)
    problems(merged.notebook)
    found = diff(base, merged.notebook)
    found.nbdime()
    assert found.changes is not None
    for one in found.cells:
        one.lines(), one.outputs()
    is_volatile(base, ours)
    kinship(base, theirs)


def steps(sides: Triple) -> int:
    """Counts the interpreter's steps in the work."""
    count = 0

    def step(*_: object) -> Any:
        nonlocal count
        count += 1
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        everything(*sides)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_work_grows_as_the_notebook_does(
    making: Any, case: Callable[[Any, int], Triple], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(residue, "ask", lambda *_: None)  # another process, which has so many seconds
    small, large = case(making, CASES[case]), case(making, TIMES * CASES[case])
    everything(*small)  # what is imported when it is first needed is no part of the work
    assert steps(large) <= MOST * steps(small)
