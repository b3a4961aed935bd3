"""Published versions: what their notes tell, whose work they name, and that nothing moves them."""

from __future__ import annotations

import json

import pytest

from gitcollab import acts
from gitcollab.errors import NotClean
from gitcollab.flow.compare import answer
from gitcollab.flow.points import BLESSED, bytes_at
from gitcollab.model import Actor, Bump, Version

NB = "analysis.ipynb"
ID = "cabcdefghi"


def publish(stage, **more: object) -> Version:
    return stage.collab.publish(acts.Publish(actor=Actor(user="ana"), collab=ID, notebook=NB, **more))


def listed(stage) -> tuple[Version, ...]:
    return answer(stage.repo.path, acts.ReadVersions(actor=Actor(user="ana"), collab=ID))


def with_output(data: bytes, cell: str, text: str) -> bytes:
    book = json.loads(data)
    for one in book["cells"]:
        if one["id"] == cell:
            one["outputs"] = [{"name": "stdout", "output_type": "stream", "text": [text]}]
    return json.dumps(book, indent=1, sort_keys=True).encode() + b"\n"


def test_a_version_tells_what_changed_in_which_cells_and_files(stage, ana, notebook):
    first = notebook(("a", "# Rates\nrate = 1\n"), ("b", "old"), ("c", "print(rate)"))
    ana.saves(NB, first)
    assert "" == publish(stage).notes
    second = notebook(("a", "# Rates\nrate = 2\n"), ("c", "print(rate)"), ("d", "new = 1"))
    ana.saves(NB, with_output(second, "c", "2\n"))
    ana.saves("data.csv", b"1\n2\n")
    told = publish(stage, message="More rates").notes
    wanted = ["changed: Rates", "gone: old", "new outputs: print(rate)", "new: new = 1"]
    assert {*wanted, "data.csv: added, +2 \N{MINUS SIGN}0 lines"} == {line[2:] for line in told.split("\n")}


def test_those_whose_work_is_new_are_named_and_nobody_else(stage, ana, ben, person, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ben.saves("ben.txt", b"ben\n")
    assert ("ana", "ben") == publish(stage).authors
    ana.saves(NB, notebook(("a", "2")))
    assert ("ana",) == publish(stage).authors


def test_the_task_of_the_charter_goes_with_the_version(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ana.saves("collab.toml", b'tracker = "https://tasks.example/7"\n')
    made = publish(stage, message="Done\n\nat last")
    assert ("https://tasks.example/7", "Done\n\nat last") == (made.tracker, made.message)
    assert "Tracker: https://tasks.example/7" in stage.repo.read(made.commit).message
    oid, _ = stage.repo.tags(made.tag)[made.tag]
    assert "Tracker: https://tasks.example/7" in stage.repo.tag_message(oid)[1]


def test_what_is_listed_is_what_publishing_answered(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "1")))
    first = publish(stage, message="Rates\n\n- not a note of ours\n\nKey: value")
    ben.saves("ben.txt", b"ben\n")
    ben.saves(NB, notebook(("a", "2")), ben.head)
    second = publish(stage, bump=Bump.HOTFIX)
    assert (second, first) == listed(stage)
    assert "- changed: 2" in second.notes


def test_only_the_notebook_is_published_where_that_is_asked(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ana.saves("data.csv", b"1\n")
    publish(stage)
    ana.saves("data.csv", b"2\n")
    ana.saves(NB, notebook(("a", "2")))
    publish(stage, is_only=True)
    blessed = stage.repo.head(BLESSED) or ""
    assert (notebook(("a", "2")), b"1\n") == tuple(
        bytes_at(stage.repo, blessed, path) for path in (NB, "data.csv")
    )


def test_long_notes_are_cut_and_counted(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    publish(stage)
    ana.saves(NB, notebook(("a", "1"), *((f"x{n}", f"{n} = new") for n in range(50))))
    lines = publish(stage).notes.split("\n")
    assert (41, "- and 10 more changes") == (len(lines), lines[-1])


def refusal(stage, **more: object) -> list[str]:
    with pytest.raises(NotClean) as refused:
        publish(stage, **more)
    return [one["gate"] for one in refused.value.data["shortcomings"]]


def test_the_gates_of_the_charter_hold_a_publish_back_and_say_why(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ana.saves("collab.toml", b"[gates]\norder = true\nlicence = true\n")
    assert ["order", "licence"] == refusal(stage)
    assert () == listed(stage)
    ana.saves("collab.toml", b'licence = "MIT"\n[gates]\nlicence = true\n')
    assert "1.0.0" == publish(stage).version


def test_a_secret_that_got_in_is_not_published_unless_the_charter_says_so(stage, ana, notebook):
    key = "AKIA" + "QWERTYUIOPASDFGH"
    ana.saves("collab.toml", b'[policies]\nsecrets = "off"\n')
    ana.saves(NB, notebook(("a", f"key = '{key}'")))
    assert ["secrets"] == refusal(stage)
    ana.saves("collab.toml", b'[policies]\nsecrets = "off"\n[gates]\nsecrets = false\n')
    assert "1.0.0" == publish(stage).version
