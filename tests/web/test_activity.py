"""What people read of what happened."""

from __future__ import annotations

import msgspec
import pytest

from gitcollab import events
from gitcollab.model import CellChange, FileChange, Item, Role, Take
from gitcollab.web.activity import lines, told

ABOUT = {"collab": "c234567abc", "user": "ben", "at": "2026-11-20T10:00:00Z"}
PROPOSED = {**ABOUT, "notebook": "a", "version": "1.0.0", "pending": "p"}
FILES = (
    FileChange(
        path="a b.ipynb",
        kind="changed",
        cells=(
            CellChange(kind="source", cell="x"),
            CellChange(kind="moved", cell="x"),
            CellChange(kind="source", cell="y"),
        ),
    ),
)
SAVED = events.Saved(**ABOUT, n=1, session="ben/default", commit="s1", parent="p", files=FILES)
LANDED = events.Landed(
    **ABOUT, n=2, session="ben/default", commit="m1", parent="m0", snapshot="s1", files=FILES
)
ITEM = Item(
    id="i", path="a.ipynb", cell="c", field="source", base="", shared="", session="", user="ben", commit="s1", at="",
    branch="b",
)  # fmt: skip


def test_a_save_and_its_merge_are_one_line() -> None:
    (line,) = lines([SAVED, LANDED])
    assert (2, "ben", "saved", "merged") == (line.n, line.user, line.text, line.state)
    (file,) = line.files
    assert ("a b.ipynb", "/c/c234567abc/diff/p..s1/a%20b.ipynb") == (file.path, file.href)
    assert ["1 cell moved", "2 cells changed"] == [change.words for change in file.changes]


def test_what_a_charter_says_wrongly_is_told_beside_its_save() -> None:
    fault = "collab.toml: [merge] outputs = 'never' is none of newer, shared; the default holds"
    landed = msgspec.structs.replace(
        LANDED, noted=("a b.ipynb a outputs: took session, the newer side", fault)
    )
    assert ["saved", f"wrote what cannot hold: {fault}"] == [line.text for line in lines([SAVED, landed])]


def test_a_save_that_waits_says_so() -> None:
    assert "waiting" == lines([SAVED])[0].state


def test_a_contested_save_is_one_line_that_leads_to_the_decision() -> None:
    landed = events.Landed(
        **ABOUT,
        n=2,
        session="ben/default",
        commit="m1",
        parent="m0",
        snapshot="s1",
        files=FILES,
        contested=("i",),
    )
    contested = events.Contested(**ABOUT, n=3, session="ben/default", commit="m1", items=(ITEM,))
    assert [(3, "contested")] == [(line.n, line.state) for line in lines([SAVED, landed, contested])]


def test_the_newest_line_is_the_first() -> None:
    joined = events.Joined(**ABOUT, n=5, session="ben/default")
    assert [5, 1] == [line.n for line in lines([SAVED, joined])]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (events.Created(**ABOUT, title="Rain", alias="a"), "began Rain"),
        (events.Membership(**ABOUT, member="cleo", role=Role.EDITOR), "made cleo an editor"),
        (events.Membership(**ABOUT, member="cleo", role=None), "ended the access of cleo"),
        (events.Membership(**ABOUT, member="ben", role=None), "left"),
        (events.Membership(**ABOUT, member="ben", role=Role.VIEWER), "joined"),
        (events.Linked(**ABOUT, link="l", role=Role.VIEWER), "made an invitation link for viewers"),
        (
            events.Published(**ABOUT, notebook="a", version="1.0.0", tag="t", commit="c"),
            "published a as 1.0.0",
        ),
        (events.Proposed(**PROPOSED), "asks another maintainer to approve a as 1.0.0"),
        (events.Proposed(**PROPOSED, is_open=False, is_approved=True), "approved a as 1.0.0"),
        (events.Proposed(**PROPOSED, is_open=False), "declined a as 1.0.0"),
        (
            events.Settled(**ABOUT, commit="c", item="i", path="a", take=Take.BOTH),
            "decided a contested cell of a: both versions",
        ),
        (events.Left(**ABOUT, session="ben/default"), "finished working here"),
        (
            events.Skipped(**ABOUT, session="ben/default", path="big.bin", reason="too-large"),
            "has a file that was not taken in: big.bin (too-large)",
        ),
        (
            events.Swept(**ABOUT, session="ben/default", taken=2),
            "ended the day with everything in ben/default saved",
        ),
        (
            events.Swept(
                **ABOUT,
                session="ben/default",
                unsaved=tuple(f"{n}.txt" for n in range(7)),
                skipped=(("big.bin", "too-large"),),
                held=(("h1", "key.txt"),),
            ),
            "ended the day in ben/default with not saved yet: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more; "
            "not taken in: big.bin (too-large); held until you decide: key.txt",
        ),
    ],
)
def test_an_event_is_told_in_plain_words(event: events.AnyEvent, text: str) -> None:
    line = told(event)
    assert line is not None
    assert text == line.text


def test_a_delivery_is_told_to_nobody() -> None:
    assert None is told(events.Delivered(**ABOUT, session="ben/default", commit="c", parent="p", files=()))


def test_the_short_sessions_of_forms_are_told_to_nobody() -> None:
    assert told(events.Joined(**ABOUT, n=1, session="ben/web")) is None
    assert told(events.Left(**ABOUT, n=1, session="ben/web")) is None
    assert told(events.Left(**ABOUT, n=1, session="ben/default")) is not None
