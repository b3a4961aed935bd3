"""Measures merge and diff beside warm nbdime, taking turns on the same inputs, and prints a Markdown table.

    python tests/bench/merge.py [--fast | --whole]

Times are CPU time, the least of several rounds. *floor* is parsing three versions and writing one with the same JSON
library. ``--fast`` leaves out what takes nbdime long, ``--whole`` puts in what takes it many minutes.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import io
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
warnings.simplefilter("ignore")

import nbdime  # noqa: E402
import nbformat  # noqa: E402
from nbdime.diffing.notebooks import diff_notebooks  # noqa: E402
from nbdime.merging.notebooks import merge_notebooks  # noqa: E402

from gitcollab.notebooks import diff, merge  # noqa: E402

Notebook = dict[str, Any]
Triple = tuple[bytes, bytes, bytes]

IS_FAST, IS_WHOLE = "--fast" in sys.argv, "--whole" in sys.argv


def cell(k: int, seed: random.Random, lines: int = 8) -> Notebook:
    source = [
        f"value_{k}_{n} = compute(alpha={seed.random():.4f}, name='c{seed.randrange(99)}')\n"
        for n in range(lines)
    ]
    output = {
        "name": "stdout",
        "output_type": "stream",
        "text": [f"row {n} {seed.random()}\n" for n in range(6)],
    }
    plain = {"cell_type": "code", "execution_count": k, "id": f"c{k:07d}", "metadata": {}}
    return plain | {"outputs": [output], "source": source}


def notebook(cells: list[Notebook]) -> Notebook:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def written(value: Notebook) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def triple(base: Notebook, *edits: Callable[[Notebook], object]) -> Triple:
    sides = [copy.deepcopy(base) for _ in edits]
    for side, edit in zip(sides, edits, strict=True):
        edit(side)
    return written(base), written(sides[0]), written(sides[1])


def disjoint(size: int) -> Triple:
    base = notebook([cell(k, random.Random(k)) for k in range(size)])
    step = max(2, size // 10)

    def edit(start: int, text: str) -> Callable[[Notebook], object]:
        return lambda nb: [
            nb["cells"][k]["source"].__setitem__(0, f"{text} = {k}\n") for k in range(start, size, step)
        ]

    return triple(base, edit(0, "ours"), edit(step // 2, "theirs"))


def pngs() -> Triple:
    cells = [cell(k, random.Random(k)) for k in range(40)]
    for k in range(0, 40, 4):
        image = random.Random(k).randbytes(750_000).hex()[:1_000_000]
        cells[k]["outputs"] = [{"data": {"image/png": image}, "metadata": {}, "output_type": "display_data"}]
    return triple(
        notebook(cells),
        lambda nb: nb["cells"][1]["source"].__setitem__(0, "ours = 1\n"),
        lambda nb: nb["cells"][2]["source"].__setitem__(0, "theirs = 1\n"),
    )


def frame(seed: int) -> list[Notebook]:
    rows = [f"<tr><td>{random.Random(seed + k).random()}</td></tr>\n" for k in range(40)]
    return [
        {"data": {"text/html": rows}, "execution_count": 1, "metadata": {}, "output_type": "execute_result"}
    ]


def one(source: str, **more: Any) -> Notebook:
    return notebook([cell(0, random.Random(0)) | {"source": source.splitlines(True)} | more])


def pathological() -> dict[str, Triple]:
    lines = [f"x_{k} = foo({k}, bar={k})" for k in range(1000)]
    line = "".join(random.Random(1).choice("abc def(),") for _ in range(50_000))
    tight, wide = ("\n".join(text.replace(*pair) for text in lines) for pair in ((" = ", "="), ("(", "( ")))
    return {
        "DataFrame of 40 rows, re-run by both": tuple(
            written(one("df", outputs=frame(k))) for k in (1, 100, 200)
        ),  # type: ignore[dict-item]
        "1000 lines, reformatted by both": (
            written(one("\n".join(lines))),
            written(one(tight)),
            written(one(wide)),
        ),
        "50 kB line, edited by both": (
            written(one(line)),
            written(one(f"{line[:100]}OURS{line[100:]}")),
            written(one(f"{line[:40_000]}THEIRS{line[40_000:]}")),
        ),
    }


# --- measuring -----------------------------------------------------------------------------------------------------


def by_nbdime(sides: Triple) -> object:
    base, ours, theirs = (nbformat.reads(side.decode(), as_version=4) for side in sides)
    merged, decisions = merge_notebooks(base, ours, theirs)
    with contextlib.suppress(Exception):  # it may have made what cannot be written
        nbformat.writes(merged)
    return decisions


def floor(sides: Triple) -> object:
    parsed = [json.loads(side) for side in sides]
    return json.dumps(parsed[0], indent=1, sort_keys=True, ensure_ascii=False).encode()


def by_git(sides: Triple) -> object:
    with tempfile.TemporaryDirectory() as place:
        paths = [pathlib.Path(place) / name for name in ("base", "ours", "theirs")]
        for path, side in zip(paths, sides, strict=True):
            path.write_bytes(side)
        base, ours, theirs = map(str, paths)
        return subprocess.run(
            ["git", "merge-file", "-p", ours, base, theirs], capture_output=True, check=False
        )


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = sum(time.process_time() for _ in (0,)) + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        work()
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - start


def least(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least CPU seconds of each, taking turns; what takes more than 5 s is run once."""
    found = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            if found[name] == float("inf") or found[name] < 5:
                found[name] = min(found[name], seconds(work))
    return found


def merge_row(name: str, sides: Triple, target: str, rounds: int = 3, has_nbdime: bool = True) -> None:
    works: dict[str, Callable[[], object]] = {
        "merge": lambda: merge(*sides),
        "floor": lambda: floor(sides),
        "git": lambda: by_git(sides),
    }
    if has_nbdime:
        works["nbdime"] = lambda: by_nbdime(sides)
    took = least(works, rounds)
    ratio = f"{took['nbdime'] / took['merge']:.0f}x" if has_nbdime else "-"
    other = f"{took['nbdime'] * 1000:.0f}" if has_nbdime else "-"
    own, low = took["merge"] * 1000, took["floor"] * 1000
    print(
        f"| {name} | {own:.1f} | {other} | {ratio} | {target} | {own / low:.2f} | {took['git'] * 1000:.1f} |",
        flush=True,
    )


def diff_row(size: int, target: str, rounds: int) -> None:
    before, after, _ = disjoint(size)
    old, new = (nbformat.reads(side.decode(), as_version=4) for side in (before, after))
    took = least({"diff": lambda: diff(before, after), "nbdime": lambda: diff_notebooks(old, new)}, rounds)
    own, other = took["diff"] * 1000, took["nbdime"] * 1000
    print(
        f"| diff, {size} cells | {own:.1f} | {other:.0f} | {other / own:.0f}x | {target} | - | - |",
        flush=True,
    )


def memory() -> None:
    sides = pngs()
    for _ in range(5):
        merge(*sides)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(145):
        merge(*sides)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"\nMemory after 150 merges of a notebook with 1 MB images: {grown:+.1f} MB (wanted: at most +20).")


def main() -> None:
    print(
        f"nbdime {nbdime.__version__}, nbformat {nbformat.__version__}, Python {sys.version.split()[0]}; CPU time\n"
    )
    memory_sides = disjoint(10)
    by_nbdime(memory_sides)
    print("| work | ms | nbdime ms | ratio | wanted | to floor (<= 1.6) | git merge-file ms |")
    print("|---|---|---|---|---|---|---|")
    for size, target in ((10, ">= 30x"), (100, ">= 50x"), (500, ">= 100x"), (2000, ">= 200x")):
        merge_row(f"merge, {size} cells", disjoint(size), target, 5, not (IS_FAST and size > 500))
    merge_row("merge, 40 cells, 10 x 1 MB png", pngs(), ">= 20x", 3)
    for name, sides in pathological().items():
        merge_row(name, sides, "<= 2 x floor + 20 ms", 3, IS_WHOLE)
    for size, target in ((100, ">= 60x"), (500, ">= 150x"), (2000, ">= 600x")):
        if not (IS_FAST and size > 500):
            diff_row(size, target, 3)
    small, large = disjoint(1000), disjoint(4000)
    took = least({"1000": lambda: merge(*small), "4000": lambda: merge(*large)}, 5)
    print(f"\nGrowth t(4000 cells) / t(1000 cells): {took['4000'] / took['1000']:.1f} (wanted: at most 5).")
    memory()


if __name__ == "__main__":
    main()
