"""Three versions of a notebook, of any size and kind: what the merge bench works on."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Notebook = dict[str, Any]
Triple = tuple[bytes, bytes, bytes]


def cell(k: int, seed: random.Random, lines: int = 8) -> Notebook:
    """A code cell with a source of a few lines and an output of as many."""
    source = [
        f"value_{k}_{n} = compute(alpha={seed.random():.4f}, name='c{seed.randrange(99)}')\n"
        for n in range(lines)
    ]
    text = [f"row {n} {seed.random()}\n" for n in range(6)]
    return short(k, *source, outputs=[{"name": "stdout", "output_type": "stream", "text": text}])


def short(k: int, *lines: str, **more: Any) -> Notebook:
    """A code cell with nothing but its lines."""
    plain = {"cell_type": "code", "execution_count": k, "id": f"c{k:07d}", "metadata": {}, "outputs": []}
    return plain | {"source": list(lines)} | more


def notebook(cells: list[Notebook]) -> Notebook:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def written(value: Notebook) -> bytes:
    """The bytes that Jupyter saves."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def triple(base: Notebook, *edits: Callable[[Notebook], object]) -> Triple:
    sides = [copy.deepcopy(base) for _ in edits]
    for side, edit in zip(sides, edits, strict=True):
        edit(side)
    return written(base), written(sides[0]), written(sides[1])


def each(*sides: list[Notebook]) -> Triple:
    base, ours, theirs = (written(notebook(side)) for side in sides)
    return base, ours, theirs


def without_ids(sides: Triple) -> Triple:
    """The same in nbformat 4.4, in which most notebooks that there are have been saved."""
    found = [json.loads(side) for side in sides]
    for side in found:
        side["nbformat_minor"] = 4
        for one in side["cells"]:
            del one["id"]
    base, ours, theirs = map(written, found)
    return base, ours, theirs


def disjoint(size: int) -> Triple:
    """Each side edits ten other cells (of ten cells: five)."""
    base = notebook([cell(k, random.Random(k)) for k in range(size)])
    step = max(2, size // 10)

    def edit(start: int, text: str) -> Callable[[Notebook], object]:
        return lambda nb: [
            nb["cells"][k]["source"].__setitem__(0, f"{text} = {k}\n") for k in range(start, size, step)
        ]

    return triple(base, edit(0, "ours"), edit(step // 2, "theirs"))


def pngs() -> Triple:
    """40 cells, ten of them with an image of a megabyte."""
    cells = [cell(k, random.Random(k)) for k in range(40)]
    for k in range(0, 40, 4):
        image = random.Random(k).randbytes(750_000).hex()[:1_000_000]
        cells[k]["outputs"] = [{"data": {"image/png": image}, "metadata": {}, "output_type": "display_data"}]
    return triple(
        notebook(cells),
        lambda nb: nb["cells"][1]["source"].__setitem__(0, "ours = 1\n"),
        lambda nb: nb["cells"][2]["source"].__setitem__(0, "theirs = 1\n"),
    )


def pathological() -> Iterator[tuple[str, Triple]]:
    """What nbdime takes seconds to minutes for, and what is hostile."""
    yield "DataFrame of 40 rows, re-run by both", each(*([_frame(k)] for k in (1, 100, 200)))
    lines = [f"x_{k} = foo({k}, bar={k})\n" for k in range(1000)]
    tight, wide = ([line.replace(*pair) for line in lines] for pair in ((" = ", "="), ("(", "( ")))
    yield "1000 lines, reformatted by both", each(*([short(0, *text)] for text in (lines, tight, wide)))
    for name, size in (("50 kB", 50_000), ("1 MB", 1_000_000)):
        line = "".join(random.Random(1).choice("abc def(),") for _ in range(size))
        ours, theirs = f"{line[:100]}OURS{line[100:]}", f"{line[:-900]}THEIRS{line[-900:]}"
        yield f"{name} line, edited by both", each(*([short(0, text)] for text in (line, ours, theirs)))
    yield "50 MB output, untouched", _large_output()
    yield "50 MB output, re-run by both", each(*([short(0, "x", outputs=_rows(name))] for name in "bot"))
    yield "100,000 cells", _many_cells(100_000)
    yield "20,000 equal cells without ids", without_ids(_equal_cells(20_000))
    yield "1000 cells, each edited by both", _edited_by_both(1000)
    yield "1000 cells, all different", each(*(_cells(1000, name, name) for name in "bot"))
    yield "1000 cells, all different, same ids", each(*(_cells(1000, name) for name in "bot"))
    ends = _cells(4, "end")
    yield "2000 cells inserted by both", each(ends, *([*ends, *_cells(2000, n, n)] for n in "ot"))
    yield "10,000-deep nesting", tuple(_nested(10_000 + k) for k in range(3))  # type: ignore[misc]


def _frame(seed: int) -> Notebook:
    rows = [f"<tr><td>{random.Random(seed + k).random()}</td></tr>\n" for k in range(40)]
    result = {"execution_count": 1, "metadata": {}, "output_type": "execute_result"}
    return short(0, "df", outputs=[result | {"data": {"text/html": rows}}])


def _rows(name: str) -> list[Notebook]:
    text = [f"{name}{k:098d}\n" for k in range(500_000)]
    return [{"data": {"text/plain": text}, "metadata": {}, "output_type": "display_data"}]


def _large_output() -> Triple:
    base = notebook([short(0, "a\n", "b\n", "c\n", outputs=_rows("b"))])
    return triple(
        base,
        lambda nb: nb["cells"][0]["source"].__setitem__(0, "A\n"),
        lambda nb: nb["cells"][0]["metadata"].__setitem__("x", 1),
    )


def _many_cells(size: int) -> Triple:
    base = notebook([short(k, f"x = {k}") for k in range(size)])
    return triple(
        base,
        lambda nb: nb["cells"][3]["metadata"].__setitem__("x", 1),
        lambda nb: nb["cells"][size - 5]["metadata"].__setitem__("x", 1),
    )


def _equal_cells(size: int) -> Triple:
    base = notebook([short(k, "same") for k in range(size)])
    return triple(
        base, lambda nb: nb["cells"].insert(5, short(size, "other")), lambda nb: nb["cells"].pop(size // 2)
    )


def _cells(size: int, seed: str, name: str = "c") -> list[Notebook]:
    chance = random.Random(seed)
    return [
        short(k, *(f"v{chance.randrange(10**9)} = f({chance.random()})\n" for _ in range(6)), id=f"{name}{k}")
        for k in range(size)
    ]


def _edited_by_both(size: int) -> Triple:
    def edit(line: int, text: str) -> Callable[[Notebook], object]:
        return lambda nb: [one["source"].__setitem__(line, f"{text} = 1\n") for one in nb["cells"]]

    return triple(
        notebook([cell(k, random.Random(k)) for k in range(size)]), edit(0, "ours"), edit(5, "theirs")
    )


def _nested(depth: int) -> bytes:
    return written(notebook([short(0, "a")]))[:-3] + b', "x": ' + b"[" * depth + b"]" * depth + b"}"
