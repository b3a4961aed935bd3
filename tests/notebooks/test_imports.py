from __future__ import annotations

import pytest

from gitcollab.notebooks.imports import imports_in, is_imported_twice, one_side_of

BASE = "from a import b, c\n"


def test_statements_are_read_by_the_names_they_give() -> None:
    text = "import os.path as p, sys\nfrom . import (\n    x,\n    y as z,\n)\n  import k  # why\nprint(1)"
    assert [
        [("", "", "os.path", "p"), ("", "", "sys", "sys")],
        [("", ".", "x", "x"), ("", ".", "y", "z")],
    ] == [list(statement) for statement in imports_in(text)]


@pytest.mark.parametrize(
    ("ours", "theirs", "one"),
    [
        ("from a import c\n", "from a import b, c, d\n", None),
        ("from a import b, c, d\n", "from a import b, c, d, e\n", "from a import b, c, d, e\n"),
        ("from a import c\n", "from a import (\n    b,\n    c,\n)\n", "from a import (\n    c,\n)\n"),
        ("from a import b\nfrom a import c\n", "from a import c, b\n", "from a import b\nfrom a import c\n"),
        ("from a import b, c, d\n", "from a import b, c\nfrom x import d\n", None),
        ("from a import b, c, d\n", "from a import b, c\nprint(b)\n", None),
        ("import z\n", "import z\nfrom new import b, c\n", None),
        ("from a import b, c, d\n", "from a import b  # not c\n", None),
    ],
)
def test_of_imports_the_side_is_taken_that_has_what_both_did(ours: str, theirs: str, one: str | None) -> None:
    assert one == one_side_of(BASE, ours, theirs) == one_side_of(BASE, theirs, ours)


@pytest.mark.parametrize(
    ("merged", "is_twice"),
    [
        ("from a import n\nfrom b import n\n", True),
        ("from a import n\ndef f():\n    from b import n\n", False),
        ("from b import n\n", False),
    ],
)
def test_a_name_is_imported_twice_if_no_side_does_so(merged: str, is_twice: bool) -> None:
    assert is_twice == is_imported_twice(merged, "from a import n\n", "    from b import n\n")
