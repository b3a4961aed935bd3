"""The command line as a person types it, and small notebooks to type it on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Typed = Callable[..., subprocess.CompletedProcess[str]]
Book = Callable[..., Path]


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Types a command in ``tmp_path`` (or ``cwd``) and returns what came of it; ``program`` is whose name it has."""

    def type_it(
        *words: str, cwd: Path | None = None, program: str = "main", **env: str
    ) -> subprocess.CompletedProcess[str]:
        call = f"import sys; sys.argv[0] = 'gitcollab'; from gitcollab.cli import {program}; {program}()"
        return subprocess.run(
            [sys.executable, "-P", "-c", call, *words],
            cwd=cwd or tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **env},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return type_it


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Writes a notebook of code cells (id: source) to a file and returns its path."""

    def write(name: str, **sources: str) -> Path:
        cells = [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": id,
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for id, source in sources.items()
        ]
        path = tmp_path / name
        path.write_text(
            json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"
        )
        return path

    return write
