"""A fault at any one change that an act makes to the disk: after the next start all invariants hold."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DRIVER = Path(__file__).with_name("moments.py")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

GROUPS = ("saves", "workspaces", "decisions", "houses", "held", "archives", "pushes")


def moments(within: Path, group: str, fault: str, count: int) -> list[dict[str, Any]]:
    """Lets the driver go through its acts and returns what it tells of each moment."""
    within = within / f"{group}-{fault}"
    within.mkdir()
    words = [sys.executable, str(DRIVER), str(within), group, fault, str(count), "20261120"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.machine("x86_64", "aarch64")
@pytest.mark.parametrize("group", [*GROUPS, "served"])
def test_a_kill_at_any_moment_loses_and_doubles_nothing(
    group: str, in_memory: Path, is_long: bool, figures: Callable[[str], None]
) -> None:
    told = moments(in_memory, group, "kill", 0 if is_long else 3)
    assert [] == [one for one in told if one["problems"]]
    killed = [one for one in told if one["was_killed"]]
    figures(f"kill -9 in {group}: {len(killed)} moments, {sum(one['seconds'] for one in killed):.0f} s")


@pytest.mark.machine("x86_64")
@pytest.mark.parametrize("fault", ["full", "broken", "read-only"])
def test_a_disk_that_refuses_is_said_so_and_everything_works_when_it_takes_writes_again(
    fault: str, in_memory: Path, is_long: bool, figures: Callable[[str], None]
) -> None:
    groups = GROUPS if is_long else ("saves",)
    told = [one for group in groups for one in moments(in_memory, group, fault, 40 if is_long else 1)]
    assert [] == [one for one in told if one["problems"]]
    refused = [one for one in told if one["refused"]]
    figures(f"{fault} disk: {len(told)} moments, {len(refused)} acts refused")
    assert refused != []


@pytest.mark.machine("x86_64")
def test_a_write_that_a_kill_tears_is_never_read(
    in_memory: Path, is_long: bool, figures: Callable[[str], None]
) -> None:
    groups = GROUPS if is_long else ("decisions",)
    told = [one for group in groups for one in moments(in_memory, group, "tear", 0 if is_long else 3)]
    assert [] == [one for one in told if one["problems"]]
    figures(f"kill -9 in the middle of a write: {sum(one['was_killed'] for one in told)} moments")
