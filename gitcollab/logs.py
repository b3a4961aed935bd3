"""Logs: one JSON object per line. Never secrets, never what is in a cell."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import suppress
from typing import IO, TextIO, cast

import structlog


def to_stderr(part: str, level: int = logging.INFO) -> None:
    """Sends this process's log to standard error, each line with ``part``; of libraries only the warnings."""
    _to(sys.stderr, part, level)


def to(file: IO[bytes], part: str, level: int = logging.INFO) -> None:
    """Sends this process's log to an open file, as ``to_stderr`` does."""
    _to(io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", write_through=True), part, level)


class Forgiving(io.TextIOBase):
    """A stream that loses what cannot be written: the log lies on the same disk as the work.

    A disk that is full or fails must be told to who asked for a save, not be raised once more by the line that says so.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes the text if that can be done just now."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flushes what was written if that can be done just now."""
        with suppress(OSError):
            self._stream.flush()


def _to(wanted: TextIO, part: str, level: int) -> None:
    stream = cast(TextIO, Forgiving(wanted))
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.EventRenamer("what"),
        _named(part),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
        )
    )
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def _named(part: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {"part": part, **line}

    return add
