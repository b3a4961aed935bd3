"""Health tells of each part, also while one is away, and cannot be made a load."""

from __future__ import annotations

import json

import anyio
import pytest
from starlette.requests import Request

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
    assert {"status": "ok", "version": "1", "parts": {"writer": "ok", "workers": "ok"}} == told


@pytest.mark.parametrize("trouble", [gone, hanging])
async def test_a_part_that_is_away_is_named_and_web_still_answers(
    trouble: health.Callable[[], health.Awaitable[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "WITHIN", 0.05)
    answer = await health.Health("1", {"writer": trouble, "workers": well}).answer(ASKED)
    told = json.loads(bytes(answer.body))
    assert (200, "degraded") == (answer.status_code, told["status"])
    assert {"writer": "away", "workers": "ok"} == told["parts"]


async def test_asking_often_asks_the_parts_once_in_a_while() -> None:
    asked = []

    async def counting() -> None:
        asked.append(1)

    answers = health.Health("1", {"writer": counting})
    for _ in range(10):
        await answers.answer(ASKED)
    assert [1] == asked
