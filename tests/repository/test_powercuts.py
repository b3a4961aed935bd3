"""Power cuts: a file system is copied as it stands on its disk while saves go on, and no acknowledged save is missing.

Needs root and a loop device. ``HYPOTHESIS_PROFILE=long`` (``tests/run --long``) makes 200 cuts of the few.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitcollab.model import Person
from gitcollab.repository import Entry, Repository, faults, heal, maintain, mend

CUTS = 100 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 3
AT = "2026-11-20T10:00:00Z"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 20 * CUTS)]


@contextmanager
def mounted(image: Path, where: Path) -> Iterator[Path]:
    where.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-o", "loop", str(image), str(where)], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("no loop device may be mounted here")
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


def save(repo: Repository, ref: str, text: bytes) -> str:
    tip = repo.head(ref)
    tree = repo.edit(tip, {"a.ipynb": Entry(repo.write_blob(text * 500))})
    oid = repo.commit(tree, [tip] if tip else [], text.decode(), author=Person(name="ana"), at=AT)
    repo.move(ref, oid, tip)
    return oid


def work(path: str, how: str) -> None:
    """Saves for ever; says ``ref commit`` of each save once it is acknowledged."""
    repo = Repository(Path(path))
    for n in range(1_000_000):
        if how == "together":
            with repo.barrier():
                done = [
                    (f"refs/heads/s{k}", save(repo, f"refs/heads/s{k}", b"%d %d" % (n, k))) for k in range(8)
                ]
        else:
            ref = f"refs/heads/s{n % 3}"
            done = [(ref, save(repo, ref, b"%d" % n))]
        text = "".join(f"{ref} {oid}\n" for ref, oid in done)
        os.write(1, text.encode())
        if n % 100 == 99:
            maintain(repo.path)


@pytest.mark.parametrize("how", ["alone", "together"])
def test_no_acknowledged_save_is_lost(tmp_path: Path, how: str):
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(256 * 1024 * 1024)
    if shutil.which("mkfs.ext4") is None or os.geteuid() != 0:
        pytest.skip("needs root and mkfs.ext4")
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    with mounted(image, tmp_path / "disk") as disk:
        path = Repository.create(disk / "c.git").path
        for _ in range(CUTS):
            acknowledged = cut(path, how, image, tmp_path / "copy")
            with mounted(tmp_path / "copy", tmp_path / "after") as after:
                check(after / "c.git", acknowledged)


def cut(path: Path, how: str, image: Path, copy: Path) -> dict[str, str]:
    """Stops the worker at a random moment, copies its disk as it is, and returns the last acknowledged saves."""
    argv = [sys.executable, __file__, str(path), how]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout
        acknowledged = dict(worker.stdout.readline().split() for _ in range(8))
        time.sleep(random.uniform(0.05, 1.0))
        worker.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, worker.pid, os.WSTOPPED)
        shutil.copyfile(image, copy)
        worker.kill()
        acknowledged |= dict(
            line.split() for line in worker.stdout.read().splitlines(keepends=True) if line[-1] == "\n"
        )
    heal(path)  # the disk that went on: only the worker was killed there
    return acknowledged


def check(path: Path, acknowledged: dict[str, str]) -> None:
    assert heal(path).refs == ()
    repo = Repository(path)
    mended = mend(repo)
    for ref, oid in acknowledged.items():
        tip = repo.head(ref)
        assert tip, ref
        assert repo.is_ancestor(oid, tip)
        for commit in repo.line(oid):
            assert repo.blob(repo.entry(commit.oid, "a.ipynb").oid) == commit.subject.encode() * 500
    assert faults(path) == (), mended  # what was cut short is of saves that nobody had been told of


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2])
