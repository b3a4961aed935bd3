"""Merging as the writer does it: drivers of an installed package run in real workers, whatever they do there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from gitcollab import notebooks, wire
from gitcollab.notebooks import drivers
from gitcollab.writer.merging import Merging

SOURCE = """
import os, sys, time
from gitcollab.notebooks import Merge

def rows(base, ours, theirs, *, path, policy):
    return Merge(notebook=b"".join(sorted({*ours.splitlines(True), *theirs.splitlines(True)})))

def ruled(base, ours, theirs, *, path, policy):
    return Merge(notebook=policy.rule("outputs").encode())

def fails(base, ours, theirs, *, path, policy):
    raise RuntimeError("no idea")

def hangs(base, ours, theirs, *, path, policy):
    while True:
        pass

def exits(base, ours, theirs, *, path, policy):
    sys.exit(1)

def eats(base, ours, theirs, *, path, policy):
    return Merge(notebook=b"x" * (1 << 33))

def lies(base, ours, theirs, *, path, policy):
    return Merge(notebook=["no bytes"])
"""
NAMES = ("rows", "ruled", "fails", "hangs", "exits", "eats", "lies")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab's package, as pip would have installed it, with a driver that is not there besides."""
    place = tmp_path_factory.mktemp("site")
    place.joinpath("labmerge.py").write_text(SOURCE)
    about = place / "labmerge-1.0.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: labmerge\nVersion: 1.0\n")
    points = [f"*.{name} = labmerge:{name}\n" for name in (*NAMES, "gone")]
    about.joinpath("entry_points.txt").write_text(f"[{drivers.GROUP}]\n{''.join(points)}")
    return place


@pytest.fixture(scope="module")
def workers(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The pool, as the daemon starts it, with the package installed."""
    root = tmp_path_factory.mktemp("pool")
    path = root / "workers.sock"
    with wire.listen(path) as listener:
        words = ["--root", str(root), "--fd", str(listener.fileno()), "--count", "1", "--seconds", "8"]
        command = [sys.executable, "-P", "-m", "gitcollab.workers", *words]
        environment = os.environ | {"PYTHONPATH": f"{package}:{os.environ.get('PYTHONPATH', '')}"}
        with subprocess.Popen(command, pass_fds=[listener.fileno()], env=environment) as pool:
            yield path
            pool.terminate()


@pytest.fixture(autouse=True)
def _installed(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(package)
    drivers.installed.cache_clear()
    yield
    drivers.installed.cache_clear()


async def merged(workers: Path, name: str) -> notebooks.Merge:
    """What the writer gets for a file of which the two sides changed each a line."""
    ask = partial(Merging(workers), b"a\nb\n", b"A\nb\n", b"a\nB\n", path=f"data/table.{name}")
    return await anyio.to_thread.run_sync(ask)


async def test_a_labs_driver_merges_in_a_worker(workers: Path) -> None:
    assert notebooks.Merge(notebook=b"A\nB\na\nb\n") == await merged(workers, "rows")
    assert "labmerge" not in sys.modules


async def test_the_policy_goes_with_the_work(workers: Path) -> None:
    policy = notebooks.Policy(rules={"outputs": "shared"})
    ask = partial(Merging(workers), b"a\n", b"A\n", b"B\n", path="table.ruled", policy=policy)
    assert notebooks.Merge(notebook=b"shared") == await anyio.to_thread.run_sync(ask)


@pytest.mark.parametrize("name", [*NAMES[2:], "gone"])
async def test_a_driver_that_fails_in_whatever_way_leaves_the_file_to_a_person(
    workers: Path, name: str
) -> None:
    found = await merged(workers, name)
    assert (b"A\nb\n", [("file", b"a\nB\n")]) == (
        found.notebook,
        [(item.field, item.session) for item in found.contested],
    )
    assert (await merged(workers, "rows")).is_clean
