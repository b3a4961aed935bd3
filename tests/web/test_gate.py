"""Who loses access loses the git programs that run for them, wherever they are in their answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gitcollab import store
from gitcollab.store import collabs
from gitcollab.web.app import Surroundings, site_of
from gitcollab.web.gate import keep_gate, without_role
from gitcollab.web.gitrun import Runs

from .conftest import BASE, Recorder  # type: ignore[import-not-found]

pytestmark = pytest.mark.anyio


class Running:
    """A program under way, which notes that it was ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def end(self) -> None:
        self.ended.set()


async def test_git_ends_for_who_is_removed_and_for_nobody_else(
    url: str, recorder: Recorder, engine: Engine, collab: str, tmp_path: Path
) -> None:
    given = Surroundings(
        store=store.async_engine(url),
        writer=recorder,
        workers=recorder,
        key=b"k" * 32,
        base_url=BASE,
        repositories=tmp_path,
    )
    site, runs, anas, bens = site_of(given), Runs(), Running(), Running()
    gate = asyncio.create_task(keep_gate(site, lambda: runs))
    with runs.entered(collab, "ana", anas), runs.entered(collab, "ben", bens):  # type: ignore[arg-type]

        def remove() -> None:
            with engine.begin() as conn:
                collabs.remove_member(conn, collab, "ben", by="ana")

        await asyncio.to_thread(remove)
        await asyncio.wait_for(bens.ended.wait(), 60)
        assert not anas.ended.is_set()
    gate.cancel()
    await asyncio.wait([gate])
    await site.store.dispose()


def test_who_has_a_role_and_who_is_nobody_are_left_alone(engine: Engine, collab: str) -> None:
    asked = [(collab, "ana"), (collab, "cleo"), (collab, ""), ("caaaaaaaaa", "ana")]
    with engine.begin() as conn:
        assert [(collab, "cleo"), ("caaaaaaaaa", "ana")] == without_role(conn, asked)
