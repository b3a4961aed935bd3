"""The waist: saves from exact and stale copies, what is journalled, what a crash leaves, who may."""

from __future__ import annotations

import json

import pytest

from gitcollab import acts, notebooks
from gitcollab.errors import BadInput, Forbidden, NotClean, NotFound
from gitcollab.flow.points import MAIN
from gitcollab.model import Actor, Bump, Take
from gitcollab.repository.refs import Refs
from gitcollab.store import journal, sessions

NB = "analysis.ipynb"
ID = "cabcdefghi"


def test_a_save_answers_with_what_became_of_it(stage, ana, ben, notebook):
    receipt = ana.saves(NB, notebook(("a", "x = 1")))
    assert receipt.snapshot == receipt.version
    assert receipt.landed == stage.repo.head(MAIN)
    assert (receipt.contested, receipt.forked, receipt.question) == ((), "", "")


def test_saving_the_same_again_changes_nothing(stage, ana, notebook):
    first = ana.saves(NB, notebook(("a", "x = 1")))
    before = len(stage.events())
    again = ana.saves(NB, notebook(("a", "x = 1")), base=first.version)
    assert (again.snapshot, again.landed, again.version) == (None, None, first.version)
    assert len(stage.events()) == before


def test_a_save_from_a_stale_copy_is_merged_with_what_came_since(stage, ana, ben, notebook):
    first = ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ben.saves(NB, notebook(("a", "x = 1"), ("b", "y = 20")), base=ben.head)
    receipt = ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), base=first.version)
    merged = notebook(("a", "x = 10"), ("b", "y = 20"))
    assert [stage.main(NB), ana.reads(NB), ben.reads(NB)] == [merged, merged, merged]
    assert receipt.version == receipt.snapshot  # the copy has not seen the merge
    assert stage.items() == ()


def test_the_next_save_of_a_stale_copy_goes_on_from_its_last(stage, ana, ben, notebook):
    first = ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ben.saves(NB, notebook(("a", "x = 1"), ("b", "y = 20")), base=ben.head)
    second = ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), base=first.version)
    ana.saves(NB, notebook(("a", "x = 11"), ("b", "y = 2")), base=second.version)
    assert stage.main(NB) == notebook(("a", "x = 11"), ("b", "y = 20"))
    assert stage.items() == ()


def test_the_stamp_rides_along_in_an_editor_that_never_reloads(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    stamp = ana.head
    for n in (10, 11, 12):  # her editor keeps the stamp it once loaded
        ana.saves(NB, notebooks.stamp(notebook(("a", f"x = {n}"), ("b", "y = 2")), stamp))
    ben.saves(NB, notebook(("a", "x = 12"), ("b", "y = 20")), base=ben.head)
    for n in (13, 14):  # and now it is stale
        receipt = ana.saves(NB, notebooks.stamp(notebook(("a", f"x = {n}"), ("b", "y = 2")), stamp))
        assert receipt.forked == ""
    assert stage.main(NB) == ana.reads(NB) == notebook(("a", "x = 14"), ("b", "y = 20"))


def test_a_stamp_never_reaches_a_commit(stage, ana, notebook):
    ana.saves(NB, notebooks.stamp(notebook(("a", "x = 1")), ana.head))
    assert stage.main(NB) == notebook(("a", "x = 1"))


def test_a_stale_copy_that_disagrees_with_a_delivery_is_contested_and_keeps_its_version(
    stage, ana, ben, notebook
):
    first = ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ben.saves(NB, notebook(("a", "x = 100"), ("b", "y = 20")), base=ben.head)
    receipt = ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), base=first.version)
    assert receipt.forked == ""
    (item,) = stage.items()
    assert receipt.contested == (item.id,)
    assert (item.branch, item.base, item.shared, item.session) == (
        "sessions/ana/default",
        "x = 1",
        "x = 100",
        "x = 10",
    )
    assert stage.main(NB) == notebook(("a", "x = 100"), ("b", "y = 20"))
    assert ana.reads(NB) == notebook(("a", "x = 10"), ("b", "y = 20"))
    ana.saves(NB, notebook(("a", "x = 11"), ("b", "y = 2")), base=receipt.version)
    (item,) = stage.items()
    assert (item.base, item.session) == ("x = 1", "x = 11")
    stage.settle("ben", item.id, Take.SESSION)
    assert stage.main(NB) == ana.reads(NB) == ben.reads(NB) == notebook(("a", "x = 11"), ("b", "y = 20"))


def test_a_stale_copy_that_disagrees_with_its_own_session_goes_on_as_a_fork(stage, ana, ben, notebook):
    first = ana.saves(NB, notebook(("a", "x = 1")))
    ana.saves(NB, notebook(("a", "x = 100")), base=first.version)
    receipt = ana.saves(NB, notebook(("a", "x = 10")), base=first.version)
    assert receipt.forked == "ana/default-2"
    (item,) = stage.items()
    assert (item.branch, item.session, item.shared) == ("sessions/ana/default-2", "x = 10", "x = 100")
    assert ana.reads(NB) == notebook(("a", "x = 100"))
    again = ana.saves(NB, notebook(("a", "x = 11")), base=receipt.version)
    assert again.forked == "ana/default-2"
    (item,) = stage.items()
    assert item.session == "x = 11"
    stage.settle("ben", item.id, Take.SESSION)
    assert stage.main(NB) == ana.reads(NB) == notebook(("a", "x = 11"))


def test_a_stale_text_that_disagrees_with_a_delivery_is_contested_by_its_lines(stage, ana, ben):
    first = ana.saves("notes.md", b"one\ntwo\nthree\nfour\nfive\n")
    ben.saves("notes.md", b"ONE\ntwo\nthree\nFOUR\nfive\n", base=ben.head)
    ana.saves("notes.md", b"one\ntwo\nthree\n4\nfive\n", base=first.version)
    (item,) = stage.items()
    assert (item.base, item.shared, item.session, item.range) == ("four\n", "FOUR\n", "4\n", (3, 4))
    assert stage.main("notes.md") == b"ONE\ntwo\nthree\nFOUR\nfive\n"
    assert ana.reads("notes.md") == b"ONE\ntwo\nthree\n4\nfive\n"


def test_a_restored_backup_changes_nothing_and_asks(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    backup = ana.loads(NB)
    ben.saves(NB, notebook(("a", "x = 2")), base=ben.head)
    receipt = ana.saves(NB, backup)
    assert (receipt.snapshot, receipt.question) == (None, "restore")
    assert stage.main(NB) == notebook(("a", "x = 2"))
    assert stage.kinds()[-1] == "Asked"


def test_an_unstamped_text_from_an_old_buffer_is_merged_not_believed(stage, ana, ben):
    lines = [f"line {n}" for n in range(9)]
    ana.saves("notes.md", "\n".join(lines).encode())
    ben.saves("notes.md", "\n".join([*lines[:1], "ben", *lines[2:]]).encode(), base=ben.head)
    stale = "\n".join([*lines[:7], "ana", *lines[8:]]).encode()
    ana.saves("notes.md", stale)
    assert stage.main("notes.md") == "\n".join([lines[0], "ben", *lines[2:7], "ana", lines[8]]).encode()


def test_a_save_under_the_old_path_of_a_renamed_notebook_goes_to_the_new_one(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    copy = ana.head
    who = {"actor": Actor(user="ben"), "collab": ID, "session": ben.session}
    stage.collab.rename(acts.Rename(**who, path=NB, to="study.ipynb"))
    ana.saves(NB, notebooks.stamp(notebook(("a", "x = 9"), ("b", "y = 2")), copy))
    assert stage.main(NB) is None
    assert stage.main("study.ipynb") == notebook(("a", "x = 9"), ("b", "y = 2"))


def test_a_save_under_the_new_name_of_a_copy_from_before_the_rename_goes_on(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "1"), ("b", "2")))
    before = ana.head
    stage.collab.rename(
        acts.Rename(actor=Actor(user="ana"), collab=ID, session=ana.session, path=NB, to="new.ipynb")
    )
    receipt = ana.saves("new.ipynb", notebook(("a", "one"), ("b", "2")), before)
    assert ("", notebook(("a", "one"), ("b", "2"))) == (receipt.forked, stage.main("new.ipynb"))
    ben.saves("new.ipynb", notebook(("a", "one"), ("b", "two")), ben.head)
    receipt = ana.saves("new.ipynb", notebook(("a", "ONE"), ("b", "2")), receipt.version)
    assert ("", notebook(("a", "ONE"), ("b", "two"))) == (receipt.forked, stage.main("new.ipynb"))


def test_every_act_is_journalled_in_order(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    assert stage.kinds() == ["Joined", "Joined", "Saved", "Landed", "Delivered"]
    saved, landed, delivered = stage.events()[2:]
    assert [event.n for event in stage.events()] == [1, 2, 3, 4, 5]
    assert (saved.session, landed.snapshot, delivered.session) == ("ana/default", saved.commit, "ben/default")
    (change,) = landed.files
    assert (change.path, change.kind) == (NB, "added")
    assert [event.n for event in stage.told] == [1, 2, 3, 4, 5]


def test_a_contested_landing_tells_the_items_and_a_settlement_who_decided(stage, ana, ben, notebook):
    first = ana.saves(NB, notebook(("a", "x = 1")))
    ben.saves(NB, notebook(("a", "x = 100")), base=ben.head)
    ana.saves(NB, notebook(("a", "x = 10")), base=first.version)
    contested = next(event for event in stage.events() if type(event).__name__ == "Contested")
    (item,) = contested.items
    stage.settle("ben", item.id, Take.BOTH)
    settled = next(event for event in stage.events() if type(event).__name__ == "Settled")
    assert (settled.user, settled.item, settled.take, settled.cell) == ("ben", item.id, Take.BOTH, "a")


def test_events_missing_after_a_crash_are_written_once(stage, ana, ben, notebook, monkeypatch):
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    whole = stage.kinds()
    monkeypatch.setattr(journal, "append", crash)
    with pytest.raises(KeyboardInterrupt):
        ana.saves(NB, notebook(("a", "x = 1")))
    monkeypatch.undo()
    stage.restart()
    assert stage.kinds() == [*whole, "Saved", "Landed", "Delivered"]
    assert ben.reads(NB) == stage.main(NB) == notebook(("a", "x = 1"))
    assert stage.restart() == ()


def test_a_version_tagged_before_a_crash_is_rolled_forward(stage, ana, notebook, monkeypatch):
    ana.saves(NB, notebook(("a", "x = 1")))
    place = Refs.place

    def crash(refs: Refs, held: list[object]) -> None:
        place(refs, held[:1])
        raise KeyboardInterrupt

    monkeypatch.setattr(Refs, "place", crash)
    with pytest.raises(KeyboardInterrupt):
        stage.collab.publish(acts.Publish(actor=Actor(user="ana"), collab=ID, notebook=NB))
    monkeypatch.undo()
    stage.restart()
    ((_, commit),) = stage.repo.tags().values()
    assert stage.repo.head("refs/heads/blessed") == commit
    assert stage.kinds().count("Published") == 1


def test_versions_follow_semver_and_tags_name_the_notebook(stage, ana, notebook):
    def publish(bump: Bump | None = None, message: str = "") -> str:
        act = acts.Publish(
            actor=Actor(user="ana"), collab=ID, notebook="analysis", bump=bump, message=message
        )
        return stage.collab.publish(act).version

    ana.saves(NB, notebook(("a", "x = 1")))
    found = [publish()]
    for n, bump in enumerate((None, Bump.HOTFIX, Bump.MAJOR)):
        ana.saves(NB, notebook(("a", f"x = {n + 2}")), base=ana.head)
        found.append(publish(bump, "a new way to count" if bump is Bump.MAJOR else ""))
    assert found == ["1.0.0", "1.1.0", "1.1.1", "2.0.0"]
    assert sorted(stage.repo.tags()) == [f"analysis/v{version}" for version in found]
    assert ".gitcollab" not in {
        path.split("/")[0]
        for path in stage.repo.entries("".join(stage.repo.heads("refs/heads/blessed").values()))
    }
    with pytest.raises(BadInput):
        publish(Bump.MAJOR)


def test_open_items_hold_a_publish_back(stage, ana, ben, notebook):
    first = ana.saves(NB, notebook(("a", "x = 1")))
    ben.saves(NB, notebook(("a", "x = 100")), base=ben.head)
    ana.saves(NB, notebook(("a", "x = 10")), base=first.version)
    with pytest.raises(NotClean) as refused:
        stage.collab.publish(acts.Publish(actor=Actor(user="ana"), collab=ID, notebook=NB))
    assert refused.value.data["items"] == [item.id for item in stage.items()]


def test_leaving_and_joining_again_does_not_shed_an_item(stage, ana, ben, person, notebook):
    ana.saves("collab.toml", b'title = "work"\n[policies]\nlanding = "request"\n')
    stage.collab.land(acts.Land(actor=Actor(user="ana"), collab=ID, session=ana.session))
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")), base=ana.head)
    stage.collab.land(acts.Land(actor=Actor(user="ana"), collab=ID, session=ana.session))
    ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), base=ana.head)
    ben.saves(NB, notebook(("a", "x = 100"), ("b", "y = 2")), base=ben.head)
    for one in (ben, ana):
        stage.collab.land(acts.Land(actor=Actor(user=one.user), collab=ID, session=one.session))
    ana.leaves()
    again = person(stage, "ana")
    assert again.session == ana.session
    assert again.reads(NB) == notebook(("a", "x = 10"), ("b", "y = 2"))
    again.saves(NB, notebook(("a", "x = 11"), ("b", "y = 2")), base=again.head)
    stage.collab.land(acts.Land(actor=Actor(user="ana"), collab=ID, session=again.session))
    (item,) = stage.items()
    assert (item.base, item.shared, item.session) == ("x = 1", "x = 100", "x = 11")


def test_who_hears_that_somebody_left_finds_the_session_closed(stage, ana):
    standing = []

    def hear(event):
        with stage.engine.connect() as conn:
            (row,) = sessions.sessions(conn, ID)
        standing.append((event.user, row.is_open))

    stage.hear = hear
    ana.leaves()
    assert [("ana", False)] == standing


def test_a_closed_session_takes_no_saves(stage, ana, notebook):
    ana.leaves()
    with pytest.raises(NotFound):
        ana.saves(NB, notebook(("a", "x = 1")))


@pytest.mark.parametrize(("user", "refusal"), [("vic", Forbidden), ("out", NotFound)])
def test_who_may_not_save_is_refused(stage, ana, notebook, user, refusal):
    with pytest.raises(refusal):
        stage.collab.open_session(acts.OpenSession(actor=Actor(user=user), collab=ID))
    who = {"actor": Actor(user=user), "collab": ID, "session": ana.session}
    with pytest.raises(refusal):
        stage.collab.save(acts.Save(**who, path=NB, data=notebook(("a", "x = 1"))))


def test_nobody_saves_in_somebody_elses_session(stage, ana, ben, notebook):
    who = {"actor": Actor(user="ben"), "collab": ID, "session": ana.session}
    with pytest.raises(Forbidden):
        stage.collab.save(acts.Save(**who, path=NB, data=notebook(("a", "x = 1"))))


@pytest.mark.parametrize(
    "path", ["../x.ipynb", "/etc/passwd", ".git/config", ".gitcollab/contested/x.json", "a//b"]
)
def test_paths_outside_the_tree_are_refused(ana, path):
    with pytest.raises(BadInput):
        ana.saves(path, b"x")


def test_a_draft_is_shown_and_never_lands(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    before = (stage.repo.head(MAIN), ana.head)
    receipt = ana.saves(NB, notebook(("a", "x = 5")), is_draft=True)
    assert (receipt.landed, stage.repo.head(MAIN), ana.head) == (None, *before)
    assert stage.kinds()[-1] == "Drafted"
    (change,) = stage.events()[-1].files
    assert change.path == NB


def test_only_maintainers_change_the_charter(stage, ana, ben):
    before = stage.main("collab.toml")
    ben.saves("collab.toml", b'title = "mine"\n', base=ben.head)
    assert stage.main("collab.toml") == before
    (item,) = stage.items()
    assert item.reason == "only maintainers change collab.toml"
    ana.saves("collab.toml", b'title = "ours"\n', base=ana.head)
    assert stage.main("collab.toml") == b'title = "ours"\n'


def test_two_copies_of_one_person_become_two_sessions(stage, ana):
    opened = [
        stage.collab.open_session(acts.OpenSession(actor=Actor(user="ben"), collab=ID, client=client))
        for client in ("laptop", "desktop", "laptop")
    ]
    assert [one.session for one in opened] == ["ben/default", "ben/default-2", "ben/default"]


def opened(data: bytes) -> bytes:
    """What Jupyter makes of a notebook by opening and saving it."""
    document = json.loads(data)
    document["metadata"]["language_info"] = {"name": "python", "version": "3.13.1"}
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def test_a_notebook_merely_opened_is_kept_but_neither_landed_nor_announced(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    before = (stage.repo.head(MAIN), stage.kinds())
    receipt = ana.saves(NB, opened(notebook(("a", "x = 1"))), base=ana.head)
    assert (receipt.landed, receipt.snapshot) == (None, ana.head)
    assert (stage.repo.head(MAIN), stage.kinds()) == before
    ana.saves(NB, opened(notebook(("a", "x = 2"))), base=ana.head)
    assert stage.main(NB) == opened(notebook(("a", "x = 2")))


def test_a_file_exchanged_for_one_from_elsewhere_lands_whatever_differs(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1")))
    ben.saves(
        NB, opened(notebook(("a", "x = 1"))), tool="watch"
    )  # the delivered copy had a stamp, this has none
    assert stage.main(NB) == ana.reads(NB) == opened(notebook(("a", "x = 1")))


def test_a_copy_read_from_the_shared_branch_is_a_good_base(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    base = stage.repo.head(MAIN)  # never delivered to Ana: it is her own work
    receipt = ana.saves(NB, notebook(("a", "x = 2"), ("b", "y = 2")), base=base)
    assert receipt.forked == ""
    assert stage.main(NB) == notebook(("a", "x = 2"), ("b", "y = 2"))


def test_a_landing_is_told_before_the_deliveries_that_follow_from_it(stage, ana, ben, notebook):
    first = ana.saves(NB, notebook(("a", "x = 1"), ("b", "y = 2")))
    ben.saves(NB, notebook(("a", "x = 1"), ("b", "y = 20")), base=ben.head)
    before = len(stage.kinds())
    ana.saves(NB, notebook(("a", "x = 10"), ("b", "y = 2")), base=first.version)
    assert stage.kinds()[before:] == ["Saved", "Landed", "Delivered"]
