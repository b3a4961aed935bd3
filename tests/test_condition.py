"""The condition of a root: what its disk meets is found out, what the writer knows is kept."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from gitcollab import condition
from gitcollab.condition import Condition


@pytest.fixture(autouse=True)
def _run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()


def test_a_disk_that_takes_writes_is_well_and_nothing_is_left_on_it(tmp_path: Path) -> None:
    assert condition.disk(tmp_path) == "ok"
    assert list((tmp_path / "run").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "full"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "failing"),
        (errno.EACCES, "failing"),
    ],
)
def test_what_refuses_writes_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, state: str
) -> None:
    def refused(*_: object) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(Path, "write_bytes", refused)
    assert condition.disk(tmp_path) == state
    assert condition.note(tmp_path, Condition(jumped=7.0)) is False


def test_what_was_noted_is_read_again(tmp_path: Path) -> None:
    assert condition.noted(tmp_path) == Condition()
    told = Condition(jumped=-3600.0, collabs={"cabcdefghi": "a blob is missing"})
    assert condition.note(tmp_path, told) is True
    assert condition.noted(tmp_path) == told
