from __future__ import annotations

from typing import Any

import pytest

from gitcollab.notebooks import Merge, Policy, driver_of, drivers, has_driver, merge, merge_file


def test_a_notebook_is_merged_by_cell_and_a_text_by_line(making: Any) -> None:
    sides = making.triple(9)
    assert merge(*sides, path="a/b.ipynb") == merge_file(*sides, path="a/b.ipynb")
    assert b"A\nb\nC\n" == merge_file(b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nC\n", path="x.py").notebook


def test_a_contested_hunk_keeps_the_shared_lines() -> None:
    merged = merge_file(b"a\n", b"b\n", b"c\n", path="x.py")
    assert (b"b\n", [("lines", b"a\n", b"b\n", b"c\n")]) == (
        merged.notebook,
        [(item.field, item.base, item.shared, item.session) for item in merged.contested],
    )


def test_a_binary_is_kept_whole() -> None:
    merged = merge_file(b"\0a", b"\0b", b"\0c", path="x.bin")
    assert (b"\0b", ["file"]) == (merged.notebook, [item.field for item in merged.contested])


def longest(base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy) -> Merge:
    return Merge(notebook=max(ours, theirs, key=len))


def broken(base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy) -> Merge:
    raise RuntimeError("no idea")


def test_a_lab_adds_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (drivers.Row("*.csv", longest), drivers.Row("*.tsv", broken))
    monkeypatch.setattr(drivers, "installed", lambda: rows)
    assert longest is driver_of("data/Table.CSV")
    assert (True, False) == (has_driver("data/Table.CSV"), has_driver("data/table.txt"))
    assert b"ccc" == merge_file(b"a", b"b", b"ccc", path="t.csv").notebook
    failed = merge_file(b"a", b"b", b"c", path="t.tsv")
    assert (b"b", "RuntimeError in the merge driver: no idea") == (
        failed.notebook,
        failed.contested[0].reason,
    )


def test_notebooks_are_merged_by_nobody_else(making: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        drivers, "installed", lambda: (drivers.Row("*", broken), drivers.Row("*.ipynb", broken))
    )
    sides = making.triple(9)
    assert not has_driver("a.ipynb")
    assert merge(*sides, path="a.ipynb") == merge_file(*sides, path="a.ipynb")


@pytest.mark.parametrize(
    "garbage",
    [None, b"text", Merge(notebook="text"), Merge(notebook=b"", contested=(5,)), Merge(notebook=object())],  # type: ignore[arg-type]
)
def test_garbage_from_a_driver_is_a_file_level_item(monkeypatch: pytest.MonkeyPatch, garbage: Any) -> None:
    monkeypatch.setattr(drivers, "installed", lambda: (drivers.Row("*.csv", lambda *_, **__: garbage),))
    merged = merge_file(b"a", b"b", b"c", path="t.csv")
    assert (b"b", ["file"]) == (merged.notebook, [item.field for item in merged.contested])
    assert "in the merge driver: " in merged.contested[0].reason
