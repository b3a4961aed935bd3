"""`gitcollab diff` on files."""

from __future__ import annotations

import json
from pathlib import Path


def test_the_cells_that_changed_are_shown_with_their_lines(typed, book) -> None:
    book("a.ipynb", one="x = 1\ny = 1", two="z = 1")
    book("b.ipynb", one="x = 1\ny = 2", three="w = 1")
    done = typed("diff", "a.ipynb", "b.ipynb")
    assert 0 == done.returncode
    assert ["-y = 1", "+y = 2"] == [line.strip() for line in done.stdout.splitlines() if "y =" in line]
    assert "+ added    three" in done.stdout
    assert "- removed  two" in done.stdout


def test_json_has_the_form_in_which_the_server_tells_a_difference(typed, book) -> None:
    book("a.ipynb", one="x = 1")
    book("b.ipynb", one="x = 2")
    told = json.loads(typed("diff", "a.ipynb", "b.ipynb", "--json").stdout)
    assert ["start", "end", "files", "nbdime"] == list(told)
    cell = told["files"][0]["cells"][0]
    assert ("source", "one", "x = 1", "x = 2") == (cell["kind"], cell["cell"], cell["before"], cell["after"])


def test_equal_files_say_nothing_and_exit_code_tells_only_when_asked(typed, book) -> None:
    book("a.ipynb", one="1")
    book("b.ipynb", one="2")
    assert (0, "") == ((done := typed("diff", "a.ipynb", "a.ipynb", "--exit-code")).returncode, done.stdout)
    assert (0, 1) == (
        typed("diff", "a.ipynb", "b.ipynb").returncode,
        typed("diff", "a.ipynb", "b.ipynb", "--exit-code").returncode,
    )


def test_text_is_compared_by_line_and_binary_by_size(typed, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x\ny\n")
    (tmp_path / "b.py").write_text("x\nz\n")
    (tmp_path / "c.png").write_bytes(b"\0\1\2")
    assert "-y\n+z" in typed("diff", "a.py", "b.py").stdout
    assert "binary files of 4 and 3 bytes" in typed("diff", "a.py", "c.png").stdout


def test_what_is_no_notebook_is_told_and_not_a_traceback(typed, book, tmp_path: Path) -> None:
    book("a.ipynb", one="1")
    (tmp_path / "b.ipynb").write_bytes(b'{"cells": [')
    done = typed("diff", "a.ipynb", "b.ipynb")
    assert 0 == done.returncode
    assert "Traceback" not in done.stderr
    assert "b.ipynb" in done.stdout


def test_a_notebook_cannot_drive_the_terminal(typed, book) -> None:
    book("a.ipynb", one="1")
    book("b.ipynb", one="\x1b[31mred \u202e\x07\x9b2J\r")
    done = typed("diff", "a.ipynb", "b.ipynb")
    assert "\\x1b[31mred \\u202e\\x07\\x9b2J" in done.stdout
    assert not set(done.stdout) & set("\x1b\u202e\x07\x9b\r")


def test_textconv_gives_lines_that_git_can_compare(typed, book, tmp_path: Path) -> None:
    path = book("a.ipynb", one="x = 1\ny = 2")
    assert ["[one] code", "x = 1", "y = 2"] == typed("diff", "--textconv", str(path)).stdout.split("\n")[:3]
    (tmp_path / "b.ipynb").write_bytes(b"not json\n")
    assert "not json\n" == typed("diff", "--textconv", "b.ipynb").stdout
