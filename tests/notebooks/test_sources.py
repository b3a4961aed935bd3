from __future__ import annotations

import pytest

from gitcollab.notebooks.sources import LAID_OUT, Sourced, merged_source, sourced

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
        "a semicolon at the end",
        "show(a)",
        "show(a);",
        "show(b)",
        "show(b);",
    ),
    (
        "only wrapped anew by one",
        "f(one=1, two=2, three=3, four=4)\ng()\n",
        "f(\n    one=1,\n    two=2,\n    three=3,\n    four=4,\n)\ng()\n",
        "f(one=1, two=5, three=3, four=4)\ng()\n",
        "f(\n    one=1,\n    two=5,\n    three=3,\n    four=4,\n)\ng()\n",
    ),
    (
        "quoted otherwise by one",
        "save(x, 'data', 'old.gif')\n",
        'save(x, "data", "old.gif")\n',
        "save(x, 'data', 'new.gif')\n",
        'save(x, "data", "new.gif")\n',
    ),
    (
        "a larger set of the same imports",
        "from a import old, b\n",
        "from c import d\nfrom a import b\n",
        "from a import b\nfrom c import (\n    d,\n    e,\n)\n",
        "from a import b\nfrom c import (\n    d,\n    e,\n)\n",
    ),
    (
        "the same edit, and lines around it at the end",
        "both = prepare(simulator, prior)",
        "prior = checked(prior)\nboth = simulator, prior",
        "# checked\nprior = checked(prior)\nboth = simulator, prior\ncompare(simulator, prior)",
        "# checked\nprior = checked(prior)\nboth = simulator, prior\ncompare(simulator, prior)",
    ),
    (
        "the same line and a larger rewriting",
        "import a\nfrom b import old_name\nimport c\n",
        "import a\nfrom b import new_name\nimport c\n",
        "import z\nfrom b import new_name\nfrom d import e\n",
        "import z\nfrom b import new_name\nfrom d import e\n",
    ),
    (
        "a blank line where the other one wrote something",
        "one()\ntwo()\n",
        "one()\n# and then\ntwo()\n",
        "one()\n\ntwo()\n",
        "one()\n# and then\ntwo()\n",
    ),
    (
        "indented by one, edited by the other",
        "if a:\n    b()\nc()",
        "if a:\n    b()\n    c()",
        "if a:\n    b()\nc(1)\nd()",
        "if a:\n    b()\n    c(1)\nd()",
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
    (
        "one name imported on several lines",
        "x\ny\nz",
        "from a import n\nx\ny\nz",
        "x\ny\nz\nfrom b import (\n  n,\n)",
    ),
    ("one name for two things", "import a\n", "import a\nfrom b import x\n", "import a\nfrom c import x\n"),
    ("what is left is no Python", "if a:\n    b()\n", "if a:\n    b()\n    c()\n", "b()\n"),
    ("a line commented out", "f(a)\ng()", "# f(a)\ng()", "f(b)\ng()"),
    ("one version", "v = '1.5.0-dev'", "v = '1.5.0'", "v = '1.6.0-dev'"),
    (
        "a line that went, kept alive in a larger rewriting",
        "from a import b, c\n\nx = [1, 2]\n",
        "x = [\n    first(1),\n    2,\n]\n",
        "from a import c, b\n\nx = [\n    first(1),\n    2,\n]\n",
    ),
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


def test_what_only_one_side_said_is_told_with_its_reason() -> None:
    base, laid_out, edited = "f('a b')\ng()", 'f(\n    "a b",\n)\ng()', "f('a' 'b')\ng()"
    found = sourced(base, laid_out, edited)  # with the other quotes these are no two strings
    assert Sourced(edited, LAID_OUT) == found


def test_of_two_layouts_of_one_text_the_one_that_somebody_made_is_taken() -> None:
    laid_out = "x = (\n    one(1)\n    .two(NEW)\n    .three(3)\n)"
    edited = "x = (one(1)\n     .two(NEW)\n     .three(3))"
    base = "x = (one(1)\n     .two(OLD)\n     .three(3))"
    assert laid_out == merged_source(base, laid_out, edited) == merged_source(base, edited, laid_out)
