"""Tracing: what becomes of one save, as spans of OpenTelemetry. Nothing of it is loaded unless it is asked for.

The spans of one save make one trace in whichever process they arise, for its snapshot's commit is the trace's id: the
act or the find (``save``), with ``snapshot``, ``land`` and ``deliver`` in it, then ``stream`` for each event that it
brought to readers. They tell of collab, session and commits: never a secret, a path or what is in a cell.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from gitcollab.model import Receipt

EXTRA = "OpenTelemetry is asked for, and not installed: pip install 'gitcollab[otel]'"


class Stage(NamedTuple):
    """Something that was done with a save, from when to when (nanoseconds since 1970)."""

    name: str
    began: int
    ended: int


_stages: ContextVar[list[Stage] | None] = ContextVar("stages", default=None)
_tracer: Any = None


def is_asked(environment: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own variables ask for traces."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    places = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return exporter != "none" and bool(exporter or any(environment.get(place) for place in places))


def told(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns what a process that traces has to know of an environment: its ``OTEL_*``, if they ask for traces."""
    if not is_asked(environment):
        return {}
    return {name: value for name, value in environment.items() if name.startswith("OTEL_")}


def begin(part: str, environment: Mapping[str, str] | None = None) -> str:
    """Begins to trace this process if the environment asks for it; returns what is in the way, '' if nothing is."""
    environment = os.environ if environment is None else environment
    if not is_asked(environment):
        return ""
    try:
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

        if environment.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "console":
            trace_to(BatchSpanProcessor(ConsoleSpanExporter()), part)
        else:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            trace_to(BatchSpanProcessor(OTLPSpanExporter()), part)
    except ImportError:
        return EXTRA
    return ""


def trace_to(processor: Any, part: str) -> Callable[[], None]:
    """Sends this process's spans to a span processor; returns what ends that."""
    global _tracer
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    named = {"service.name": os.environ.get("OTEL_SERVICE_NAME") or "gitcollab", "gitcollab.part": part}
    provider = TracerProvider(resource=Resource.create(named), id_generator=_ids())
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("gitcollab")

    def end() -> None:
        global _tracer
        _tracer = None
        provider.shutdown()

    return end


@contextmanager
def collecting() -> Iterator[list[Stage]]:
    """Collects the stages of a save that are gone through meanwhile, also in threads that are entered from here."""
    stages = list[Stage]()
    if _tracer is None:
        yield stages
        return
    token = _stages.set(stages)
    try:
        yield stages
    finally:
        _stages.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Notes from when to when something is done with a save; costs nothing where nobody traces."""
    stages = _stages.get()
    if stages is None:
        yield
        return
    began = time.time_ns()
    try:
        yield
    finally:
        stages.append(Stage(name, began, time.time_ns()))


def saved(stages: list[Stage], seconds: float, receipt: Receipt, **about: str) -> None:
    """Tells of a save that took so many seconds and is durable now, and of its stages; nothing if it made no commit."""
    snapshot = receipt.snapshot
    if _tracer is None or not snapshot:
        return
    about |= {"commit": snapshot, "landed": receipt.landed or ""}
    told = {f"gitcollab.{name}": value for name, value in about.items() if value}
    now = time.time_ns()
    _wanted.set((int(snapshot[:32], 16), int(snapshot[-16:], 16)))
    try:
        whole = _tracer.start_span(
            "save", context=_nowhere(), start_time=now - round(seconds * 1e9), attributes=told
        )
    finally:
        _wanted.set(None)
    for one in stages:
        part = _tracer.start_span(one.name, _within(snapshot), start_time=one.began, attributes=told)
        part.end(one.ended)
    whole.end(now)


def streamed(snapshot: str, readers: int, seconds: float, **about: str) -> None:
    """Tells that an event about a save was brought to so many readers who waited for it, and in how many seconds."""
    if _tracer is None:
        return
    now = time.time_ns()
    told: dict[str, str | int] = {f"gitcollab.{name}": value for name, value in about.items() if value}
    told |= {"gitcollab.commit": snapshot, "gitcollab.readers": readers}
    began = now - round(seconds * 1e9)
    _tracer.start_span("stream", _within(snapshot), start_time=began, attributes=told).end(now)


_wanted: ContextVar[tuple[int, int] | None] = ContextVar("wanted", default=None)
"""Ids of the trace and of its first span, both taken from the snapshot's commit."""


def _ids() -> Any:
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        """Ids that the commit gives, else random ones."""

        def generate_trace_id(self) -> int:
            wanted = _wanted.get()
            return wanted[0] if wanted and wanted[0] else super().generate_trace_id()

        def generate_span_id(self) -> int:
            wanted = _wanted.get()
            return wanted[1] if wanted and wanted[1] else super().generate_span_id()

    return Ids()


def _nowhere() -> Any:
    from opentelemetry.context import Context

    return Context()


def _within(snapshot: str) -> Any:
    """The context of a save's first span, wherever that was begun."""
    from opentelemetry import trace

    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
    first = trace.SpanContext(
        int(snapshot[:32], 16), int(snapshot[-16:], 16), is_remote=True, trace_flags=flags
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(first), _nowhere())
