from __future__ import annotations

import pytest

from gitcollab.notebooks.wording import LONG_LINE, merged_words

BOTH = [
    ("a word each", "the old way of it", "the new way of it", "the old way of that", "the new way of that"),
    ("a sign between", "a.f(x)", "a.g(x)", "b.f(x)", "b.g(x)"),
    ("the same and one more", "f(a, b, c)", "f(x, b, c)", "f(x, b, y)", "f(x, b, y)"),
    ("space and words", "{a:b,c}", "{a: b, c}", "{a:x,c}", "{a: x, c}"),
    ("space at the end", "f(a)  \n", "f(a)\n", "f(b)  \n", "f(b)\n"),
    ("quotes and another string", "f('a', b)", 'f("a", b)', "f('a', b, 'c')", "f(\"a\", b, 'c')"),
    ("two spacings", "a  =  b", "a = b", "a   =   b", "a   =   b"),
    (
        "an address and what is around it",
        "see http://a.org/x now",
        "look http://a.org/x now",
        "see http://b.org/x now",
        "look http://b.org/x now",
    ),
    ("one address edited alike", "f('a/b.c', d)", "f('a/x.c', d)", "f('a/x.c', e)", "f('a/x.c', e)"),
    (
        "a word of the line again",
        "the rate of it and more",
        "the rate of the day and more",
        "the rate of it and the rest",
        "the rate of the day and the rest",
    ),
    ("a whole number", "n = 10; m = 20", "n = 11; m = 20", "n = 10; m = 21", "n = 11; m = 21"),
]
NEITHER = [
    ("one word in two ways", "x = 1", "x = 2", "x = 3"),
    ("no sign between", "f(a)", "f(a, b)", "f(a, c)"),
    ("an insertion at an edit", "f(a)", "f(a, b)", "f(c)"),
    ("one version", "v1.5.0-dev", "v1.5.0", "v1.6.0-dev"),
    ("quotes around and between", "f('a b')", 'f("a b")', "f('a' 'b')"),
    ("one operator", "a == b", "a != b", "a >= b"),
    ("one argument, written by both", "f(a, b=1, c=2)", "f(a, size=1, b=1, c=2)", "f(a, b=1, c=2, size=3)"),
    ("one option, written by both", "run -q x y", "run --fast -q x y", "run -q x y --fast"),
    ("one address", "get('http://a.org/x/b')", "get('http://c.org/x/b')", "get('http://a.org/x/d')"),
    ("one name in quotes", "f('data/old/a.csv')", "f('data/new/a.csv')", "f('data/old/b.csv')"),
    ("signs of a formula", "$p_0^n$", "$p_1^n$", "$q_0^n$"),
    ("the space behind a word that went", "a b", "a  b", "b"),
    ("a line that nobody can survey", "x " * LONG_LINE, "y " + "x " * LONG_LINE, "x " * LONG_LINE + "y"),
]


@pytest.mark.parametrize(("why", "base", "ours", "theirs", "merged"), BOTH, ids=[row[0] for row in BOTH])
def test_edits_that_stand_apart_are_both_kept(
    why: str, base: str, ours: str, theirs: str, merged: str
) -> None:
    assert merged == merged_words(base, ours, theirs)
    assert merged == merged_words(base, theirs, ours)


@pytest.mark.parametrize(("why", "base", "ours", "theirs"), NEITHER, ids=[row[0] for row in NEITHER])
def test_edits_that_touch_are_not_combined(why: str, base: str, ours: str, theirs: str) -> None:
    assert merged_words(base, ours, theirs) is None
    assert merged_words(base, theirs, ours) is None
