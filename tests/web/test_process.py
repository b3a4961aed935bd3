"""The web process's own start."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gitcollab.web.__main__ import Told, key


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    made = key(tmp_path / "key")
    assert 32 == len(made)
    assert made == key(tmp_path / "key")
    assert 0o600 == (tmp_path / "key").stat().st_mode & 0o777


def test_what_it_is_told_is_checked() -> None:
    said = b'{"root": "/srv", "fds": [3], "base_url": "http://localhost:8474"}'
    assert (3,) == msgspec.json.decode(said, type=Told).fds
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"root": "/srv", "fds": [3], "base_url": "x", "prot": 1}', type=Told)
