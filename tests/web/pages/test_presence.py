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


def test_only_who_comes_moves_or_goes_is_told_of() -> None:
    here = Presence()
    assert here.note("c", "ana", Seat("a.ipynb", "x", 0.0))
    assert not here.note("c", "ana", Seat("a.ipynb", "x", 1.0))
    assert here.note("c", "ana", Seat("a.ipynb", "y", 2.0))
    assert here.note("c", "ben", Seat("", "", 3.0))
    assert here.note("c", "ana", Seat("", "", 4.0), is_gone=True)
    assert {} == here.others("c", "ben")
    assert here.note("c", "cleo", Seat("", "", 4.0 + STAY))
