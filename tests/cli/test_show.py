"""Printing: tables, JSON, and characters that must not reach a terminal."""

from __future__ import annotations

import pytest

from gitcollab.cli import show
from gitcollab.errors import Unusable


def test_columns_are_aligned_and_a_cell_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    show.table([("a", "long\ntext"), ("abc", "x")], "nothing")
    assert "a    long text\nabc  x\n" == capsys.readouterr().out


def test_nothing_is_said_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    show.table([], "nothing there")
    assert ("", "nothing there\n") == tuple(capsys.readouterr())


def test_an_error_says_its_candidates_and_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    show.complain(Unusable("several\x1b[2J", "name one", candidates=["c1", "c2"]))
    assert "gitcollab: several\\x1b[2J\n  c1\n  c2\n  name one\n" == capsys.readouterr().err


def test_bytes_become_text_where_they_are_and_base64_where_not() -> None:
    assert '"é"'.encode().decode() != show.as_text(b"\xc3\xa9")  # JSON is ASCII
    assert '"\\u00e9"' == show.as_text("é".encode())
    assert '{\n "bytes": "/w=="\n}' == show.as_text(b"\xff")
