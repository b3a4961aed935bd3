from __future__ import annotations

import pytest

from gitcollab.notebooks.sources import merged_source

BOTH = [
    (
        "edits of neighbouring lines",
        "a = 1\nb = 2\n",
        "a = 10\nb = 2\n",
        "a = 1\nb = 20\n",
        "a = 10\nb = 20\n",
    ),
    (
        "a line added behind one that was edited",
        "f(x)\ng(y)",
        "f(x, 1)\ng(y)",
        "f(x)\nh(z)\ng(y)",
        "f(x, 1)\nh(z)\ng(y)",
    ),
    ("blank line at the end", "a\nb", "a\nb\n", "a\nc", "a\nc"),
    (
        "the same and more",
        "",
        "see the docs\n",
        "see the docs\nand the code\n",
        "see the docs\nand the code\n",
    ),
    (
        "words apart in one line",
        "the old way of it\n",
        "the new way of it\n",
        "the old way of that\n",
        "the new way of that\n",
    ),
    (
        "indented by one",
        "f(a)\nf(b)",
        "if x:\n    f(a)\n    f(b)",
        "f(a)\nf(b, 2)",
        "if x:\n    f(a)\n    f(b, 2)",
    ),
    (
        "imports at one place",
        "import a\n\nx()",
        "import a\nimport c\n\nx()",
        "import a\nimport b\n\nx()",
        "import a\nimport b\nimport c\n\nx()",
    ),
]
CONTESTED = [
    ("one word", "x = 1", "x = 2", "x = 3"),
    ("lines added at one place", "a", "a\nours()", "a\ntheirs()"),
    ("a line that the other one took out", "a\nb\nc", "a\nc", "a\nb2\nc"),
    ("rewritten", "a\nb", "one\ntwo", "three\nfour"),
    ("no word between", "f(a)", "f(a, b)", "f(a, c)"),
    ("one name imported from two places", "x\ny\nz", "from a import n\nx\ny\nz", "x\ny\nz\nfrom b import n"),
    ("what is left is no Python", "if a:\n    b()\n", "if a:\n    b()\n    c()\n", "b()\n"),
    ("a very long line", "x " * 4000, "y " + "x " * 3999, "x " * 3999 + "y "),
]


@pytest.mark.parametrize(("why", "base", "ours", "theirs", "merged"), BOTH, ids=[row[0] for row in BOTH])
def test_edits_that_only_touch_are_both_kept(
    why: str, base: str, ours: str, theirs: str, merged: str
) -> None:
    assert merged == merged_source(base, ours, theirs)
    assert merged == merged_source(base, theirs, ours)


@pytest.mark.parametrize(("why", "base", "ours", "theirs"), CONTESTED, ids=[row[0] for row in CONTESTED])
def test_edits_of_one_place_are_contested(why: str, base: str, ours: str, theirs: str) -> None:
    assert merged_source(base, ours, theirs) is None
    assert merged_source(base, theirs, ours) is None
