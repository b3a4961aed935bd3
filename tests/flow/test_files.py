"""One file of any type: which engine merges it, and what a lab's own driver may do."""

from __future__ import annotations

import pytest

from gitcollab import notebooks
from gitcollab.flow.files import FileMerge, Merger, merge_file
from gitcollab.notebooks import drivers

BASE, SHARED, SESSION = b"a,1\nb,1\n", b"a,2\nb,1\n", b"a,1\nb,3\n"


def never(base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: notebooks.Policy) -> notebooks.Merge:
    raise AssertionError("must not be called here")


@pytest.fixture
def _driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "installed", lambda: (drivers.Row("*.csv", never),))


def answering(merged: notebooks.Merge) -> Merger:
    """A merger that has been asked for exactly this file."""

    def merger(base: bytes, ours: bytes, theirs: bytes, *, path: str) -> notebooks.Merge:
        assert (BASE, SHARED, SESSION, "data/t.csv") == (base, ours, theirs, path)
        return merged

    return merger


@pytest.mark.usefixtures("_driver")
def test_a_labs_driver_merges_what_its_pattern_matches() -> None:
    merged = merge_file("data/t.csv", (BASE, SHARED, SESSION), answering(notebooks.Merge(notebook=b"rows")))
    assert FileMerge(data=b"rows") == merged
    assert b"A\nb\nc\nD\n" == merge_file("t.txt", (b"a\nb\nc\nd\n", b"A\nb\nc\nd\n", b"a\nb\nc\nD\n")).data


@pytest.mark.usefixtures("_driver")
def test_what_a_driver_cannot_decide_is_one_item_of_the_whole_file() -> None:
    row = notebooks.Contested(
        id="1", path="", cell=None, field="row b", base="1", shared="1", session="3", reason="row b differs"
    )
    answer = notebooks.Merge(notebook=b"half merged", contested=(row, row))
    merged = merge_file("data/t.csv", (BASE, SHARED, SESSION), answering(answer))
    assert (SHARED, ["file"], ["row b differs"]) == (
        merged.data,
        [spot.field for spot in merged.contested],
        [spot.reason for spot in merged.contested],
    )


@pytest.mark.usefixtures("_driver")
def test_a_driver_is_not_asked_where_one_side_alone_changed_the_file() -> None:
    for sides in ((BASE, SHARED, BASE), (BASE, BASE, SHARED), (BASE, SHARED, SHARED)):
        assert FileMerge(data=SHARED) == merge_file("data/t.csv", sides)
