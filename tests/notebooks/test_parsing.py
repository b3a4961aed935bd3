from __future__ import annotations

import pytest

from gitcollab.notebooks.parsing import is_broken


@pytest.mark.parametrize("source", ["x = 1", "%timeit x", "!ls\nx?", "await f()", "%%bash\nfor x", "f(a=1)"])
def test_what_a_notebook_runs_is_not_broken(source: str) -> None:
    assert not is_broken(source)


@pytest.mark.parametrize("source", ["f(", "f(a=1, a=2)", "def f(a, a): pass", "x = \ty\n  z", "x\0"])
def test_what_no_kernel_would_run_is_broken(source: str) -> None:
    assert is_broken(source)


def test_two_sides_that_each_give_one_argument_are_not_run_together() -> None:
    from gitcollab.notebooks.sources import merged_source

    base = "f(\n    a=1,\n    b=2,\n)"
    ours, theirs = "f(\n    c=1,\n    a=10,\n    b=2,\n)", "f(\n    a=1,\n    b=20,\n    c=3,\n)"
    assert merged_source(base, ours, theirs) is None
