"""What a push has brought is flushed by its own directories; what another push is bringing is that one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitcollab.repository import arrivals


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(arrivals, "sync_files", lambda paths: found.extend(path.name for path in paths))
    return found


def test_only_what_has_arrived_is_flushed(tmp_path: Path, flushed: list[str]) -> None:
    """A quarantine is taken away by the git program when it likes, also between two looks at it."""
    for name in ("objects/pack", "objects/0a", "objects/tmp_objdir-incoming-Ab12Cd"):
        (tmp_path / name).mkdir(parents=True)
    arrivals.sync_arrivals(tmp_path)
    assert ["0a", "objects", "pack"] == sorted(flushed)
