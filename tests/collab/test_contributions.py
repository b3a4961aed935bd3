"""Contributions: whose saves, whose cells, whose lines; nobody's are counted twice or as another's."""

from __future__ import annotations

from gitcollab import acts
from gitcollab.flow.compare import answer
from gitcollab.model import Actor, Contribution

NB = "analysis.ipynb"
ID = "cabcdefghi"


def told(stage, **more: object) -> dict[str, Contribution]:
    asked = acts.ReadContributions(actor=Actor(user="ana"), collab=ID, **more)
    return {one.user: one for one in answer(stage.repo.path, asked)}


def counts(one: Contribution) -> tuple[int, int, int, int]:
    return one.saves, one.sessions, one.cells, one.lines


def test_cells_and_lines_are_whose_text_stands_there(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "1"), ("b", "2"), ("c", "3")))
    ana.saves("plan.txt", b"one\ntwo\n")
    ben.saves(NB, notebook(("a", "1"), ("b", "ben"), ("c", "3")))
    ben.saves("plan.txt", b"one\ntwo\nthree\n")
    found = told(stage)
    assert ((2, 1, 2), (2, 1, 1)) == (counts(found["ana"])[:3], counts(found["ben"])[:3])
    assert 1 == found["ben"].lines
    assert found["ana"].first_at < found["ben"].last_at


def test_one_file_is_counted_alone(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ben.saves("plan.txt", b"one\n")
    assert {"ben": (1, 1, 0, 1)} == {user: counts(one) for user, one in told(stage, path="plan.txt").items()}


def test_a_merge_is_nobodys_save(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "1"), ("b", "2")))
    ana.saves(NB, notebook(("a", "ana"), ("b", "2")))
    ben.saves(NB, notebook(("a", "1"), ("b", "ben")))
    assert {"ana": 2, "ben": 1} == {user: one.saves for user, one in told(stage).items()}


def test_up_to_a_version_only_what_was_there_counts(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "1")))
    stage.collab.publish(acts.Publish(actor=Actor(user="ana"), collab=ID, notebook=NB))
    ben.saves(NB, notebook(("a", "2")))
    assert ({"ana"}, {"ana", "ben"}) == (set(told(stage, at="1.0.0", path=NB)), set(told(stage)))
