"""Who is here."""

from __future__ import annotations

from gitcollab.web.pages.presence import STAY, Presence, Seat


def test_the_others_are_seen_where_they_were_last_for_a_minute() -> None:
    here = Presence()
    here.note("c", "ana", Seat("a.ipynb", "x", 0.0))
    here.note("c", "ana", Seat("a.ipynb", "y", 1.0))
    here.note("c", "ben", Seat("", "", 2.0))
    here.note("other", "cleo", Seat("", "", 2.0))
    assert {"ana": Seat("a.ipynb", "y", 1.0)} == here.others("c", "ben")
    here.note("c", "ben", Seat("", "", 2.0 + STAY))
    assert {} == here.others("c", "ben")
