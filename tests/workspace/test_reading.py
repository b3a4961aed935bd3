"""Reading files that other programs write."""

import os
import threading
import time
from pathlib import Path

import pytest

from gitcollab.workspace import Skipped, Unstable, libc, read_stable, take
from gitcollab.workspace.reading import TICK

MB = 1_000_000


@pytest.fixture(params=["openat2", "step by step"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "step by step":
        monkeypatch.setattr(libc, "open_beneath", lambda *_: None)


def aged(path: Path, seconds: float = 10.0) -> Path:
    """Gives the file a modification time in the past, as if nobody had touched it since."""
    then = time.time_ns() - int(seconds * 1e9) | 1
    os.utime(path, ns=(then, then))
    return path


def written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return aged(path)


@pytest.mark.usefixtures("_both_ways")
def test_reads_a_file_in_a_directory(tmp_path: Path) -> None:
    written(tmp_path / "a/b/c.txt", b"hello")
    assert read_stable(tmp_path, "a/b/c.txt", limit=MB) == b"hello"


@pytest.mark.usefixtures("_both_ways")
@pytest.mark.parametrize("path", ["gone.txt", "a/gone.txt", "file.txt/below"])
def test_a_missing_file_is_missing(tmp_path: Path, path: str) -> None:
    written(tmp_path / "file.txt", b"")
    with pytest.raises(FileNotFoundError):
        read_stable(tmp_path, path, limit=MB)


@pytest.mark.usefixtures("_both_ways")
@pytest.mark.parametrize(
    "path", ["link.txt", "dir/secret.txt", "../outside/secret.txt", "hard.txt", "within.txt"]
)
def test_never_reads_out_of_the_root(tmp_path: Path, path: str) -> None:
    root, secret = tmp_path / "root", written(tmp_path / "outside/secret.txt", b"secret")
    written(root / "x.txt", b"x")
    (root / "link.txt").symlink_to(secret)
    (root / "dir").symlink_to(secret.parent)
    (root / "hard.txt").hardlink_to(secret)
    (root / "within.txt").symlink_to("x.txt")
    with pytest.raises(Skipped) as caught:
        read_stable(root, path, limit=MB)
    assert caught.value.reason == "outside"


@pytest.mark.usefixtures("_both_ways")
def test_never_blocks_on_a_pipe_or_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dir").mkdir()
    for path in ("pipe", "dir"):
        with pytest.raises(Skipped) as caught:
            read_stable(tmp_path, path, limit=MB)
        assert caught.value.reason == "not-regular"


def test_reads_no_more_than_the_limit(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", b"12345")
    assert read_stable(tmp_path, "a.txt", limit=5) == b"12345"
    with pytest.raises(Skipped) as caught:
        read_stable(tmp_path, "a.txt", limit=4)
    assert caught.value.reason == "too-large"


@pytest.mark.usefixtures("mortal")
def test_a_file_without_permission_is_skipped_not_missing(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", b"x").chmod(0)
    with pytest.raises(Skipped) as caught:
        read_stable(tmp_path, "a.txt", limit=MB)
    assert caught.value.reason == "unreadable"


def test_jupyters_marker_means_a_save_in_progress(tmp_path: Path) -> None:
    written(tmp_path / "a.ipynb", b"{}")
    marker = tmp_path / ".~a.ipynb"
    marker.write_bytes(b"{}")
    aged(marker)  # copystat gives the marker the old file's time: only its ctime is of now
    with pytest.raises(Unstable):
        read_stable(tmp_path, "a.ipynb", limit=MB)
    marker.unlink()
    assert read_stable(tmp_path, "a.ipynb", limit=MB) == b"{}"


def test_a_marker_left_by_a_killed_jupyter_stops_counting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitcollab.workspace.reading.MARKER", 0)
    written(tmp_path / "a.ipynb", b"{}")
    (tmp_path / ".~a.ipynb").write_bytes(b"{}")
    assert read_stable(tmp_path, "a.ipynb", limit=MB) == b"{}"
    written(tmp_path / "a.ipynb", b'{"cells": [')
    with pytest.raises(Skipped) as caught:
        read_stable(tmp_path, "a.ipynb", limit=MB)
    assert caught.value.reason == "half-written"


def test_a_notebook_that_does_not_parse_is_waited_for_and_then_taken_as_it_is(tmp_path: Path) -> None:
    notebook = written(tmp_path / "a.ipynb", b'{"cells": [')
    aged(notebook, 1.0)
    with pytest.raises(Unstable):
        read_stable(tmp_path, "a.ipynb", limit=MB)
    aged(notebook, 3.0)
    assert read_stable(tmp_path, "a.ipynb", limit=MB) == b'{"cells": ['


@pytest.mark.parametrize("data", [b'{"x": NaN}', b'{"x": "\\ud800"}', b"[" * 900 + b"]" * 900])
def test_what_python_parses_is_whole(tmp_path: Path, data: bytes) -> None:
    aged(written(tmp_path / "a.ipynb", data), 1.0)
    assert read_stable(tmp_path, "a.ipynb", limit=MB) == data


def test_a_file_written_this_instant_is_not_read_yet(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")

    def is_refused() -> bool:
        os.utime(tmp_path / "a.txt")
        try:
            read_stable(tmp_path, "a.txt", limit=MB)
        except Unstable:
            return True
        return False

    assert any(is_refused() for _ in range(1000))  # the instant may be over before this process goes on
    time.sleep(TICK / 1e9)
    assert read_stable(tmp_path, "a.txt", limit=MB) == b"x"


def test_a_time_stamp_in_whole_seconds_asks_for_another_look(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    second = time.time_ns() // 1_000_000_000 * 1_000_000_000
    os.utime(tmp_path / "a.txt", ns=(second, second))
    time.sleep(TICK / 1e9)
    assert take(tmp_path, "a.txt", limit=MB).stat.is_racy is True
    aged(tmp_path / "a.txt")
    assert take(tmp_path, "a.txt", limit=MB).stat.is_racy is False


def test_a_truncating_writer_never_shows_half_a_notebook(tmp_path: Path) -> None:
    """Jupyter's save: the marker, then the file emptied and written anew in place (fileio.atomic_writing)."""
    notebook, marker = tmp_path / "a.ipynb", tmp_path / ".~a.ipynb"
    versions = [b'{"v": %d, "x": "%s"}' % (v, b"x" * 300_000) for v in range(40)]
    is_over = threading.Event()

    def save(data: bytes) -> None:
        marker.write_bytes(b"old")
        with notebook.open("wb") as out:
            for at in range(0, len(data), 50_000):
                out.write(data[at : at + 50_000])
                out.flush()
        marker.unlink()

    def jupyter() -> None:
        for data in versions:
            save(data)
            time.sleep(TICK * 1.5 / 1e9)
        is_over.set()

    written(notebook, versions[0])
    saver = threading.Thread(target=jupyter)
    saver.start()
    seen, refused = set(), 0
    while not is_over.is_set():
        try:
            seen.add(read_stable(tmp_path, "a.ipynb", limit=MB))
        except Unstable:
            refused += 1
    saver.join()
    assert seen <= set(versions)
    assert seen
    assert refused > 0
