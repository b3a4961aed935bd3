"""The door for Prometheus: who may look, and that the numbers are those of what happened."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from sqlalchemy import Engine

from gitcollab import acts, store
from gitcollab.events import Joined
from gitcollab.web.app import Application

FORWARDED = {"x-forwarded-for": "127.0.0.1"}


async def test_this_machines_programs_read_it_and_those_behind_a_proxy_do_not(
    visitor: httpx2.AsyncClient, recorder: object
) -> None:
    recorder.prepared[acts.Measure] = b"# of the writer\n"  # type: ignore[attr-defined]
    answer = await visitor.get("/metrics")
    assert (200, True) == (answer.status_code, "# of the writer" in answer.text)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 401 == (await visitor.get("/metrics", headers=FORWARDED)).status_code


async def test_an_administrators_token_opens_it_and_no_other(
    visitor: httpx2.AsyncClient, ana: dict[str, str], ben: dict[str, str], engine: Engine
) -> None:
    limited, publishing = await asyncio.to_thread(two_tokens, engine)
    for headers, status in (
        (ana, 200),
        (ben, 403),
        ({"authorization": f"Bearer {limited}"}, 200),
        ({"authorization": f"Bearer {publishing}"}, 403),
        ({"authorization": "Bearer gcp_nobodys"}, 401),
    ):
        assert status == (await visitor.get("/metrics", headers=headers | FORWARDED)).status_code


def two_tokens(engine: Engine) -> tuple[str, str]:
    """Tokens of an administrator's that may read, and that may publish."""
    with engine.begin() as conn:
        reading = store.tokens.add_token(conn, "ana", "prometheus", ("read",))
        return reading.secret, store.tokens.add_token(conn, "ana", "a robot", ("publish",)).secret


async def test_a_writer_that_is_away_leaves_the_other_numbers(visitor: httpx2.AsyncClient) -> None:
    text = (await visitor.get("/metrics")).text  # the recorder has no answer prepared
    assert "gitcollab_web_streams 0.0" in text
    assert "gitcollab_web_process_resident_memory_bytes" in text


async def test_requests_are_counted_by_door_and_never_by_name(
    visitor: httpx2.AsyncClient, ana: dict[str, str], collab: str
) -> None:
    await visitor.get(f"/api/collabs/{collab}", headers=ana)
    await visitor.get("/secret-plan.ipynb")
    text = (await visitor.get("/metrics")).text
    assert 'gitcollab_web_requests_total{door="api",status="2xx"} 1.0' in text
    assert 'gitcollab_web_requests_total{door="other",status="3xx"} 1.0' in text
    assert collab not in text
    assert "secret-plan" not in text


async def test_an_event_that_reached_its_reader_is_timed(application: Application, collab: str) -> None:
    heard: list[float] = []
    application.hub.streamed = heard.append

    class Reader:
        is_ended, user = False, "ben"

    with application.hub.listening(collab, Reader()) as ring:
        application.hub.tell(Joined(collab=collab, n=1, user="ana", session="ana/default"))
        assert ring.moved_at > 0


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_who_watches_over_the_service_asks_without_a_sign_in(
    visitor: httpx2.AsyncClient, path: str
) -> None:
    assert 200 == (await visitor.get(path)).status_code
