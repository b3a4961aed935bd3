"""Power cuts: what the disk held at one instant, while people saved, is all that is left; no saved work is lost."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CUTS = 10
"""So many cuts of each disk, at random moments."""

pytestmark = [pytest.mark.slow, pytest.mark.mounts]


@pytest.mark.timeout(7200)
def test_a_power_cut_loses_nothing_that_was_acknowledged(
    a_server: Any,
    a_crowd: Any,
    a_disk: Any,
    invariants: ModuleType,
    often: Callable[[int, int], int],
    figures: Callable[[str], None],
) -> None:
    chance, began = random.Random(4), time.monotonic()
    cuts = saves = versions = 0
    slowest = 0.0
    wanted = often(3, 200)
    while cuts < wanted:
        with a_disk() as disk:
            for image, promised in cut(disk, min(CUTS, wanted), (a_server, a_crowd), chance):
                disk.mounted(image)
                try:
                    slowest = max(slowest, restarted(disk.top / "root"))
                    assert [] == invariants.check(disk.top / "root", promised)
                finally:
                    disk.unmount()
                cuts += 1
                saves, versions = saves + len(promised.saves), versions + len(promised.versions)
    assert saves > cuts
    took = time.monotonic() - began
    counts = f"{saves} saves and {versions} versions acknowledged before them, 0 lost"
    figures(f"power cuts: {cuts}, {counts}, slowest restart {slowest:.1f} s, {took:.0f} s in all")


def cut(disk: Any, count: int, makers: tuple[Any, Any], chance: random.Random) -> list[tuple[Path, Any]]:
    """People save on the disk; returns what it was at some moments, each with what had been acknowledged by then."""
    a_server, a_crowd = makers
    found = []
    with a_server(disk.top / "root") as server, a_crowd(server) as crowd:
        crowd.savers[0].more(1)
        for number in range(count):
            time.sleep(chance.uniform(0.05, 0.6))  # the moment is random, not awaited
            if chance.random() < 0.5:
                crowd.publishes()
            promised = crowd.promised()
            found.append((disk.cut(f"cut-{number}.img"), promised))
    disk.unmount()
    return found


def restarted(root: Path) -> float:
    """Starts the writer on what is left, stops it once it answers, and returns the seconds that it took to."""
    for path in (root / "run").glob("*.sock*"):
        path.unlink()
    command = [sys.executable, "-P", "-m", "gitcollab.writer", "--root", str(root)]
    began = time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.PIPE) as writer:
        try:
            while not is_answering(root / "run" / "writer.sock"):
                assert writer.poll() is None, (writer.stderr.read() if writer.stderr else b"").decode()
                assert time.monotonic() - began < 240
                time.sleep(0.02)
            took = time.monotonic() - began
            writer.send_signal(signal.SIGTERM)
            _, said = writer.communicate(timeout=240)
            errors = [line for line in said.splitlines() if json.loads(line)["level"] == "error"]
            assert (0, []) == (writer.returncode, errors)
        finally:
            writer.kill()
    return took


def is_answering(path: Path) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
        line.connect(str(path))
        return True
    return False
