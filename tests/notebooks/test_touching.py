from __future__ import annotations

import pytest

from gitcollab.notebooks.touching import by_line, includes, is_commented_out

LIST = "- **age**\n- **height**\n"


def lines(text: str) -> list[bytes]:
    return text.encode().splitlines(keepends=True)


def merged(base: str, ours: str, theirs: str, before: str = "", after: str = "") -> str | None:
    found = by_line(lines(base), lines(ours), lines(theirs), around=(lines(before), lines(after)))
    return None if found is None else b"".join(found).decode()


def test_items_of_a_list_in_order_are_put_in_order() -> None:
    ours, theirs = "- **owner**\n", "- **keeper**\n"
    assert theirs + ours == merged("", ours, theirs, "- **height**\n", "- **unit**\n")
    assert theirs + ours == merged("", theirs, ours, "- **height**\n", "- **unit**\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [("- **width**\n", "- **unit**\n"), ("", "- **unit**\n"), ("Of it:\n", "- **unit**\n")],
)
def test_a_list_in_no_order_says_nothing_about_new_items(before: str, after: str) -> None:
    assert merged("", "- **owner**\n", "- **keeper**\n", before, after) is None


def test_at_the_end_of_a_list_two_items_show_that_it_is_in_order() -> None:
    assert "* y\n* z\n" == merged("", "* z\n", "* y\n", "Of it:\n* a\n* b\n", "\n")
    assert merged("", "* z\n", "* y\n", "Of it:\n* b\n* a\n", "\n") is None
    assert merged("", "* z\n", "* y\n", "Of it:\n* b\n", "\n") is None


def test_neighbouring_lines_may_each_be_edited() -> None:
    assert "f(x)\ng(y)\n" == merged("f(a)\ng(b)\n", "f(x)\ng(b)\n", "f(a)\ng(y)\n")


def test_what_one_took_out_the_other_must_not_have_edited() -> None:
    assert merged("f(a)\n", "", "f(b)\n") is None


def test_a_line_made_a_comment_is_told_from_one_that_was_one() -> None:
    assert is_commented_out(b"f(a)\n", b"  # f(a)  # no longer\n")
    assert not is_commented_out(b"# f(a)\n", b"# f(a) or so\n")
    assert not is_commented_out(b"f(a)\n", b"# g(a)\n")


def test_the_larger_change_holds_the_smaller_line_for_line() -> None:
    base, small = lines("import a\nfrom b import old_name\n"), lines("import a\nfrom b import new_name\n")
    large = lines("import z\nfrom b import new_name\nimport y\n")
    assert includes(base, large, small)
    assert not includes(base, small, large)
    assert not includes(base, [*large, b"from b import old_name\n"], small)
