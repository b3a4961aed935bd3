"""What is seen of a change where the save is told."""

from __future__ import annotations

from gitcollab.model import CellChange
from gitcollab.web.peek import peeks


def change(before: str, after: str, kind: str = "source") -> CellChange:
    return CellChange(kind=kind, cell="a b", before=before, after=after)


def test_changed_lines_are_shown_with_what_changed_in_them() -> None:
    (peek,) = peeks([change("x = 1\ny = 2\n", "x = 1\ny = 3\n")])
    assert [("\u2212", "y = <mark>2</mark>"), ("+", "y = <mark>3</mark>")] == peek.lines
    assert (0, "#cell-a%20b") == (peek.more, peek.anchor)


def test_a_long_change_is_counted_and_cut() -> None:
    (peek,) = peeks([change("", "line\n" * 30)])
    assert (4, 27) == (len(peek.lines), peek.more)


def test_other_changes_have_nothing_to_peek_at() -> None:
    assert [] == peeks([change("a", "b", "outputs"), change("a", "b", "moved"), change("a", "a")])


def test_hostile_text_stays_text() -> None:
    (peek,) = peeks([change("", "<script>\u202e")])
    assert "&lt;script&gt;⟦U+202E⟧" == peek.lines[0][1]
