"""Which of many changed files stand on their page at once."""

from __future__ import annotations

from gitcollab.model import CellChange, FileChange
from gitcollab.web.pages.changes import CELLS, FILES, PREFIX, Listed, chosen, prefix_of
from gitcollab.web.pages.shape import Shape


def listed(path: str, cells: int = 0, **shape: str) -> Listed:
    made = tuple(CellChange(kind="source", cell=f"c{number}") for number in range(cells))
    return Listed(
        FileChange(path=path, kind="changed", cells=made), "/c/x/diff/1..2", "/c/x/diff/a..b", Shape.of(shape)
    )


def test_the_first_files_are_chosen_and_one_that_is_too_large_waits() -> None:
    small = [listed(f"{number}.txt") for number in range(FILES + 3)]
    assert small[:FILES] == list(chosen(small))
    large = listed("large.ipynb", CELLS + 1)
    assert small[:FILES] == list(chosen([large, *small]))
    half = [listed(f"{number}.ipynb", CELLS // 2) for number in range(3)]
    assert half[:2] == list(chosen(half))


def test_a_file_is_fetched_from_an_address_that_lasts_and_shows_it_as_the_page_does() -> None:
    file = listed("a b.txt", view="unified")
    assert f"/c/x/diff/1..2/a%20b.txt?view=unified&under={prefix_of('a b.txt')}" == file.part
    assert "/c/x/diff/a..b/a%20b.txt" == file.own
    assert PREFIX.fullmatch(prefix_of("a b.txt"))
    assert prefix_of("a") != prefix_of("b")
    assert "&" not in listed("a.txt").part
