"""The watchman: a jump of the clock is told for an hour; a collab in trouble is well again once its cause is gone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from gitcollab import store
from gitcollab.collab import Given, Place
from gitcollab.condition import Condition, noted
from gitcollab.flow.charter import Charter
from gitcollab.repository import Damaged, Repository
from gitcollab.store import collabs, people
from gitcollab.writer import watchman
from gitcollab.writer.house import House
from gitcollab.writer.watchman import Hands, keep_watch

ONE, OTHER = "cabcdefghi", "cjklmnopqr"
ORPHAN = "6" * 40


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    for name in ("collabs", "private", "run"):
        (tmp_path / name).mkdir()
    url = store.file_url(tmp_path / "private" / "gitcollab.sqlite")
    store.migrate(url)
    given = Given(
        place=Place(tmp_path),
        engine=store.engine(url),
        clock=lambda: "2026-11-20T10:00:00Z",
        tell=lambda _: None,
    )
    made = House(given)
    with made.engine.begin() as conn:
        people.add_person(conn, "ana")
        for id in (ONE, OTHER):
            collabs.add_collab(conn, id, "work", "", (), "ana")
    for id in (ONE, OTHER):
        made.begin(id, Charter(title="work"), "ana")
    yield made
    made.engine.dispose()


def test_a_jump_is_told_for_an_hour() -> None:
    wall, steady = [1000.0], [0.0]
    hands = Hands(lambda: wall[0], lambda: steady[0])
    assert hands.jumped() == 0
    wall[0], steady[0] = 1010.0, 10.0
    assert hands.jumped() == 0
    wall[0], steady[0] = 1020.0 + 315_360_000, 20.0
    assert hands.jumped() == 315_360_000
    wall[0], steady[0] = wall[0] + 60, 80.0
    assert hands.jumped() == 315_360_000
    wall[0], steady[0] = wall[0] + 3600, 3680.0
    assert hands.jumped() == 0


def test_a_clock_that_drifts_slowly_has_not_jumped() -> None:
    wall, steady = [0.0], [0.0]
    hands = Hands(lambda: wall[0], lambda: steady[0])
    for _ in range(100):
        wall[0], steady[0] = wall[0] + 61.0, steady[0] + 60.0
        assert hands.jumped() == 0


@pytest.fixture
def lost(house: House) -> Path:
    """Where the commit of the one collab's shared branch lies."""
    path = house.place.repository(ONE)
    head = Repository(path).head("refs/heads/main") or ""
    return path / "objects" / head[:2] / head[2:]


@pytest.fixture
def kept(house: House, lost: Path) -> bytes:
    """What was there before an act found it missing."""
    data = lost.read_bytes()
    lost.unlink()
    house.troubles[ONE] = "found by an act"
    return data


async def test_a_damaged_collab_is_named_and_well_again_once_it_is_whole(
    house: House, lost: Path, kept: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchman, "PERIOD", 0.01)
    monkeypatch.setattr(watchman, "EVERY", 1)
    head = lost.parent.name + lost.name
    with anyio.fail_after(120):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep_watch, house)
            await until(house, lambda told: head in told.collabs.get(ONE, ""))
            assert set(house.troubles) == {ONE}
            await anyio.to_thread.run_sync(lost.write_bytes, kept)
            await until(house, lambda told: told == Condition())
            tasks.cancel_scope.cancel()
    assert house.troubles == {}


async def until(house: House, holds: object) -> None:
    """Returns when what is noted is so."""
    while not holds(await anyio.to_thread.run_sync(noted, house.place.root)):  # type: ignore[operator] # noqa: ASYNC110
        await anyio.sleep(0.01)


def test_one_collab_that_cannot_be_recovered_keeps_no_other_from_being_served(house: House) -> None:
    path = house.place.repository(ONE)
    head = Repository(path).head("refs/heads/main") or ""
    (path / "objects" / head[:2] / head[2:]).unlink()
    again = House(house.given)
    assert set(again.recover()) == {ONE}
    assert set(again.troubles) == {ONE}
    again.collab(OTHER)
    with pytest.raises(Damaged):
        Repository(path).read(head)
    subprocess.run(["git", "fsck", "--full"], cwd=house.place.repository(OTHER), check=True)


def test_what_has_ended_is_in_no_trouble(house: House) -> None:
    house.troubles[ONE] = "damaged"
    house.end(ONE)
    house.try_again()
    assert house.troubles == {}
