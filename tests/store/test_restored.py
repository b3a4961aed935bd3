"""A backup is restored into any empty database, and into no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitcollab import store
from gitcollab.backup import back_up, restore, target
from gitcollab.errors import BadInput
from gitcollab.store import collabs, people
from gitcollab.store.dump import dump


def rows(url: str) -> list[bytes]:
    opened = store.engine(url)
    try:
        return sorted(dump(opened))
    finally:
        opened.dispose()


def test_a_backup_fills_the_database_that_is_named(empty: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("private", "collabs", "run"):
        (root / name).mkdir(parents=True)
    url = store.file_url(root / "private" / "gitcollab.sqlite")
    store.migrate(url)
    opened = store.engine(url)
    with opened.begin() as conn:
        people.add_person(conn, "ana", "\u00c4na")
        collabs.add_collab(conn, "cabcdefghi", "Gezeiten", "", (), "ana")
    opened.dispose()
    place = target(str(tmp_path / "copies"))
    back_up(root, url, place, "2026-11-21T00:00:00Z")
    restore(place, tmp_path / "again", database=empty)
    assert rows(url) == rows(empty)
    assert not (tmp_path / "again" / "private" / "gitcollab.sqlite").exists()
    with pytest.raises(BadInput):
        restore(place, tmp_path / "third", database=empty)
    assert not (tmp_path / "third").exists()
    opened = store.engine(empty)  # and its counters go on behind what was there
    with opened.begin() as conn:
        people.add_person(conn, "ben", "Ben")
    opened.dispose()
