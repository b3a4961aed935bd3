"""The demo, as a newcomer types it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest


def command(*words: str) -> dict[str, object]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    return {
        "args": [sys.executable, "-P", "-m", "gitcollab", "demo", *words],
        "env": environment,
        "text": True,
    }


def leftovers() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("gitcollab-demo-*")}


def test_once_plays_the_story_within_a_minute_and_leaves_nothing(tmp_path: Path) -> None:
    before = leftovers()
    done = subprocess.run(**command("--once"), capture_output=True, timeout=60, check=False, cwd=tmp_path)
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert 11 == done.stdout.count("✓"), done.stdout
    assert "Everything was as told" in done.stdout
    assert re.search(r"look at +http://127\.0\.0\.1:\d+/signin\?code=", done.stdout)
    for words in ("(tag: tides/v1.0.0", "(HEAD -> main", "sessions/ana/default", "blessed"):
        assert words.strip("(") in done.stdout
    assert before == leftovers()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.slow
def test_with_a_person_watching_it_says_where_to_look_and_stops_at_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        **command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    ) as playing:
        assert playing.stdout is not None
        for line in playing.stdout:
            if "byte for byte" in line:
                break
        playing.send_signal(signal.SIGINT)
        rest, complaints = playing.communicate(timeout=120)
    assert (0, "") == (playing.returncode, complaints), rest
    assert "The end." in rest
