"""Running: what a notebook may do before it is published, what it may not, and what is said of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitcollab.flow.gating import Job
from gitcollab.flow.points import file_entry
from gitcollab.model import Shortcoming
from gitcollab.repository import Repository
from gitcollab.writer.publishing import run_job

Runs = Callable[..., tuple[Shortcoming, ...]]


def notebook(*sources: str, outputs: dict[int, list[Any]] | None = None) -> bytes:
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{n}",
            "metadata": {},
            "outputs": (outputs or {}).get(n, []),
            "source": source,
        }
        for n, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def printed(text: str) -> list[Any]:
    return [{"output_type": "stream", "name": "stdout", "text": [text]}]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A service's root, with something in it that nobody else may read."""
    made = tmp_path / "root"
    (made / "collabs").mkdir(parents=True)
    (made / "private").mkdir(mode=0o700)
    (made / "private" / "key").write_text("the-key")
    return made


@pytest.fixture
def runs(root: Path) -> Iterator[Runs]:
    """Does a job on a notebook that lies in a directory with a table."""
    repo = Repository.create(root / "collabs" / "cabcdefghi.git")
    before = os.umask(0o077)  # as the daemon's

    def run(data: bytes, **more: Any) -> tuple[Shortcoming, ...]:
        files = {"work/a.ipynb": file_entry(repo, data), "work/table.csv": file_entry(repo, b"1,2\n")}
        job = Job(
            **{
                "gate": "run",
                "repository": str(root / "collabs" / "cabcdefghi.git"),
                "tree": repo.edit(None, files),
                "commit": "c" * 40,
                "path": "work/a.ipynb",
                "hidden": str(root),
                "seconds": 60.0,
                "memory": 1024,
                "is_trusting": True,
                **more,
            }
        )
        return run_job(job).shortcomings

    yield run
    os.umask(before)


def test_a_notebook_that_runs_and_agrees_passes(runs: Runs) -> None:
    data = notebook(
        "print(open('table.csv').read())\nwritten = open('made', 'w').write('x')",
        "print(hex(id(object())))\nprint(1 / 3)",
        outputs={0: printed("1,2\n\n"), 1: printed("0x7f31a2b3c4d0\n0.3333333333333333\n")},
    )
    assert () == runs(data, agree="text")


def test_a_cell_that_fails_is_named_with_its_reason(runs: Runs) -> None:
    (found,) = runs(notebook(*["1"] * 6, "raise KeyError('seven')", "1"))
    assert ("run", "c6", "cell 7 fails: KeyError: 'seven'") == (found.gate, found.cell, found.text)


def test_outputs_that_differ_are_told_by_cell(runs: Runs) -> None:
    data = notebook("print(2)", "print(3)", outputs={0: printed("2\n"), 1: printed("4\n")})
    (found,) = runs(data, agree="text")
    assert ("agree", "c1") == (found.gate, found.cell)
    assert "'4' stands there, stdout '3' came" in found.text


def test_a_loop_without_end_costs_its_time_and_nothing_else(runs: Runs, tmp_path: Path) -> None:
    before = processes()
    (found,) = runs(notebook("1", "while True: pass"), seconds=8.0)
    assert "c1" == found.cell or found.cell is None, "a machine so slow that the kernel had not begun"
    assert "its 8 s were up" in found.text
    left = {pid for pid in processes() - before if b"gitcollab.runner" in command_of(pid)}
    assert set() == {pid for pid in left if parent_of(pid) in (os.getpid(), 1)}, (
        "others may run notebooks, too"
    )


def test_it_sees_neither_credentials_nor_the_services_files(
    runs: Runs, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITCOLLAB_DATABASE", "postgresql://user:the-password@host/db")
    data = notebook(
        f"""
import glob, os
seen = [value for value in os.environ.values()]
for name in {[str(root / "private" / "key"), str(root / "collabs")]!r} + glob.glob('/proc/[0-9]*/environ'):
    try:
        seen.append(open(name).read() if os.path.isfile(name) else str(os.listdir(name)))
    except OSError:
        pass
for number in os.listdir('/proc/self/fd') if os.path.isdir('/proc/self/fd') else []:
    try:
        seen.append(os.readlink('/proc/self/fd/' + number))
    except OSError:
        pass
told = [word for word in ('the-password', 'the-key', 'cabcdefghi') if any(word in one for one in seen)]
assert not told, told
"""
    )
    assert () == runs(data)


def test_what_it_leaves_running_is_ended(runs: Runs) -> None:
    mark = f"3600.{os.getpid()}"
    data = notebook(f"import subprocess\nsubprocess.Popen(['setsid', 'sleep', '{mark}'])\nNone")
    assert () == runs(data)
    assert [] == [pid for pid in processes() if mark.encode() in command_of(pid)]


def test_more_memory_than_allowed_is_refused(runs: Runs) -> None:
    (found,) = runs(notebook("x = bytearray(3 * 2**30)"), memory=512)
    assert ("c0", True) == (found.cell, "MemoryError" in found.text)


def test_a_command_decides_by_its_status_and_its_words_are_told(runs: Runs) -> None:
    assert () == runs(notebook("1"), gate="command", command="test -f work/table.csv")
    (found,) = runs(notebook("1"), gate="command", command="echo two of three fail; exit 3")
    assert "'echo two of three fail; exit 3' ends with 3: two of three fail" == found.text


def test_what_is_missing_is_said_and_does_not_pass(runs: Runs) -> None:
    data = json.loads(notebook("1"))
    data["metadata"]["kernelspec"] = {"name": "nowhere", "language": "cobol", "display_name": "Nowhere"}
    (found,) = runs(json.dumps(data).encode())
    assert "the kernel 'nowhere' is not installed" in found.text


def processes() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
