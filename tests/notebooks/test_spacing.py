from __future__ import annotations

import pytest

from gitcollab.notebooks.spacing import is_layout, laid_out_like

LAYOUT = [
    ("wrapped", "f(a, b)", "f(\n    a,\n    b,\n)"),
    ("quotes", "f('a')", 'f("a")'),
    ("spaces", "x=1", "x = 1"),
    ("prose that is filled anew", "One two three\nfour.", "One two\nthree four."),
]
MORE = [
    ("a word", "f(a, b)", "f(\n    a,\n    c,\n)"),
    ("nothing", "f(a)", "f(a)"),
    ("another indentation", "if a:\n    b()\nc()", "if a:\n    b()\n    c()"),
    ("a comma that makes a tuple", "x = (1)", "x = (1,)"),
    ("prose whose lines begin otherwise", "- one two", "-\n  one two"),
    ("quotes within a string", 'x = "it\'s"', "x = 'it\"s'"),
]


@pytest.mark.parametrize(("why", "before", "after"), LAYOUT[:3], ids=[row[0] for row in LAYOUT[:3]])
def test_what_parses_to_the_same_is_layout(why: str, before: str, after: str) -> None:
    assert is_layout(before, after, (before, after), must_parse=True)


@pytest.mark.parametrize(("why", "before", "after"), MORE, ids=[row[0] for row in MORE])
def test_what_says_more_is_not(why: str, before: str, after: str) -> None:
    assert not is_layout(before, after, (before, after))


def test_prose_has_to_begin_its_lines_alike() -> None:
    _, before, after = LAYOUT[3]
    assert not is_layout(before, after, (before, after))
    assert is_layout("One  two.", "One two.", ("One  two.", "One two."))
    assert not is_layout("One  two.", "One two.", ("One  two.", "One two."), must_parse=True)


@pytest.mark.parametrize(
    ("before", "laid_out", "edited", "both"),
    [
        ("f(a, b)", "f(\n    a,\n    b,\n)", "f(a, c)", "f(\n    a,\n    c,\n)"),
        ("f(a, b)", "f(\n    a,\n    b,\n)", "f(a, b, c)", "f(\n    a,\n    b, c\n)"),
        ("f(a, b=1)", "f(\n    a, b=1\n)", "f(a)", "f(\n    a\n)"),
        ("f(a, b)", "f(a,\n  b)", "f(\n    a, b\n)", None),
        ("One  two.", "One two.", "One  three.", "One three."),
        ("f('a b')", 'f("a b")', "f('c b')", 'f("c b")'),
        ("f('a b')", 'f("a b")', "f('a' 'b')", None),
    ],
)
def test_an_edit_goes_into_the_layout_that_the_other_side_made(
    before: str, laid_out: str, edited: str, both: str | None
) -> None:
    assert both == laid_out_like(before, laid_out, edited)


def test_a_layout_never_changes_what_an_edit_means() -> None:
    rest = "if x:\n", "\n"
    before, laid_out, edited = "    a(1)\n    b()", "    a( 1 )\n    b()", "    a(2)\nb()"
    assert "    a( 2 )\nb()" == laid_out_like(before, laid_out, edited, rest)
