"""The demo, as a newcomer types it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def command(temporary: Path, *words: str) -> dict[str, object]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    return {
        "args": [sys.executable, "-P", "-m", "gitcollab", "demo", *words],
        "env": environment | {"TMPDIR": str(temporary)},
        "text": True,
    }


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo makes its root: its own, for another demo may be played at the same time."""
    return tmp_path_factory.mktemp("t")


def test_once_plays_the_story_and_leaves_nothing(tmp_path: Path, temporary: Path) -> None:
    done = subprocess.run(
        **command(temporary, "--once"), capture_output=True, timeout=300, check=False, cwd=tmp_path
    )
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert 11 == done.stdout.count("✓"), done.stdout
    assert "Everything was as told" in done.stdout
    assert re.search(r"look at +http://127\.0\.0\.1:\d+/signin\?code=", done.stdout)
    for words in ("(tag: tides/v1.0.0", "(HEAD -> main", "sessions/ana/default", "blessed"):
        assert words.strip("(") in done.stdout
    assert [] == [*tmp_path.iterdir(), *temporary.iterdir()]


@pytest.mark.slow
def test_with_a_person_watching_it_says_where_to_look_and_stops_at_ctrl_c(
    tmp_path: Path, temporary: Path
) -> None:
    with subprocess.Popen(
        **command(temporary), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    ) as playing:
        assert playing.stdout is not None
        for line in playing.stdout:
            if "byte for byte" in line:
                break
        playing.send_signal(signal.SIGINT)
        rest, complaints = playing.communicate(timeout=120)
    assert (0, "") == (playing.returncode, complaints), rest
    assert "The end." in rest
