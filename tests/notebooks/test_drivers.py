from __future__ import annotations

from typing import Any

import pytest

from gitcollab.notebooks import Merge, Policy, driver_of, drivers, merge, merge_file


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


def test_a_lab_adds_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def longest(base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy) -> Merge:
        return Merge(notebook=max(ours, theirs, key=len))

    def broken(base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy) -> Merge:
        raise RuntimeError("no idea")

    rows = (drivers.Row("*.csv", longest), drivers.Row("*.tsv", broken))
    monkeypatch.setattr(drivers, "installed", lambda: rows)
    assert longest is driver_of("data/Table.CSV")
    assert b"ccc" == merge_file(b"a", b"b", b"ccc", path="t.csv").notebook
    failed = merge_file(b"a", b"b", b"c", path="t.tsv")
    assert (b"b", "RuntimeError in the merge driver: no idea") == (
        failed.notebook,
        failed.contested[0].reason,
    )
