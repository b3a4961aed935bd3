"""A request that is sent again with its key is done once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine

from gitcollab import acts
from gitcollab.errors import GitcollabError, Moved, NoSpace, Unavailable
from gitcollab.model import Version

from .conftest import Recorder  # type: ignore[import-not-found]

pytestmark = pytest.mark.anyio
Headers = dict[str, str]
VERSION = Version(notebook="a.ipynb", version="1.0.0", tag="a/v1.0.0", commit="0" * 40)
KEY = {"idempotency-key": "5a1c9d7e"}


@pytest.fixture
def published(recorder: Recorder) -> Recorder:
    """A recorder that publishes."""
    recorder.prepared[acts.Publish] = VERSION
    return recorder


async def publish(
    visitor: httpx2.AsyncClient, collab: str, who: Headers, message: str = ""
) -> httpx2.Response:
    body = {"notebook": "a.ipynb", "message": message}
    return await visitor.post(f"/api/collabs/{collab}/publish", json=body, headers=who | KEY)


def count(recorder: Recorder, kind: type[acts.Act] = acts.Publish) -> int:
    return sum(isinstance(act, kind) for act in recorder.asked)


async def test_sent_a_hundred_times_it_is_done_once_and_answered_alike(
    visitor: httpx2.AsyncClient, ana: Headers, collab: str, published: Recorder
) -> None:
    first = await publish(visitor, collab, ana)
    for _ in range(100):
        again = await publish(visitor, collab, ana)
        assert (201, first.content, "true") == (
            again.status_code,
            again.content,
            again.headers["idempotency-replayed"],
        )
    assert 1 == count(published)


async def test_sent_at_once_it_is_done_once(
    visitor: httpx2.AsyncClient, ana: Headers, collab: str, published: Recorder
) -> None:
    answers = await asyncio.gather(*(publish(visitor, collab, ana) for _ in range(20)))
    assert 1 == count(published)
    assert {201, 409} >= {answer.status_code for answer in answers}
    assert 201 in {answer.status_code for answer in answers}


async def test_a_key_is_one_persons_and_one_requests(
    visitor: httpx2.AsyncClient, ana: Headers, ben: Headers, collab: str, published: Recorder
) -> None:
    assert 201 == (await publish(visitor, collab, ana)).status_code
    assert 403 == (await publish(visitor, collab, ben)).status_code
    assert 422 == (await publish(visitor, collab, ana, "another")).status_code
    assert 1 == count(published)


@pytest.mark.parametrize("error", [Moved("x"), NoSpace("x"), Unavailable("x", is_undone=True)])
async def test_what_was_not_done_may_be_sent_again(
    error: GitcollabError, visitor: httpx2.AsyncClient, ana: Headers, collab: str, recorder: Recorder
) -> None:
    recorder.prepared[acts.Publish] = error
    assert error.status == (await publish(visitor, collab, ana)).status_code
    recorder.prepared[acts.Publish] = VERSION
    assert 201 == (await publish(visitor, collab, ana)).status_code


async def test_what_may_be_done_or_not_is_not_done_again(
    visitor: httpx2.AsyncClient, ana: Headers, collab: str, recorder: Recorder
) -> None:
    recorder.prepared[acts.Publish] = Unavailable("the writer stopped before it answered")
    assert 503 == (await publish(visitor, collab, ana)).status_code
    recorder.prepared[acts.Publish] = VERSION
    answer = await publish(visitor, collab, ana)
    assert (409, "look whether it was done") == (answer.status_code, answer.json()["hint"])
    assert 1 == count(recorder)


async def test_a_secret_is_shown_once_and_kept_nowhere(
    visitor: httpx2.AsyncClient, ana: Headers, recorder: Recorder, engine: Engine
) -> None:
    made = await visitor.post("/api/tokens", json={"label": "ci"}, headers=ana | KEY)
    again = await visitor.post("/api/tokens", json={"label": "ci"}, headers=ana | KEY)
    assert (201, 409, 1) == (made.status_code, again.status_code, count(recorder, acts.CreateToken))
    kept = b"".join(path.read_bytes() for path in Path(engine.url.database).parent.glob("*.sqlite*"))
    assert b"ci" in kept
    assert made.json()["secret"].encode() not in kept


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_has_a_form(
    key: str, visitor: httpx2.AsyncClient, ana: Headers, published: Recorder, collab: str
) -> None:
    answer = await visitor.post(
        f"/api/collabs/{collab}/publish", json={"notebook": "a"}, headers=ana | {"idempotency-key": key}
    )
    assert (400, 0) == (answer.status_code, count(published))
