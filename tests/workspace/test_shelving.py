"""Directories that the service fills: one file or a whole directory at a time, never half of either."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from gitcollab import renaming
from gitcollab.workspace import shelving


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


def filled(*names: str):
    def fill(new: Path) -> None:
        for name in names:
            shelving.put(new, name, name.encode(), 0o444)

    return fill


def held(shelf: Path) -> dict[str, str]:
    return {path: (shelf / path).read_text() for path in sorted(shelving.files(shelf))}


def test_a_file_is_put_with_its_mode_and_removed_with_its_directory(tmp_path):
    shelving.put(tmp_path, "a/b/one.txt", b"1", 0o755)
    assert (b"1", 0o755) == (
        (tmp_path / "a/b/one.txt").read_bytes(),
        (tmp_path / "a/b/one.txt").stat().st_mode & 0o777,
    )
    assert 0o755 == (tmp_path / "a/b").stat().st_mode & 0o777
    shelving.put(tmp_path, "a/b/one.txt", None)
    assert [] == list(tmp_path.iterdir())


def test_a_link_in_the_way_is_never_followed(tmp_path):
    (tmp_path / "out").mkdir()
    (shelf := tmp_path / "shelf").mkdir()
    (shelf / "a").symlink_to(tmp_path / "out")
    with pytest.raises(OSError, match=r"symbolic link|directory|cross-device"):
        shelving.put(shelf, "a/one.txt", b"1")
    assert [] == list((tmp_path / "out").iterdir())


def test_an_exchange_leaves_the_new_directory_and_nothing_else(shelf):
    shelving.exchange(shelf, filled("old.txt", "sub/two.txt"))
    shelving.exchange(shelf, filled("new.txt"))
    assert {"new.txt": "new.txt"} == held(shelf)
    assert 0o555 == shelf.stat().st_mode & 0o777


def test_where_filling_fails_the_shelf_is_as_it_was(shelf):
    shelving.exchange(shelf, filled("old.txt"))

    def fail(new: Path) -> None:
        filled("half.txt")(new)
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        shelving.exchange(shelf, fail)
    assert {"old.txt": "old.txt"} == held(shelf)
    assert [shelf] == list(shelf.parent.iterdir())


def test_a_file_system_that_exchanges_nothing_is_served_too(shelf, monkeypatch):
    monkeypatch.setattr(renaming, "rename", lambda *_: False)
    shelving.exchange(shelf, filled("old.txt"))
    shelving.exchange(shelf, filled("new.txt"))
    assert {"new.txt": "new.txt"} == held(shelf)


def test_whoever_looks_meanwhile_sees_all_of_the_old_or_all_of_the_new(shelf):
    versions = [frozenset(f"{version}-{n}.txt" for n in range(5)) for version in range(40)]
    shelving.exchange(shelf, filled(*versions[0]))
    seen, looks, is_over = set(), threading.Semaphore(0), threading.Event()

    def look() -> None:
        while not is_over.is_set():
            seen.add(frozenset(os.listdir(shelf)))
            looks.release()

    watcher = threading.Thread(target=look)
    watcher.start()
    for version in versions[1:]:
        shelving.exchange(shelf, filled(*version))
        while looks.acquire(blocking=False):
            pass
        for _ in range(2):  # one look may have begun before
            looks.acquire()
    is_over.set()
    watcher.join()
    assert seen <= set(versions)


def test_an_old_directory_goes_with_the_next_exchange(shelf):
    for name in ("one.txt", "two.txt", "three.txt"):
        shelving.exchange(shelf, filled(name))
    assert 2 == len(list(shelf.parent.iterdir()))


def test_what_a_kill_left_is_cleared(shelf):
    (left := shelf.parent / f"{shelving.NEW}abc").mkdir()
    (left / "half.txt").write_text("half")
    left.chmod(0o555)
    shelving.clear(shelf.parent)
    assert not left.exists()
