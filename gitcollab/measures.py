"""Measures: what each process counts for those who watch over the service, in Prometheus's words.

Labels come from lists that are closed (acts, parts, kinds of error): never a name, a path or what is in a cell.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper ends, in seconds, of what latencies are counted in."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of the text exposition format."""


def registry(part: str) -> CollectorRegistry:
    """Returns a process's register, which knows its memory, time and files; the names begin ``gitcollab_PART_``."""
    made = CollectorRegistry()
    ProcessCollector(namespace=f"gitcollab_{part}", registry=made)
    return made


def text(register: CollectorRegistry) -> bytes:
    """Returns what is registered as text; texts of processes may stand one below the other. Reads /proc."""
    return generate_latest(register)


def note(run: Path, part: str, counts: dict[str, int]) -> None:
    """Notes what a process counts that nobody can ask; where the disk takes no writes the older counts stand."""
    path = run / f"{part}.counts"
    temporary = path.with_suffix(".new")
    try:
        temporary.write_bytes(msgspec.json.encode(counts))
        temporary.replace(path)
    except OSError:
        return  # who looks at the disk's condition tells it


def noted(run: Path, part: str) -> dict[str, int]:
    """Returns what a process has noted last; nothing where it has noted nothing."""
    try:
        return msgspec.json.decode((run / f"{part}.counts").read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError):
        return {}
