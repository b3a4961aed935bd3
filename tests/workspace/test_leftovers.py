"""What a killed replacement leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitcollab.workspace import Rules, clear_leftovers, leftovers

REPLACE = """
import itertools, sys
from pathlib import Path
from gitcollab.workspace import replace
root, contents = Path(sys.argv[1]), [b"a" * 300_000, b"b" * 300_000]
print("begun", flush=True)
for turn in itertools.count():
    assert replace(root, "sub/x.txt", contents[(turn + 1) % 2], contents[turn % 2])
    assert replace(root, "y.txt", b"y", None) and replace(root, "y.txt", None, b"y")
"""


@pytest.fixture(autouse=True)
def _old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything counts as old enough."""
    monkeypatch.setattr(leftovers, "OLD", 0.0)


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_both_contents_and_unfinished_ones_are_removed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for path in (leftovers.name(b"old", b"new"), f"sub/{leftovers.name(b'new', b'old')}"):
        (tmp_path / path).write_bytes(b"old")
    (tmp_path / leftovers.unfinished()).write_bytes(b"half of the ne")
    (tmp_path / ".gitcollab-claim-00").write_bytes(b"")
    assert clear_leftovers(tmp_path, Rules()) == ()
    assert names(tmp_path) == {".gitcollab-claim-00"}


def test_what_an_editor_wrote_in_that_instant_gets_a_visible_name(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / leftovers.name(b"old", b"new")).write_bytes(b"my work")
    (kept,) = clear_leftovers(tmp_path, Rules())
    assert names(tmp_path) == {kept}
    assert kept.startswith("sub/recovered-")
    assert (tmp_path / kept).read_bytes() == b"my work"


def test_a_young_one_may_be_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "OLD", 60.0)
    name = leftovers.unfinished()
    (tmp_path / name).write_bytes(b"")
    clear_leftovers(tmp_path, Rules())
    assert names(tmp_path) == {name}


def test_killed_at_any_moment_the_file_is_whole_and_nothing_stays_behind(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x.txt").write_bytes(b"a" * 300_000)
    for turn in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", REPLACE, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.003 * turn)
            os.kill(writer.pid, signal.SIGKILL)
        found = (tmp_path / "sub/x.txt").read_bytes()
        assert found in (b"a" * 300_000, b"b" * 300_000)
        assert clear_leftovers(tmp_path, Rules()) == ()
        (tmp_path / "y.txt").unlink(missing_ok=True)
        (tmp_path / "sub/x.txt").write_bytes(b"a" * 300_000)
        assert names(tmp_path) == {"sub/x.txt"}
