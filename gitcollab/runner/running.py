"""Running: a notebook, or a command, behind walls, on the files of a tree that is about to be published."""

from __future__ import annotations

import json
import os
import select
import sys
import time
from pathlib import Path
from typing import Any

from gitcollab import notebooks
from gitcollab.flow.gating import Job
from gitcollab.flow.points import NOTES, bytes_at
from gitcollab.model import Shortcoming
from gitcollab.repository import PROGRAM, Repository
from gitcollab.runner import inside
from gitcollab.runner.walls import Limits, Walls, environment

LARGEST = 64 * 2**20
"""Bytes of outputs that are read; a notebook that prints more does not pass."""

TAIL = 1000
"""Characters of a command's last words that are told."""


class Run:
    """How a run ended: what it wrote, its status, and whether its time or its room was up."""

    def __init__(self) -> None:
        self.written = b""
        self.status = 0
        self.is_late = self.is_too_long = False


def ran(job: Job) -> tuple[Shortcoming, ...]:
    """Runs the notebook or the command of a job; says what was wrong."""
    limits = Limits(seconds=job.seconds, memory=job.memory)
    walls = Walls(Path(job.scratch), Path(job.hidden), limits, has_network=job.has_network)
    repo = Repository(Path(job.repository))
    data = bytes_at(repo, job.tree, job.path) or b""
    walls.raise_walls()
    if not walls.is_whole and not job.is_trusting:
        text = "this machine does not let notebooks be kept apart from the server's files (its setting run_gates)"
        return (Shortcoming(gate=job.gate, text=text),)
    try:
        lay_out(repo, job.tree, walls)
    except OSError as error:
        text = f"its files do not fit into the {job.memory} MiB that a run has: {error.strerror}"
        return (Shortcoming(gate=job.gate, text=text),)
    if job.gate == "command":
        return _of_command(job, follow(walls, _command(job), walls.inside, job.seconds))
    program = walls.place / ".gitcollab-inside.py"
    program.write_bytes(Path(inside.__file__).read_bytes())
    program.chmod(0o644)
    command = [sys.executable, "-I", f"{walls.inside}/.gitcollab-inside.py", f"{walls.inside}/{job.path}"]
    run = follow(walls, command, str(Path(walls.inside, job.path).parent), job.seconds)
    return _of_notebook(job, data, run)


def lay_out(repo: Repository, tree: str, walls: Walls) -> None:
    """Writes the files of a tree where the run has them, as its own user's. OSError if they do not fit."""
    top = walls.place
    top.chmod(0o700)
    owner = walls.uid if os.geteuid() == 0 else -1
    for path, entry in repo.entries(tree).items():
        if not entry.is_file or path.startswith(f"{NOTES}/"):
            continue
        file = top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(repo.blob(entry.oid))
        file.chmod(0o755 if entry.mode == PROGRAM else 0o644)
    for above, _, files in os.walk(top):
        for name in (above, *(os.path.join(above, file) for file in files)):
            os.chown(name, owner, owner, follow_symlinks=False)


def follow(walls: Walls, command: list[str], directory: str, seconds: float) -> Run:
    """Runs a command inside and reads what it writes, until it ends or has to be ended."""
    run, until = Run(), time.monotonic() + seconds
    reading, writing = os.pipe()
    pid = walls.start(command, directory, environment(walls.inside), writing)
    os.close(writing)
    watch = os.pidfd_open(pid)
    try:
        while not run.is_late and not run.is_too_long:
            left = until - time.monotonic()
            ready = select.select([reading, watch], [], [], max(0.0, left))[0]
            if reading in ready:
                piece = os.read(reading, 1 << 16)
                run.written += piece
                run.is_too_long = len(run.written) > LARGEST
                if not piece:  # nobody can write any more; it may still go on
                    run.is_late = not select.select([watch], [], [], max(0.0, until - time.monotonic()))[0]
                    break
            elif watch in ready:
                break
            run.is_late = not ready
    finally:
        walls.end(pid)
        os.close(watch)
        os.close(reading)
        run.status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return run


def _command(job: Job) -> list[str]:
    return ["/bin/sh", "-c", job.command]


def _of_command(job: Job, run: Run) -> tuple[Shortcoming, ...]:
    if run.is_late:
        return (Shortcoming(gate="command", text=f"{job.command!r} took longer than {job.seconds:g} s"),)
    if run.is_too_long:
        return (Shortcoming(gate="command", text=f"{job.command!r} writes without end"),)
    if run.status == 0:
        return ()
    words = run.written.decode("utf-8", "replace").strip()[-TAIL:]
    return (Shortcoming(gate="command", text=f"{job.command!r} ends with {run.status}: {words}"),)


def _of_notebook(job: Job, data: bytes, run: Run) -> tuple[Shortcoming, ...]:
    told = list(_lines(run.written))
    at = next((one["cell"] for one in reversed(told) if isinstance(one.get("cell"), int)), None)
    where = f"cell {at + 1}" if at is not None else "the notebook"
    cell = notebooks.cell_id(data, at) if at is not None else None
    if run.is_late:
        text = f"{where} was still running when its {job.seconds:g} s were up"
        return (Shortcoming(gate="run", cell=cell, text=text),)
    if run.is_too_long:
        return (Shortcoming(gate="run", cell=cell, text=f"{where} writes without end"),)
    last = told[-1] if told else {}
    if "missing" in last:
        text = f"the server cannot run notebooks: {last['missing']} is missing (pip install 'gitcollab[run]')"
        return (Shortcoming(gate="run", text=text),)
    if "failed" in last:
        text = ": ".join(str(last[name])[:300] for name in ("error", "text") if last.get(name))
        return (Shortcoming(gate="run", cell=cell, text=f"{where} fails: {text}"),)
    if "outputs" not in last:
        words = str(last.get("trouble") or "") or run.written.decode("utf-8", "replace")[-300:].strip()
        text = f"{where} does not come to its end: {words or f'ended by signal {-run.status}'}"
        return (Shortcoming(gate="run", cell=cell, text=text),)
    if job.agree == "no":
        return ()
    outputs = {int(number): came for number, came in last["outputs"].items()}
    return notebooks.disagreements(data, outputs, is_whole=job.agree == "all")


def _lines(written: bytes) -> list[dict[str, Any]]:
    found = []
    for line in written.split(b"\n"):
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict):
            found.append(one)
    return found
