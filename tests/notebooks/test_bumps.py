"""The suggested version number: what breaks, what is added, what is mended."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gitcollab.model import Bump
from gitcollab.notebooks import suggested_bump

MAJOR, MINOR, HOTFIX = Bump.MAJOR, Bump.MINOR, Bump.HOTFIX


def notebook(
    *sources: str, tags: tuple[str, ...] = (), outputs: tuple = (), language: str = "python"
) -> bytes:
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {"tags": list(tags)},
            "outputs": list(outputs),
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    metadata = {"kernelspec": {"name": "k", "display_name": "K", "language": language}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.mark.parametrize(
    ("before", "after", "bump", "text"),
    [
        ("def f(): pass", "", MAJOR, "function f is gone"),
        ("def f(a): pass", "def f(): pass", MAJOR, "function f no longer takes a"),
        ("def f(a): pass", "def f(*rest): pass", MINOR, "function f also takes rest"),
        ("def f(*, a): pass", "def f(**more): pass", MINOR, "function f also takes more"),
        ("def f(a): pass", "def f(a, b): pass", MAJOR, "function f now needs b"),
        ("def f(a): pass", "def f(a, b=1): pass", MINOR, "function f also takes b"),
        ("def f(a=1): pass", "def f(a): pass", MAJOR, "function f now needs a"),
        ("def f(a, b): pass", "def f(b, a): pass", MAJOR, "function f takes its arguments in another order"),
        ("def f(a, b): pass", "def f(a, *, b): pass", MAJOR, "function f takes b by name only"),
        ("def f(a): pass", "def f(a, /): pass", MAJOR, "function f takes a by place only"),
        (
            "def f(a): return 1",
            "def f(a): return 2",
            HOTFIX,
            "nothing that others rely on was added or is gone",
        ),
        ("class A: pass", "", MAJOR, "class A is gone"),
        (
            "class A:\n def g(self): pass",
            "class A:\n def g(self, x): pass",
            MAJOR,
            "function A.g now needs x",
        ),
        ("class A:\n @staticmethod\n def g(x): 0", "class A:\n @staticmethod\n def g(): 0", MAJOR, None),
        ("", "def f(): pass", MINOR, "function f is new"),
        ("RATE = 1", "", MAJOR, "constant RATE is gone"),
        ("RATE = 1", "RATE = 2", HOTFIX, "constant RATE has another value"),
        ("#| export\nrate = 1", "#| export\n", MAJOR, "constant rate is gone"),
        ("rate = 1", "", HOTFIX, None),
        ("def _f(): pass", "", HOTFIX, None),
        ("%matplotlib inline\ndef f(): pass", "def f(): pass", HOTFIX, None),
        ("def f(): pass", "def f(:", MAJOR, "function f is gone"),
    ],
)
def test_what_a_change_of_code_asks_for(before, after, bump, text):
    found = suggested_bump(notebook(before), notebook(after))
    assert bump is found.bump
    assert text is None or text == found.reasons[0].text


def test_a_parameter_that_is_gone_breaks_and_a_new_default_mends():
    old, new = (
        notebook("year = 1\nplace = 'x'", tags=("parameters",)),
        notebook("year = 2", tags=("parameters",)),
    )
    found = suggested_bump(old, new)
    assert [(MAJOR, "parameter place is gone"), (HOTFIX, "parameter year has another value")] == [
        (one.bump, one.text) for one in found.reasons
    ]


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"application/scrapbook.scrap.json+json": {"name": "rmse", "data": 1}}, "result rmse is gone"),
        ({"image/png": "AAAA"}, "the figure of cell c0 is gone"),
    ],
)
def test_results_and_figures_that_are_gone_break(output, text):
    shown = {"output_type": "display_data", "metadata": {}, "data": output}
    found = suggested_bump(notebook("x", outputs=(shown,)), notebook("x"))
    assert (MAJOR, text) == (found.bump, found.reasons[0].text)
    assert "c0" == found.reasons[0].cell


def test_the_same_notebook_asks_for_nothing():
    assert None is suggested_bump(notebook("def f(): pass"), notebook("def f(): pass")).bump


def test_code_that_is_not_python_is_not_read_and_that_is_said():
    found = suggested_bump(notebook("f <- 1", language="R"), notebook("g <- 1", language="R"))
    assert (HOTFIX, "its code is not Python, and was not looked into") == (found.bump, found.reasons[0].text)


@pytest.mark.parametrize(
    "source", ["(" * 90_000, "-" * 90_000 + "1", "\0", "x" * 2_000_000, "\ud800 = 1", "a." * 9_000]
)
def test_hostile_code_is_read_as_nothing(source):
    found = suggested_bump(notebook("def f(): pass"), notebook("def f(): pass", source))
    assert HOTFIX is found.bump


@given(some.binary(max_size=200), some.binary(max_size=200))
def test_any_bytes_get_an_answer(before, after):
    assert suggested_bump(before, after).bump in (None, MAJOR, MINOR, HOTFIX)
