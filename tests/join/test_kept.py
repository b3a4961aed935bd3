"""What is saved while the server is away: kept in order, each with its time, over a restart, and readable by git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitcollab.join.kept import Keeping
from gitcollab.model import SessionName

SESSION = SessionName(user="ana", name="desk")


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path / "saves.git", SESSION)


def told(keeping: Keeping) -> list[tuple[str, bytes | None, str]]:
    return [(kept.path, kept.data, kept.base) for kept in keeping.waiting()]


def test_nothing_is_made_before_something_is_kept(keeping: Keeping) -> None:
    assert ([], None, False) == (keeping.waiting(), keeping.last("a"), keeping.path.exists())


def test_saves_wait_in_their_order_until_they_are_sent(keeping: Keeping) -> None:
    base = "1" * 40
    keeping.keep("a b.txt", b"1", base)
    keeping.keep("c/d.ipynb", b"2", "")
    keeping.keep("a b.txt", None, "")
    again = Keeping(keeping.path, SESSION)
    assert [("a b.txt", b"1", base), ("c/d.ipynb", b"2", ""), ("a b.txt", None, "")] == told(again)
    again.done(again.waiting()[0])
    assert [("c/d.ipynb", b"2", ""), ("a b.txt", None, "")] == told(keeping)
    keeping.done(keeping.waiting()[-1])
    assert [] == told(again)


def test_the_last_save_of_a_file_is_found(keeping: Keeping) -> None:
    for data in (b"1", b"2"):
        keeping.keep("a.txt", data, "")
    keeping.keep("b.txt", b"3", "")
    found = keeping.last("a.txt")
    assert found is not None
    assert b"2" == found.data


def test_a_file_where_a_directory_was_is_kept_too(keeping: Keeping) -> None:
    keeping.keep("a/b.txt", b"1", "")
    keeping.keep("a", b"2", "")
    keeping.keep("a/b.txt", b"3", "")
    assert [("a/b.txt", b"1", ""), ("a", b"2", ""), ("a/b.txt", b"3", "")] == told(keeping)


def test_git_reads_what_is_kept(keeping: Keeping) -> None:
    keeping.keep("a.txt", b"1\n", "")
    keeping.keep("a.txt", b"2\n", "")
    branch = [f"--git-dir={keeping.path}", "log", "--format=%s", "sessions/ana/desk"]
    ran = subprocess.run(["git", *branch], capture_output=True, text=True, check=True)
    assert "Save a.txt\nSave a.txt\n" == ran.stdout
    subprocess.run(["git", f"--git-dir={keeping.path}", "fsck", "--strict"], check=True, capture_output=True)
