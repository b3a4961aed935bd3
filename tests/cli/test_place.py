"""How places are written on the command line."""

from __future__ import annotations

import pytest

from gitcollab.cli.place import Spot, spot


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("cabcdefg23", Spot("cabcdefg23")),
        ("cabcdefg23:nb/a.ipynb", Spot("cabcdefg23", "nb/a.ipynb")),
        ("cabcdefg23:nb/a.ipynb@main", Spot("cabcdefg23", "nb/a.ipynb", "main")),
        ("cabcdefg23:a@b.ipynb@1.2.0", Spot("cabcdefg23", "a@b.ipynb", "1.2.0")),
        ("cabcdefg23@sessions/ana/default", Spot("cabcdefg23", "", "sessions/ana/default")),
        ("tides", Spot("tides")),
        ("tides:1.2.0", Spot("tides", "", "1.2.0")),
        ("ana,ben:tides", Spot("ana,ben:tides")),
        ("ana:tides", Spot("ana:tides")),
        ("ben, ana:tides:1.2.0", Spot("ben, ana:tides", "", "1.2.0")),
        ("ana,ben:tides:nb/a.ipynb@blessed", Spot("ana,ben:tides", "nb/a.ipynb", "blessed")),
        ("tides:a.ipynb", Spot("tides", "a.ipynb")),
        ("cabcdefg23:a.ipynb@2026-11-20T10:00:00Z", Spot("cabcdefg23", "a.ipynb", "2026-11-20T10:00:00Z")),
    ],
)
def test_a_place_is_read_as_people_write_it(text: str, meant: Spot) -> None:
    assert meant == spot(text)
