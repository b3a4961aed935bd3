"""nbgrader's assignments: whatever an instructor and a student do meanwhile, every merge is one, and no locked cell
and no grade is lost or made up. The rules are those of nbgrader's metadata, schema version 3; where nbgrader itself
is installed, it is asked, too.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from gitcollab.notebooks import merge, place, problems

Notebook = dict[str, Any]
Cell = dict[str, Any]
Act = Callable[[Notebook], None]


def cell(id: str, kind: str, source: str, **grading: Any) -> Cell:
    """A cell as nbgrader's toolbar makes it."""
    said = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    made: Cell = {"cell_type": kind, "id": id, "metadata": {}, "source": source.splitlines(True)}
    if grading:
        made["metadata"] = {"nbgrader": {**said, "grade_id": f"cell-{id}", **grading}}
    if grading.get("locked"):
        made["metadata"] |= {"deletable": False, "editable": False}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def assignment() -> Notebook:
    """One of each kind: read-only, autograded answer and tests, manually graded answer, task, and a free cell."""
    answer = "def squares(n):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
    tests = 'assert squares(2) == [1, 4]\nassert squares(0) == []\nprint("squares hold")\n'
    return {
        "cells": [
            cell("intro", "markdown", "# Squares\n\nReturn the first n squares.\n", locked=True),
            cell("free", "code", "import math\n"),
            cell("squares", "code", answer, solution=True),
            cell("tests", "code", tests, grade=True, locked=True, points=2),
            cell("why", "markdown", "YOUR ANSWER HERE\n", grade=True, solution=True, points=3),
            cell("plot", "markdown", "Plot the first ten of them.\n", task=True, locked=True, points=4),
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def named(notebook: Notebook, id: str) -> Cell:
    return next(
        each for each in notebook["cells"] if each["metadata"].get("nbgrader", {}).get("grade_id") == id
    )


def grading(notebook: Notebook) -> dict[str, Any]:
    """What nbgrader knows of each cell, by its grade id."""
    told = [each["metadata"]["nbgrader"] for each in notebook["cells"] if "nbgrader" in each["metadata"]]
    return {one["grade_id"]: one for one in told}


def says(id: str, text: str) -> Act:
    def act(notebook: Notebook) -> None:
        named(notebook, id)["source"] = text.splitlines(True)

    return act


def grades(id: str, **changed: Any) -> Act:
    return lambda notebook: named(notebook, id)["metadata"]["nbgrader"].update(changed)


def drops(id: str) -> Act:
    return lambda notebook: notebook["cells"].remove(named(notebook, id))


def moves(id: str, to: int) -> Act:
    def act(notebook: Notebook) -> None:
        one = named(notebook, id)
        notebook["cells"].remove(one)
        notebook["cells"].insert(to, one)

    return act


def adds(id: str, at: int, **grading: Any) -> Act:
    return lambda notebook: notebook["cells"].insert(
        at, cell(id, "code", f"{id} = 1  # of my own\n", **grading)
    )


def runs(notebook: Notebook) -> None:
    for count, one in enumerate((each for each in notebook["cells"] if each["cell_type"] == "code"), 1):
        stream = {"output_type": "stream", "name": "stdout", "text": ["ran\n"]}
        one |= {"execution_count": count, "outputs": [stream]}


def releases(notebook: Notebook) -> None:
    """What generate_assignment leaves behind: a checksum and the type in each graded cell."""
    for each in notebook["cells"]:
        if "nbgrader" in each["metadata"]:
            told = {"checksum": f"{len(each['source']):032x}", "cell_type": each["cell_type"]}
            each["metadata"]["nbgrader"] |= told


SOLVED = "def squares(n):\n    return [k * k for k in range(1, n + 1)]\n"
STUDENT: dict[str, Act] = {
    "solves": says("cell-squares", SOLVED),
    "explains": says("cell-why", "They grow fast.\n\nThe differences are odd.\n"),
    "edits a locked cell": says("cell-tests", "assert True\n"),
    "edits a line of a locked cell": says(
        "cell-tests", 'assert squares(2) == [1, 4]\nassert squares(0) == []\nprint("all is well")\n'
    ),
    "deletes a locked cell": drops("cell-tests"),
    "moves a locked cell": moves("cell-tests", 1),
    "adds a cell between answer and tests": adds("mine", 3),
    "runs it": runs,
    "deletes what is nobody's": lambda notebook: notebook["cells"].pop(1) and None,
}
INSTRUCTOR: dict[str, Act] = {
    "corrects the tests": says(
        "cell-tests", 'assert squares(3) == [1, 4, 9]\nassert squares(0) == []\nprint("squares hold")\n'
    ),
    "gives more points": grades("cell-tests", points=5),
    "renames a grade": grades("cell-tests", grade_id="cell-tests-2"),
    "unlocks": grades("cell-tests", locked=False),
    "rewrites the question": says(
        "cell-intro", "# Squares\n\nReturn the first n square numbers as a list.\n"
    ),
    "changes the stub": says(
        "cell-squares", "def squares(n, /):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
    ),
    "adds a test": adds("more", 4, grade=True, locked=True, points=1),
    "deletes the tests": drops("cell-tests"),
    "moves the task": moves("cell-plot", 0),
    "releases it": releases,
}


def as_bytes(notebook: Notebook) -> bytes:
    return json.dumps(notebook, indent=1, sort_keys=True).encode() + b"\n"


def after(base: Notebook, *acts: Act) -> Notebook:
    made = copy.deepcopy(base)
    for act in acts:
        act(made)
    return made


def faults(notebook: Notebook) -> list[str]:
    """What nbgrader would not take (its MetadataValidatorV3, and the check that grade ids are unique)."""
    found, ids = [], []
    for each in notebook["cells"]:
        told = each["metadata"].get("nbgrader")
        if told is None:
            continue
        ids.append(told.get("grade_id"))
        found += [
            f"no {name}"
            for name in ("grade_id", "grade", "solution", "locked", "schema_version")
            if name not in told
        ]
        if (told["grade"] or told["task"]) and not isinstance(told.get("points"), int | float):
            found.append(f"{told['grade_id']} has no points")
        if each["cell_type"] == "markdown" and told["grade"] and not told["solution"] and not told["task"]:
            found.append(f"{told['grade_id']} is graded and no solution")
        if told.get("cell_type", each["cell_type"]) != each["cell_type"]:
            found.append(f"{told['grade_id']} has changed its type")
    return found + [f"{id} twice" for id in sorted(set(ids)) if ids.count(id) > 1]


@pytest.mark.parametrize("instructor", INSTRUCTOR)
@pytest.mark.parametrize("landing", ["student", "instructor"])
def test_every_merge_is_an_assignment_whose_grades_are_one_sides_whole(instructor: str, landing: str) -> None:
    base = assignment()
    for student in itertools.chain(STUDENT, itertools.combinations(STUDENT, 2)):
        names = (student,) if isinstance(student, str) else student
        if {"edits a locked cell", "edits a line of a locked cell", "deletes a locked cell"} & set(
            names[:-1]
        ):
            continue  # the second act is of the same cell, which may be gone
        one, other = after(base, *(STUDENT[name] for name in names)), after(base, INSTRUCTOR[instructor])
        ours, theirs = (other, one) if landing == "student" else (one, other)
        merged = merge(as_bytes(base), as_bytes(ours), as_bytes(theirs))
        found = json.loads(merged.notebook)
        assert ([], ()) == (faults(found), problems(merged.notebook)), names
        sides = [grading(base), grading(one), grading(other)]
        for id, told in grading(found).items():
            assert told in [side.get(id) for side in sides], (names, id)
        kept = {id for id in grading(base) if id in grading(one) and id in grading(other)}
        assert kept <= set(grading(found)), names


def test_what_a_student_writes_into_a_locked_cell_never_meets_a_correction_of_it_unseen() -> None:
    base = assignment()
    corrected = after(base, INSTRUCTOR["corrects the tests"])
    merged = merge(as_bytes(base), as_bytes(corrected), as_bytes(after(base, STUDENT["edits a locked cell"])))
    (item,) = merged.contested
    assert ("tests", "source") == (item.cell, item.field)
    assert (
        named(corrected, "cell-tests")["source"] == named(json.loads(merged.notebook), "cell-tests")["source"]
    )


@pytest.mark.parametrize("act", ["corrects the tests", "gives more points", "renames a grade", "unlocks"])
def test_a_locked_cell_that_one_deletes_and_the_other_changes_stays_and_is_asked_about(act: str) -> None:
    base = assignment()
    changed, without = after(base, INSTRUCTOR[act]), after(base, STUDENT["deletes a locked cell"])
    for ours, theirs in ((changed, without), (without, changed)):
        merged = merge(as_bytes(base), as_bytes(ours), as_bytes(theirs))
        assert [("tests", "cell")] == [(item.cell, item.field) for item in merged.contested]
        assert changed["cells"][3] in json.loads(merged.notebook)["cells"]


def test_two_who_change_a_grade_are_asked_and_either_answer_is_whole() -> None:
    base = assignment()
    one, other = (after(base, grades("cell-tests", points=points)) for points in (3, 5))
    merged = merge(as_bytes(base), as_bytes(one), as_bytes(other))
    (item,) = merged.contested
    assert ("tests", "metadata.nbgrader") == (item.cell, item.field)
    for value in (item.shared, item.session):
        settled = json.loads(place(merged.notebook, "tests", "metadata.nbgrader", value))
        assert ([], value) == (faults(settled), grading(settled)["cell-tests"])


def test_cells_without_ids_are_known_by_their_grade_ids() -> None:
    """nbformat 4.4, as older nbgraders write it: answers are written anew, and cells come between."""
    base = assignment()
    wanted = "import numpy\n\ndef squares(n):\n    return (numpy.arange(n) + 1) ** 2\n"
    student = after(base, says("cell-squares", wanted), adds("mine", 2), says("cell-why", "Because.\n"))
    instructor = after(base, adds("more", 2), grades("cell-squares", points=1, grade=True))
    merged = merge(*(as_bytes(without_ids(one)) for one in (base, instructor, student)))
    found = json.loads(merged.notebook)
    assert ((), []) == (merged.contested, faults(found))
    assert wanted == "".join(named(found, "cell-squares")["source"])
    assert 1 == grading(found)["cell-squares"]["points"]
    assert len(base["cells"]) + 2 == len(found["cells"])


def without_ids(notebook: Notebook) -> Notebook:
    made = copy.deepcopy(notebook) | {"nbformat_minor": 4}
    for each in made["cells"]:
        del each["id"]
    return made
