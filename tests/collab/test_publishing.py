"""Published versions: what their notes tell, whose work they name, and that nothing moves them."""

from __future__ import annotations

import json

import pytest

from gitcollab import acts
from gitcollab.errors import Forbidden, Moved, NotClean, NotFound
from gitcollab.flow.compare import answer
from gitcollab.flow.points import BLESSED, bytes_at
from gitcollab.model import Actor, Bump, Person, Role, Version
from gitcollab.repository import version_tag
from gitcollab.store import members, people

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


def asked(stage, ana, text: str) -> None:
    ana.saves("collab.toml", f'[policies]\nsecrets = "off"\n[gates]\n{text}\n'.encode())


def decide(stage, user: str, pending: str, is_approved: bool = True) -> Version | None:
    act = acts.DecidePublish(actor=Actor(user=user), collab=ID, pending=pending, is_approved=is_approved)
    return stage.collab.decide_publish(act)


@pytest.fixture
def max(stage) -> str:
    with stage.engine.begin() as conn:
        people.add_person(conn, "max")
        members.set_member(conn, ID, "max", Role.MAINTAINER)
    return "max"


def waiting(stage) -> tuple[Version, ...]:
    return answer(stage.repo.path, acts.ReadPending(actor=Actor(user="ana"), collab=ID))


def test_what_a_second_maintainer_approves_is_exactly_what_was_proposed(stage, ana, max, notebook):
    ana.saves(NB, notebook(("a", "1")))
    asked(stage, ana, "approval = true")
    proposed = publish(stage, message="first")
    assert ("1.0.0", "") == (proposed.version, proposed.tag)
    assert ((), (proposed,)) == (listed(stage), waiting(stage))
    ana.saves(NB, notebook(("a", "2")))
    with pytest.raises(Forbidden, match="their own"):
        decide(stage, "ana", proposed.pending)
    with pytest.raises(Forbidden):
        decide(stage, "ben", proposed.pending)
    version = decide(stage, max, proposed.pending)
    assert version is not None
    assert (proposed.commit, "first", "ana") == (version.commit, version.message, version.by)
    assert notebook(("a", "1")) == bytes_at(stage.repo, stage.repo.head(BLESSED), NB)
    assert "Approved-by: max" in stage.repo.tag_message(stage.repo.tags()[version.tag][0])[1]
    assert () == waiting(stage)
    assert (2, 1) == tuple(stage.kinds().count(kind) for kind in ("Proposed", "Published"))


def test_what_was_overtaken_or_declined_is_not_published(stage, ana, max, notebook):
    ana.saves(NB, notebook(("a", "1")))
    asked(stage, ana, "approval = true")
    first, second = publish(stage), publish(stage, message="another word")
    assert 2 == len(waiting(stage))
    assert decide(stage, max, first.pending) is not None
    with pytest.raises(Moved, match="something was published since"):
        decide(stage, max, second.pending)
    assert decide(stage, "ana", second.pending, is_approved=False) is None
    with pytest.raises(NotFound):
        decide(stage, max, second.pending)
    assert ["1.0.0"] == [one.version for one in listed(stage)]


def test_an_approval_that_was_killed_is_finished_at_the_next_start(stage, ana, max, notebook):
    ana.saves(NB, notebook(("a", "1")))
    asked(stage, ana, "approval = true")
    proposed = publish(stage)
    blessed = stage.repo.head(BLESSED)
    stage.repo.tag(version_tag(NB, "1.0.0"), proposed.commit, "x", author=Person(name="ana"), at=proposed.at)
    stage.restart()
    assert (None, proposed.commit, ()) == (blessed, stage.repo.head(BLESSED), waiting(stage))
    assert {} == stage.repo.heads("refs/gitcollab/pending/")


def test_a_gate_that_is_written_wrongly_is_not_open(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    asked(stage, ana, 'run = "always"')
    with pytest.raises(NotClean, match=r"collab.toml"):
        publish(stage)


def test_a_gate_that_runs_something_is_asked_about_what_stays_as_it_is(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    asked(stage, ana, 'run = true\ntimeout = 5\nstatus = "http://ci.example/s"')
    waits = publish(stage)
    assert ["status", "run"] == [job.gate for job in waits.jobs]
    ana.saves(NB, notebook(("a", "2")))
    act = acts.Publish(actor=Actor(user="ana"), collab=ID, notebook=NB)
    version = stage.collab.publish(act, waits.decided)
    assert notebook(("a", "1")) == bytes_at(stage.repo, version.commit, NB)
    with pytest.raises(Moved, match=r"published analysis.ipynb 1.0.0 meanwhile"):
        stage.collab.publish(act, waits.decided)


def test_a_command_is_run_only_where_the_administrator_lets_it(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    asked(stage, ana, 'command = "true"')
    with pytest.raises(NotClean, match="runs no commands"):
        publish(stage)


def test_unsaved_work_is_told_until_it_is_saved(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ben.saves(NB, notebook(("a", "1"), ("b", "2")), base=ben.head, is_draft=True)
    assert {ben.session} == set(stage.collab.unsaved(NB))
    assert ("ben",) == publish(stage).unsaved
    ben.saves(NB, notebook(("a", "1"), ("b", "2")), base=ben.head)
    assert {} == stage.collab.unsaved(NB)
