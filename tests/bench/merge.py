"""Measures merge and diff beside warm nbdime, taking turns on the same inputs, and prints Markdown tables.

    python tests/bench/merge.py [--fast | --whole]

Times are CPU time: the least of several rounds, each of as many calls as take a few hundredths of a second. Ratios are
the medians of the rounds' own ratios, in which both were measured one right after the other. *floor* is parsing three
versions and writing one. ``--fast`` leaves out what takes nbdime long, ``--whole`` puts in what takes it many minutes.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
warnings.simplefilter("ignore")

import msgspec  # noqa: E402
import nbdime  # noqa: E402
import nbformat  # noqa: E402
from nbdime.diffing.notebooks import diff_notebooks  # noqa: E402
from nbdime.merging.notebooks import merge_notebooks  # noqa: E402
from triples import Triple, disjoint, pathological, pngs, without_ids  # noqa: E402

from gitcollab.notebooks import diff, merge  # noqa: E402
from gitcollab.notebooks.diffing import compared  # noqa: E402
from gitcollab.notebooks.reading import Known, read_any  # noqa: E402

Work = Callable[[], object]
Took = dict[str, list[float]]
"""Seconds of one call, in each round."""

IS_FAST, IS_WHOLE = "--fast" in sys.argv, "--whole" in sys.argv
ENOUGH = 0.03
"""Seconds that a measurement should take."""
LONG = 5.0
"""Seconds of one call beyond which it is measured once."""


# --- what is measured ----------------------------------------------------------------------------------------------


def read_by_nbformat(data: bytes) -> object:
    return nbformat.reads(data.decode(), as_version=4)


def by_nbdime(sides: Triple) -> object:
    merged, decisions = merge_notebooks(*map(read_by_nbformat, sides))
    with contextlib.suppress(Exception):  # it may have made what cannot be written
        nbformat.writes(merged)
    return decisions


def floor(sides: Triple) -> object:
    """Reading and writing with Python's json module."""
    parsed = [json.loads(side) for side in sides]
    return json.dumps(parsed[0], indent=1, sort_keys=True, ensure_ascii=False).encode()


def fast_floor(sides: Triple) -> object:
    """The same with msgspec."""
    parsed = [msgspec.json.decode(side) for side in sides]
    return msgspec.json.format(msgspec.json.encode(parsed[0], order="sorted"), indent=1)


def by_git(sides: Triple) -> object:
    with tempfile.TemporaryDirectory() as place:
        paths = [pathlib.Path(place) / name for name in ("base", "ours", "theirs")]
        for path, side in zip(paths, sides, strict=True):
            path.write_bytes(side)
        base, ours, theirs = map(str, paths)
        return subprocess.run(
            ["git", "merge-file", "-p", ours, base, theirs], capture_output=True, check=False
        )


# --- measuring -----------------------------------------------------------------------------------------------------


def now() -> float:
    """CPU seconds of this process and of those that it started."""
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def seconds(work: Work, calls: int) -> float:
    gc.collect()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        start = now()
        for _ in range(calls):
            work()
        return (now() - start) / calls


def measured(works: dict[str, Work], rounds: int) -> Took:
    """Measures each, taking turns; the first round only tells how many calls a measurement wants."""
    first = {name: seconds(work, 1) for name, work in works.items()}
    calls = {name: max(1, round(ENOUGH / max(took, 1e-5))) for name, took in first.items()}
    found: Took = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(first[name] if first[name] > LONG else seconds(work, calls[name]))
    return found


def ms(took: list[float]) -> float:
    return min(took) * 1000


def ratio(a: list[float], b: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(a, b, strict=True))


# --- tables --------------------------------------------------------------------------------------------------------


def merge_row(name: str, sides: Triple, target: str, has_nbdime: bool = True) -> None:
    works: dict[str, Work] = {
        "merge": lambda: merge(*sides),
        "floor": lambda: floor(sides),
        "fast": lambda: fast_floor(sides),
        "git": lambda: by_git(sides),
    }
    if has_nbdime:
        works["nbdime"] = lambda: by_nbdime(sides)
    took = measured(works, 5)
    other = f"{ms(took['nbdime']):.0f}" if has_nbdime else "-"
    times = f"{ratio(took['nbdime'], took['merge']):.0f}x" if has_nbdime else "-"
    own, low, fast = (took[name] for name in ("merge", "floor", "fast"))
    floors = f"{ratio(own, low):.2f} | {ratio(own, fast):.2f}"
    print(
        f"| {name} | {ms(own):.2f} | {other} | {times} | {target} | {floors} | {ms(took['git']):.1f} |",
        flush=True,
    )


def merge_table() -> None:
    print(
        "| merge | ms | nbdime ms | ratio | wanted | to floor (<= 1.6) | to msgspec's floor | git merge-file ms |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for size, target in ((10, ">= 30x"), (100, ">= 50x"), (500, ">= 100x"), (2000, ">= 200x")):
        is_long = size > 500
        merge_row(f"{size} cells", disjoint(size), target, not (IS_FAST and is_long))
    for size, target in ((10, ">= 30x"), (100, ">= 50x"), (500, ">= 100x")):
        is_long = size > (10 if IS_FAST else 100)
        merge_row(f"{size} cells without ids", without_ids(disjoint(size)), target, IS_WHOLE or not is_long)
    merge_row("40 cells, 10 x 1 MB png", pngs(), ">= 20x")


def bound_table() -> None:
    print("\n| merge of what is hard | ms | 2 x floor + 20 ms | git merge-file ms |")
    print("|---|---:|---:|---:|")
    for name, sides in pathological():
        works: dict[str, Work] = {"merge": lambda s=sides: merge(*s), "git": lambda s=sides: by_git(s)}  # type: ignore[misc]
        is_readable = b"[" * 5000 not in sides[0]
        if is_readable:
            works["floor"] = lambda s=sides: floor(s)  # type: ignore[misc]
        took = measured(works, 3)
        bound = 2 * ms(took["floor"]) + 20 if is_readable else 20.0
        own = ms(took["merge"])
        mark = "" if own <= bound else " (over)"
        print(f"| {name} | {own:.1f}{mark} | {bound:.0f} | {ms(took['git']):.1f} |", flush=True)


def diff_table() -> None:
    print(
        "\n| diff | with reading, ms | nbdime ms | ratio | compared only, ms | nbdime ms | ratio | wanted |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    rows = [
        (f"{size} cells", disjoint(size), wanted) for size, wanted in ((100, 60), (500, 150), (2000, 600))
    ]
    rows.insert(1, ("100 cells without ids", without_ids(disjoint(100)), 60))
    for name, (before, after, _), wanted in rows:
        if IS_FAST and len(before) > 10**6:
            continue
        old, new = (read_by_nbformat(side) for side in (before, after))
        ours = [read_any(side, Known()) for side in (before, after)]
        works: dict[str, Work] = {
            "bytes": lambda a=before, b=after: diff(a, b),  # type: ignore[misc]
            "nbdime bytes": lambda a=before, b=after: diff_notebooks(*map(read_by_nbformat, (a, b))),  # type: ignore[misc]
            "read": lambda sides=ours: compared(*sides),  # type: ignore[misc]
            "nbdime read": lambda a=old, b=new: diff_notebooks(a, b),  # type: ignore[misc]
        }
        took = measured(works, 3)
        texts = [
            f"{ms(took[k]):.2f} | {ms(took[f'nbdime {k}']):.0f} | {ratio(took[f'nbdime {k}'], took[k]):.0f}x"
            for k in ("bytes", "read")
        ]
        print(f"| {name} | {texts[0]} | {texts[1]} | >= {wanted}x |", flush=True)


def growth() -> None:
    small, large = disjoint(1000), disjoint(4000)
    took = measured({"1000": lambda: merge(*small), "4000": lambda: merge(*large)}, 5)
    print(
        f"\nGrowth t(4000 cells) / t(1000 cells): {ratio(took['4000'], took['1000']):.1f} (wanted: at most 5)."
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


def peaks() -> None:
    """How much memory the hard ones take at their height, beside the floor."""
    print("\n| at its height, MB | bytes in | merge | floor |")
    print("|---|---:|---:|---:|")
    for name, sides in pathological():
        if sum(map(len, sides)) > 10**7:
            own, low = (peak(work, sides) for work in (lambda s: merge(*s), floor))
            print(f"| {name} | {sum(map(len, sides)) >> 20} | {own} | {low} |", flush=True)


def peak(work: Callable[[Triple], object], sides: Triple) -> int:
    """Megabytes that a process of its own takes on top of what it begins with."""
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        with open(reader, "rb") as file:
            found = int(file.read())
        os.waitpid(child, 0)
        return found
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the height so far is forgotten (proc(5))
    before = height()
    work(sides)
    os.write(writer, str((height() - before) >> 10).encode())
    os._exit(0)


def height() -> int:
    """Kilobytes of memory that this process has had at most."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    load = ", ".join(f"{one:.0f}" for one in os.getloadavg())
    versions = (
        f"nbdime {nbdime.__version__}, nbformat {nbformat.__version__}, Python {sys.version.split()[0]}"
    )
    print(f"{versions}; CPU time; load {load} on {os.cpu_count()} cores\n")
    by_nbdime(disjoint(10))  # warm
    merge_table()
    bound_table()
    diff_table()
    growth()
    memory()
    if not IS_FAST:
        peaks()


if __name__ == "__main__":
    main()
