"""kill -9 of packing, git's own programs included, at random moments: nothing is lost and nothing is left over."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gitcollab.model import Person
from gitcollab.repository import Entry, Repository, heal

MAIN = "refs/heads/main"
PACK = """
import pathlib, sys
from gitcollab.repository import maintain
maintain(pathlib.Path(sys.argv[1]), is_thorough=sys.argv[2] == "y")
"""


def saved(repo: Repository, count: int, chance: random.Random) -> None:
    """Makes so many more commits of a file that grows."""
    head = repo.head(MAIN)
    with repo.barrier():
        for _ in range(count):
            data = chance.randbytes(20).hex().encode() * chance.randrange(1, 200)
            tree = repo.edit(repo.tree_of(head) if head else None, {"a/b.txt": Entry(repo.write_blob(data))})
            at = "2026-11-20T10:00:00Z"
            new = repo.commit(tree, [head] if head else [], "save", author=Person(name="ana"), at=at)
            repo.move(MAIN, new, head)
            head = new


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_kill_of_packing_at_any_moment_loses_nothing(
    in_memory: Path, often: Callable[[int, int], int], figures: Callable[[str], None]
) -> None:
    chance, path, count = random.Random(4), in_memory / "c.git", often(5, 100)
    repo = Repository.create(path)
    saved(repo, 100, chance)
    longest = packed(path, "n", None)
    for number in range(count):
        saved(repo, 100, chance)
        packed(path, "y" if number % 5 == 4 else "n", chance.uniform(0, longest))
        heal(path)
        repo = Repository(path)
        left = [each for each in (path / "objects").rglob("*") if each.name.startswith(("tmp_", ".tmp-"))]
        assert ([], []) == (left, list(path.rglob("*.lock")))
        assert 200 + 100 * number == sum(1 for _ in repo.line(repo.head(MAIN) or ""))
        words = ["git", "fsck", "--full", "--strict", "--no-dangling"]
        checked = subprocess.run(words, cwd=path, capture_output=True, text=True, check=False)
        assert (0, "", "") == (checked.returncode, checked.stdout, checked.stderr)
    figures(f"kill -9 of packing: {count} moments")


def packed(path: Path, thorough: str, after: float | None) -> float:
    """Packs, and kills all that does so ``after`` seconds, if it takes that long; returns how long it took."""
    words = [sys.executable, "-c", PACK, str(path), thorough]
    with subprocess.Popen(words, process_group=0, stderr=subprocess.DEVNULL) as packing:
        began = time.monotonic()
        try:
            packing.wait(after)
        except subprocess.TimeoutExpired:
            os.killpg(packing.pid, signal.SIGKILL)
            packing.wait()
            while any(is_of(packing.pid, each) for each in Path("/proc").glob("[0-9]*/stat")):
                time.sleep(0.005)  # git's programs are killed with it, and end in their own time
        return time.monotonic() - began


def is_of(group: int, stat: Path) -> bool:
    """Whether a process that is no zombie belongs to a process group."""
    with suppress(OSError):
        state, _, its = stat.read_text().rpartition(")")[2].split()[:3]
        return int(its) == group and state not in "ZX"
    return False
