"""The evening: everything is saved, or said to be not and why; a missed one is made up for."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitcollab import acts, condition, store
from gitcollab.collab import Given, Place
from gitcollab.condition import Evening
from gitcollab.events import Swept
from gitcollab.model import Actor, SessionName
from gitcollab.store import clock, people
from gitcollab.workspace import Rules
from gitcollab.writer.accounts import answer
from gitcollab.writer.evening import end_day, end_if_due, newest
from gitcollab.writer.house import House

SESSION = SessionName(user="ana", name="default")


@pytest.fixture
def house(tmp_path: Path):
    for name in ("collabs", "private", "run", "ana"):
        (tmp_path / name).mkdir()
    url = store.file_url(tmp_path / "private" / "gitcollab.sqlite")
    store.migrate(url)
    engine = store.engine(url)
    with engine.begin() as conn:
        people.add_person(conn, "ana")
    yield House(Given(place=Place(tmp_path), engine=engine, clock=clock.now, tell=lambda event: None))
    engine.dispose()


@pytest.fixture
def collab(house):
    """Ana's collab, with a workspace that nobody watches in this test."""
    id = answer(acts.CreateCollab(actor=Actor(user="ana"), title="work"), house).id
    collab = house.collab(id)
    root = house.place.root / "ana"
    collab.open_session(acts.OpenSession(actor=Actor(user="ana"), collab=id, workspace=str(root)))
    collab.desks.set_up(SESSION, root, Rules())
    return collab


def written(collab, path: str, data: bytes) -> None:
    file = collab.desks.set_up(SESSION, collab._given.place.root / "ana", Rules()).root / path
    file.write_bytes(data)
    os.utime(file, (1_700_000_000, 1_700_000_000))


def reports(house, collab) -> tuple[Swept, ...]:
    with store.reading(house.engine).connect() as conn:
        return store.journal.reports(conn, collab.id, "ana")


def test_what_lies_there_is_taken_in_and_what_is_not_is_named_with_the_reason(house, collab) -> None:
    written(collab, "notes.txt", b"of today\n")
    written(collab, "secret.txt", b"key = ghp" + b"_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R")
    (house.place.root / "ana" / "out").symlink_to("/etc/hostname")
    evening = end_day(house)
    assert (1, 1, 0, 1, 1) == (
        evening.workspaces,
        evening.taken,
        evening.unsaved,
        evening.skipped,
        evening.held,
    )
    assert evening == condition.last_evening(house.place.root)
    (told,) = reports(house, collab)
    assert ((), ["out"], ["secret.txt"]) == (
        told.unsaved,
        [path for path, _ in told.skipped],
        [path for _, path in told.held],
    )
    again = end_day(house)
    assert (0, 1) == (again.taken, len(reports(house, collab)))
    with store.reading(house.engine).connect() as conn:
        assert () == store.journal.reports(conn, collab.id, "ben")


def test_a_collab_in_trouble_does_not_keep_the_others_from_their_report(house, collab) -> None:
    other = answer(acts.CreateCollab(actor=Actor(user="ana"), title="other"), house).id
    house._open.pop(other)
    house.place.repository(other).rename(house.place.root / "gone")
    evening = end_day(house)
    assert (1, [other]) == (evening.workspaces, list(evening.failed))


def test_the_newest_evening_is_todays_once_it_is_past() -> None:
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    here = now.astimezone()
    assert now.strftime(clock.FORM) == newest(f"{here:%H:%M}", now)
    later = f"{(here.hour + 1) % 24:02}:{here:%M}"
    assert "2026-11-19" == newest(later, now)[:10] or here.hour == 23


def test_a_missed_evening_is_made_up_for_once_and_the_first_one_waits(house, collab) -> None:
    assert (None, None) == (end_if_due(house, newest("00:00")), end_if_due(house, newest("00:00")))
    assert 0 == condition.last_evening(house.place.root).workspaces
    condition.note_evening(house.place.root, Evening(at="2020-01-01T00:00:00Z"))
    assert 1 == end_if_due(house, newest("00:00")).workspaces
    assert None is end_if_due(house, newest("00:00"))
