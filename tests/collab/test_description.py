"""What collab.toml says of the collab is known wherever collabs are listed, once it is on the shared branch."""

from __future__ import annotations

import pytest

from gitcollab.store import collabs

ID = "cabcdefghi"
TRACKER = "https://app.asana.com/0/1"


def known(stage):
    with stage.engine.connect() as conn:
        found = collabs.collab(conn, ID)
        return found.title, found.tracker


def says(person, text: str) -> None:
    person.saves("collab.toml", text.encode(), base=person.head)


def test_a_maintainers_title_and_tracker_are_known_when_they_have_landed(stage, ana):
    says(ana, f'title = "Rain"\ntracker = "{TRACKER}"\n')
    assert ("Rain", TRACKER) == known(stage)
    says(ana, 'title = "Rain in Kenya"\n')
    assert ("Rain in Kenya", "") == known(stage)


def test_who_hears_that_it_landed_reads_the_new_title(stage, ana):
    heard = []
    stage.hear = lambda event: heard.append((type(event).__name__, known(stage)[0]))
    says(ana, 'title = "Rain"\n')
    assert "Rain" == dict(heard)["Landed"]


def test_an_editor_does_not_rename_it(stage, ben):
    says(ben, 'title = "Mine"\n')
    assert ("work", "") == known(stage)


@pytest.mark.parametrize("text", ["", "title = 3\n", "title = [", 'title = "a\\nb"\n'])
def test_what_cannot_be_a_title_leaves_the_old_one(stage, ana, text):
    says(ana, text)
    assert "work" == known(stage)[0]


def test_a_start_makes_up_for_what_was_missed(stage, ana):
    says(ana, 'title = "Rain"\n')
    with stage.engine.begin() as conn:
        collabs.describe(conn, ID, title="as it was", tracker="")
    stage.restart()
    assert "Rain" == known(stage)[0]
