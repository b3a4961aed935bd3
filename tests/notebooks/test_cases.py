"""Every numbered case of the manual: fixtures/merge, each with what it must become and why."""

from __future__ import annotations

import json
import pathlib

import pytest

from gitcollab.notebooks import Merge, merge, problems

FOLDER = pathlib.Path(__file__).parents[2] / "fixtures" / "merge"
CASES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def sides(case: str) -> tuple[bytes, bytes, bytes]:
    base, ours, theirs = (
        (FOLDER / case / f"{side}.ipynb").read_bytes() for side in ("base", "ours", "theirs")
    )
    return base, ours, theirs


def told(merged: Merge) -> str:
    verdict = "contested" if merged.contested else "clean"
    items = [f"\n- contested: {item.field}" for item in merged.contested]
    return f"Verdict: {verdict}\n" + "".join(
        items + [f"\n- noted: {n.field}, {n.taken}" for n in merged.noted]
    )


@pytest.mark.parametrize("case", CASES)
def test_a_case_becomes_what_its_fixture_says(case: str) -> None:
    merged = merge(*sides(case))
    assert (FOLDER / case / "merged.ipynb").read_bytes() == merged.notebook
    assert (FOLDER / case / "why.md").read_text().partition("Verdict")[2].strip() == told(merged)[7:].strip()


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_valid_and_the_same_from_the_other_side(case: str) -> None:
    base, ours, theirs = sides(case)
    merged, mirrored = merge(base, ours, theirs), merge(base, theirs, ours)
    if any(item.field == "file" for item in merged.contested):
        assert merged.notebook == ours
        return
    assert problems(merged.notebook) == ()
    assert sorted(item.id for item in merged.contested) == sorted(item.id for item in mirrored.contested)
    names = [
        [cell.get("id") for cell in json.loads(one.notebook.decode("utf-8-sig"))["cells"]]
        for one in (merged, mirrored)
    ]
    assert names[0] == names[1]
