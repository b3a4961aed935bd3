"""Who changed each cell last is asked once, and pages wait for it only so long."""

from __future__ import annotations

import asyncio

from gitcollab.errors import Unavailable
from gitcollab.model import BlameCell
from gitcollab.web.blames import Blames, Spot, within

SPOT = Spot("caaaaaaaaa", "0" * 40, "a.ipynb")
CELL = BlameCell(cell="a", index=0, commit="0" * 40, user="ana", at="2026-11-20T10:00:00Z", preview="secret")


async def test_several_pages_wait_for_one_answer_and_some_go_without() -> None:
    blames, let, asked = Blames(), asyncio.Event(), []

    async def find() -> tuple[BlameCell, ...]:
        asked.append(1)
        await let.wait()
        return (CELL,)

    assert await within(blames.ask(SPOT, find), 0.01) is None
    let.set()
    found = await within(blames.ask(SPOT, find), 60)
    assert ("ana", "") == (found["a"].user, found["a"].preview)
    assert [1] == asked


async def test_what_could_not_be_had_is_asked_again() -> None:
    blames, answers = Blames(), [Unavailable("too long"), (CELL,)]

    async def find() -> tuple[BlameCell, ...]:
        answer = answers.pop(0)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    assert {} == await within(blames.ask(SPOT, find), 60)
    assert ["a"] == list(await within(blames.ask(SPOT, find), 60))


async def test_only_so_many_are_kept() -> None:
    blames = Blames(most=2)

    async def find() -> tuple[BlameCell, ...]:
        return ()

    for number in range(4):
        await within(blames.ask(SPOT._replace(path=f"{number}.ipynb"), find), 60)
    assert ["2.ipynb", "3.ipynb"] == [spot.path for spot in blames.asked]
