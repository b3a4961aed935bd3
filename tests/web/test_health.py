"""Health tells of each part, also while one is away, and cannot be made a load."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from starlette.requests import Request

from gitcollab import condition
from gitcollab.errors import Unavailable
from gitcollab.web import health

ASKED = Request({"type": "http", "method": "GET", "path": "/health", "headers": []})


async def well() -> None:
    """Answers."""


async def gone() -> None:
    """Does not."""
    raise Unavailable("away")


async def hanging() -> None:
    """Never does."""
    await anyio.sleep_forever()


async def test_all_is_well() -> None:
    answer = await health.Health("1", {"writer": well, "workers": well}).answer(ASKED)
    told = json.loads(bytes(answer.body))
    assert {"status": "ok", "ready": True, "version": "1", "parts": {"writer": "ok", "workers": "ok"}} == told


@pytest.mark.parametrize("trouble", [gone, hanging])
async def test_a_part_that_is_away_is_named_and_web_still_answers(
    trouble: health.Callable[[], health.Awaitable[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "WITHIN", 0.05)
    answer = await health.Health("1", {"writer": trouble, "workers": well}).answer(ASKED)
    told = json.loads(bytes(answer.body))
    assert (200, "degraded") == (answer.status_code, told["status"])
    assert {"writer": "away", "workers": "ok"} == told["parts"]


async def test_what_is_wrong_with_the_root_is_told_without_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await anyio.to_thread.run_sync((tmp_path / "run").mkdir)
    answers = health.Health("1", {"writer": well}, tmp_path)
    told = json.loads(bytes((await answers.answer(ASKED)).body))
    assert ("ok", "ok", "ok", 0) == tuple(told[name] for name in ("status", "disk", "clock", "troubled"))
    monkeypatch.setattr(health, "LASTS", 0.0)
    answers.until = 0.0
    noted = condition.Condition(jumped=60.0, collabs={"cabcdefghi": "a secret path is lost"})
    await anyio.to_thread.run_sync(condition.note, tmp_path, noted)
    body = bytes((await answers.answer(ASKED)).body)
    told = json.loads(body)
    assert ("degraded", "ok", "jumped", 1) == tuple(told[n] for n in ("status", "disk", "clock", "troubled"))
    assert b"cabcdefghi" not in body
    assert b"secret" not in body
    answers.until = 0.0
    monkeypatch.setattr(condition, "disk", lambda _: "full")
    told = json.loads(bytes((await answers.answer(ASKED)).body))
    assert ("degraded", "full") == (told["status"], told["disk"])


async def test_asking_often_asks_the_parts_once_in_a_while() -> None:
    asked = []

    async def counting() -> None:
        asked.append(1)

    answers = health.Health("1", {"writer": counting})
    for _ in range(10):
        await answers.answer(ASKED)
    assert [1] == asked


async def test_requests_are_to_be_sent_where_saves_are_taken_and_the_server_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "LASTS", 0.0)
    leaving: list[bool] = []
    parts = {"writer": well, "workers": gone, "database": well}
    answers = health.Health("1", parts, is_leaving=lambda: bool(leaving))
    assert (200, b'{"ready":true}') == await ready(answers)
    answers.parts = parts | {"database": gone}
    assert (503, b'{"ready":false}') == await ready(answers)
    answers.parts = parts
    assert 200 == (await ready(answers))[0]
    leaving.append(True)
    assert 503 == (await ready(answers))[0]
    assert b'{"live":true}' == bytes((await answers.live(ASKED)).body)


async def ready(answers: health.Health) -> tuple[int, bytes]:
    """What a load balancer is told."""
    answer = await answers.ready(ASKED)
    return answer.status_code, bytes(answer.body)
