"""One save is one trace, in whichever process its spans arise; nothing is loaded or told unless it is asked for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gitcollab import acts, store, tracing
from gitcollab.collab import Given, Place
from gitcollab.events import AnyEvent
from gitcollab.flow.charter import Charter
from gitcollab.model import Actor, SessionName
from gitcollab.store import collabs, people
from gitcollab.store.clock import now
from gitcollab.web.hub import Hub
from gitcollab.writer.house import House
from gitcollab.writer.serving import Serving

ANA, ID = Actor(user="ana"), "cabcdefghi"
SESSION = SessionName(user="ana", name="default")
SECRET = b"what nobody else may read"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Where this process's spans go."""
    kept = InMemorySpanExporter()
    end = tracing.trace_to(SimpleSpanProcessor(kept), "test")
    yield kept
    end()


@pytest.fixture
def told() -> list[AnyEvent]:
    """What the writer tells, in order."""
    return []


@pytest.fixture
def house(tmp_path: Path, told: list[AnyEvent]) -> Iterator[House]:
    """Ana's collab, with her session open."""
    url = store.file_url(tmp_path / "db.sqlite")
    store.migrate(url)
    engine = store.engine(url)
    (tmp_path / "collabs").mkdir()
    with engine.begin() as conn:
        people.add_person(conn, "ana")
        collabs.add_collab(conn, ID, "work", "", (), "ana")
    made = House(Given(place=Place(tmp_path), engine=engine, clock=now, tell=told.append))
    made.begin(ID, Charter(title="work"), "ana").open_session(acts.OpenSession(actor=ANA, collab=ID))
    yield made
    engine.dispose()


class Watching:
    """A writer's watch that has nothing to look at."""

    def look_again(self) -> None:
        """Does nothing."""


class Reader:
    """An open stream that takes whatever comes."""

    is_ended, user = False, "ana"

    def __init__(self) -> None:
        self.woken = asyncio.Event()

    def push(self, n: int, data: bytes, framed: bytes) -> bool:
        """Takes an event."""
        return True


def saved(house: House) -> Any:
    """What the writer answers to a save that somebody asks for."""
    save = acts.Save(actor=ANA, collab=ID, session=SESSION, path="secret-plan.txt", data=SECRET)

    async def ask() -> object:
        return await Serving(house, cast("Any", Watching())).answer(save)

    return asyncio.run(ask())


def stream(events: list[AnyEvent]) -> None:
    """Brings events to one reader, as the web process does."""

    @asynccontextmanager
    async def follow() -> Any:
        yield None

    hub, reader = Hub(follow), Reader()
    with hub.listening(ID, reader) as ring:
        ring.live.add(reader)
        for event in events:
            hub.tell(event)


def test_a_save_is_one_trace_from_the_act_to_the_readers(
    house: House, told: list[AnyEvent], spans: InMemorySpanExporter
) -> None:
    receipt = saved(house)
    stream(told)
    found = {span.name: span for span in spans.get_finished_spans()}
    assert {"save", "snapshot", "land", "deliver", "stream"} == set(found)
    whole = found["save"]
    assert {receipt.snapshot[:32]} == {f"{context(span).trace_id:032x}" for span in found.values()}
    assert whole.parent is None
    for name in set(found) - {"save"}:
        assert context(whole).span_id == getattr(found[name].parent, "span_id", None)
    assert {
        "gitcollab.collab": ID,
        "gitcollab.session": "ana/default",
        "gitcollab.commit": receipt.snapshot,
        "gitcollab.landed": receipt.landed,
        "gitcollab.by": "asked",
    } == dict(whole.attributes or {})
    streamed = [span for span in spans.get_finished_spans() if span.name == "stream"]
    assert ["saved", "landed"] == [(span.attributes or {})["gitcollab.event"] for span in streamed]


def test_no_path_and_nothing_of_a_file_is_told(
    house: House, told: list[AnyEvent], spans: InMemorySpanExporter
) -> None:
    saved(house)
    stream(told)
    text = "".join(span.to_json() for span in spans.get_finished_spans())
    assert "ana/default" in text
    assert not [each for each in ("secret-plan", SECRET.decode()) if each in text]


def test_nothing_is_told_where_nobody_traces(house: House, told: list[AnyEvent]) -> None:
    assert tracing.begin("test", {}) == ""
    saved(house)
    stream(told)
    with tracing.collecting() as stages, tracing.stage("land"):
        assert [] == stages


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, False),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_only_opentelemetrys_own_variables_ask_for_it(environment: dict[str, str], expected: bool) -> None:
    assert expected == tracing.is_asked(environment)
    assert (environment if expected else {}) == tracing.told(environment | {"GITCOLLAB_TOKEN": "gcp_x"})


def test_nothing_of_opentelemetry_is_imported_unless_it_is_asked_for() -> None:
    program = (
        "import sys, gitcollab.writer.__main__, gitcollab.web.__main__, gitcollab.tracing as t; "
        "assert t.begin('writer', {}) == ''; print([m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert ("[]\n", "") == (done.stdout, done.stderr)


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    assert tracing.EXTRA == tracing.begin("writer", {"OTEL_TRACES_EXPORTER": "otlp"})


def context(span: ReadableSpan) -> Any:
    """A span's ids."""
    return span.get_span_context()
