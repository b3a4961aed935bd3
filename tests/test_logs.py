"""The log on a disk that refuses: what is to be said is lost, the work that says it goes on."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from gitcollab import logs


class Failing(io.RawIOBase):
    """A file on a disk that fails."""

    def writable(self) -> bool:
        """Yes, it says."""
        return True

    def write(self, _: object) -> int:
        """Fails."""
        raise OSError(5, "Input/output error")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = logging.getLogger().handlers[:]
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = before


def test_a_log_that_cannot_be_written_raises_nothing() -> None:
    logs.to(Failing(), "writer")
    structlog.get_logger("a").error("the disk failed")
    logging.getLogger("a library").warning("the disk failed")


def test_lines_are_whole_and_name_their_part() -> None:
    file = io.BytesIO()
    logs.to(file, "writer")
    structlog.get_logger("a").error("began", number=1)
    assert b'"part": "writer"' in file.getvalue()
    assert file.getvalue().endswith(b'"what": "began"}\n')
