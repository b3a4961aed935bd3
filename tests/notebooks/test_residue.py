from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
import time
import warnings
from typing import Any

import pytest

from gitcollab.notebooks import merge, problems, residue


def test_nbdime_decides_lists_in_metadata(making: Any) -> None:
    base = making.Maker(5).notebook(1)
    sides = []
    for at, name in ((0, "first"), (2, "last")):
        side = json.loads(making.written(base))
        side["metadata"]["authors"] = [{"name": "a"}, {"name": "b"}]
        side["metadata"]["authors"].insert(at, {"name": name})
        sides.append(making.written(side))
    base["metadata"]["authors"] = [{"name": "a"}, {"name": "b"}]
    merged = merge(making.written(base), *sides)
    assert () == merged.contested
    names = [author["name"] for author in json.loads(merged.notebook)["metadata"]["authors"]]
    assert ["first", "a", "b", "last"] == names


def test_a_conflict_goes_to_a_person() -> None:
    assert "contested" == residue.combined([1, 2], [1, 3], [1, 4], "contested")


def test_a_question_without_an_answer_in_time_costs_the_process_and_no_more() -> None:
    question = json.dumps({"decide": [[["x" * 40 + str(i) for i in range(3000)]]] * 3}).encode()
    start = time.monotonic()
    assert residue.ask(question, patience=0.0) is None
    assert time.monotonic() - start < residue.START
    assert [0, 1] == residue.combined([1], [0, 1], [1], "none")


def test_old_formats_are_read_through_nbformats_converter() -> None:
    cell = {
        "cell_type": "code",
        "input": "x = 1",
        "language": "python",
        "collapsed": False,
        "metadata": {},
        "outputs": [],
    }
    heading = {"cell_type": "heading", "level": 2, "metadata": {}, "source": "Title"}

    def old(*inputs: str) -> bytes:
        cells = [heading, *({**cell, "input": text} for text in inputs)]
        sheet = {"cells": cells, "metadata": {}}
        return json.dumps(
            {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [sheet]}
        ).encode()

    merged = merge(old("x = 1", "y = 2"), old("x = 10", "y = 2"), old("x = 1", "y = 20"))
    assert ((), ()) == (merged.contested, problems(merged.notebook))
    assert ["notebook.nbformat"] == [note.field for note in merged.noted if note.cell is None]
    assert ["## Title", "x = 10", "y = 20"] == [
        "".join(c["source"]) for c in json.loads(merged.notebook)["cells"]
    ]


def test_the_internal_names_that_are_used_are_there() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
        used = {
            ("nbdime.merging.generic", "decide_merge_with_diff"): [
                "base",
                "local",
                "remote",
                "local_diff",
                "remote_diff",
            ],
            ("nbdime.merging.decisions", "apply_decisions"): ["base", "decisions"],
            ("nbdime.diffing.generic", "diff"): ["a", "b"],
            ("nbformat", "convert"): ["nb", "to_version"],
            ("nbformat.reader", "reads"): ["s"],
        }
        for (module, name), wanted in used.items():
            found = list(inspect.signature(getattr(importlib.import_module(module), name)).parameters)
            assert wanted == found[: len(wanted)]
        notebooks = importlib.import_module("nbdime.diffing.notebooks")
    caches = [value for value in vars(notebooks).values() if hasattr(value, "cache_clear")]
    assert len(caches) >= 2  # what gitcollab.notebooks.asked.forget empties


@pytest.mark.parametrize("name", ["nbformat", "nbdime", "typer", "pygit2"])
def test_importing_the_room_loads_nothing_heavy(name: str) -> None:
    script = f"import sys; import gitcollab.notebooks; sys.exit({name!r} in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", script], check=False).returncode
