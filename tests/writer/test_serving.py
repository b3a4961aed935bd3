"""Serving: one collab that takes long holds up no other."""

from __future__ import annotations

import threading
from typing import Any, cast

import anyio
import pytest

from gitcollab import acts
from gitcollab.model import Actor
from gitcollab.writer.serving import THREADS, Serving


class House:
    """Collabs of which one waits until it is told to go on."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def collab(self, id: str) -> House:
        if id == "cslowslow1":
            assert self.gate.wait(120)
        return self

    def land(self, act: acts.Land) -> str:
        return act.collab


class Watching:
    def look_again(self) -> None: ...


@pytest.mark.anyio
async def test_a_collab_that_takes_long_holds_up_no_other() -> None:
    house = House()
    serving = Serving(cast("Any", house), cast("Any", Watching()))

    async def land(collab: str) -> object:
        session = cast("Any", None)
        return await serving.answer(acts.Land(actor=Actor(user="ana"), collab=collab, session=session))

    async with anyio.create_task_group() as tasks:
        for _ in range(THREADS + 4):
            tasks.start_soon(land, "cslowslow1")
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(60):
            assert await land("cquickquic") == "cquickquic"
        house.gate.set()
