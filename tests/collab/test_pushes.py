"""Pushes as the writer takes them in: what git made in a clone lands and is delivered, or could not be saved either."""

from __future__ import annotations

import errno

import pytest

from gitcollab.errors import BadInput, Moved, NoSpace, TooLarge, Unusable
from gitcollab.events import Saved
from gitcollab.flow.points import MAIN
from gitcollab.model import Take
from gitcollab.repository.flushing import Flushing

from .conftest import Clone  # type: ignore[import-not-found]


def test_a_push_is_a_save_it_lands_and_is_delivered(stage, ana, clone) -> None:
    ben = clone("ben")
    tip = ben.commits("text.txt", "one\nTWO\nthree\n", "Two is loud")
    done = ben.pushes("sessions/ben/laptop")
    assert ("ben/laptop", 1, (), "") == (done.session, done.count, done.contested, done.trouble)
    assert b"one\nTWO\nthree\n" == stage.main("text.txt") == ana.reads("text.txt")
    assert tip == stage.repo.head("refs/heads/sessions/ben/laptop")
    landing = stage.repo.read(done.landed or "")
    assert tip == landing.parents[1]
    assert "Land ben/laptop: Two is loud" == landing.subject
    told = [kind for kind in stage.kinds() if kind != "Created"][-4:]
    assert ["Joined", "Saved", "Landed", "Delivered"] == told


def test_each_push_is_one_event_and_the_next_is_a_fast_forward_without_a_fetch(stage, clone) -> None:
    ben = clone("ben")
    start = ben.git("rev-parse", "HEAD")
    ben.commits("a.txt", "1")
    first = ben.commits("b.txt", "2")
    ben.pushes("sessions/ben/laptop")
    second = ben.commits("a.txt", "3")
    ben.pushes("sessions/ben/laptop")
    saved = [event for event in stage.events() if isinstance(event, Saved) and event.session == "ben/laptop"]
    assert [(first, start), (second, first)] == [(event.commit, event.parent) for event in saved]
    assert [["a.txt", "b.txt"], ["a.txt"]] == [[file.path for file in event.files] for event in saved]
    assert b"3" == stage.main("a.txt")


def test_a_start_after_a_crash_tells_the_same(stage, clone) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1")
    stage.collab._ground.ledger.write = lambda *_: ()  # type: ignore[method-assign] # the journal was not reached
    ben.pushes("sessions/ben/laptop")
    told = stage.restart()
    assert ["Saved", "Landed", "Delivered"] == [type(event).__name__ for event in told]


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "no space left")


def test_a_push_that_failed_at_the_disk_is_told_of_when_it_is_made_again(stage, clone, monkeypatch) -> None:
    ben = clone("ben")
    tip = ben.commits("a.txt", "1")
    with monkeypatch.context() as full:
        full.setattr(Flushing, "flush", no_space)
        with pytest.raises(NoSpace):
            ben.pushes("sessions/ben/laptop")
    assert None is stage.repo.head("refs/heads/sessions/ben/laptop")
    assert "ben/laptop" == ben.pushes("sessions/ben/laptop").session
    told = [(type(event).__name__, event.session) for event in stage.events() if hasattr(event, "session")]
    assert 1 == told.count(("Joined", "ben/laptop")) == told.count(("Saved", "ben/laptop"))
    assert tip == stage.repo.head("refs/heads/sessions/ben/laptop")


def test_a_maintainers_push_to_main_lands_like_a_session(stage, ana, clone) -> None:
    clone_of_ana = clone("ana")
    tip = clone_of_ana.commits("a.txt", "1")
    ana.saves("b.txt", b"meanwhile\n")
    done = clone_of_ana.pushes("main", old=clone_of_ana.git("rev-parse", "origin/main"), message="From afar")
    assert "ana/push" == done.session
    assert (b"1", b"meanwhile\n") == (stage.main("a.txt"), stage.main("b.txt"))
    assert tip in stage.repo.read(done.landed or "").parents
    assert "Land ana/push: From afar" == stage.repo.read(stage.repo.head(MAIN) or "").subject
    clone_of_ana.pulls()
    clone_of_ana.commits("a.txt", "2")
    assert "ana/push" == clone_of_ana.pushes("main").session
    assert b"2" == stage.main("a.txt")


def test_main_is_never_rewritten(stage, clone) -> None:
    ana = clone("ana")
    ana.git("checkout", "-q", "HEAD~1")
    ana.commits("a.txt", "1")
    with pytest.raises(Unusable, match="never rewritten"):
        ana.pushes("main")


def test_an_option_sends_an_editors_push_of_main_into_a_session(stage, clone) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1")
    assert "ben/desk" == ben.pushes("main", session="desk").session
    assert b"1" == stage.main("a.txt")


def test_a_contested_push_stands_and_names_its_items(stage, ana, clone) -> None:
    ben = clone("ben")
    ben.commits("text.txt", "one\nbens\nthree\n")
    ana.saves("text.txt", b"one\nanas\nthree\n")
    done = ben.pushes("sessions/ben/laptop")
    (item,) = stage.items()
    assert (item.id,) == done.contested
    assert ("anas\n", "bens\n", "ben") == (item.shared, item.session, item.user)
    assert b"one\nanas\nthree\n" == stage.main("text.txt")


@pytest.mark.parametrize("answer", ["anas", "bens", "both of us"])
def test_merging_main_by_hand_settles(stage, ana, clone, answer: str) -> None:
    ben = clone("ben")
    ben.commits("text.txt", "one\nbens\nthree\n")
    ana.saves("text.txt", b"one\nanas\nthree\n")
    ben.pushes("sessions/ben/laptop")
    ben.pulls("--no-commit", "--no-ff")
    ben.commits("text.txt", f"one\n{answer}\nthree\n", "My answer")
    done = ben.pushes("sessions/ben/laptop")
    assert ((), ()) == (done.contested, stage.items())
    assert f"one\n{answer}\nthree\n".encode() == stage.main("text.txt") == ana.reads("text.txt")
    (closed,) = [event for event in stage.events() if type(event).__name__ == "Closed"]
    assert "merged by hand" == closed.reason


def test_fast_forwarding_to_main_takes_the_shared_version(stage, ana, clone) -> None:
    ben = clone("ben")
    ben.commits("text.txt", "one\nbens\nthree\n")
    ana.saves("text.txt", b"one\nanas\nthree\n")
    ben.pushes("sessions/ben/laptop")
    ben.pulls("--ff-only")
    assert () == ben.pushes("sessions/ben/laptop").contested
    assert ((), b"one\nanas\nthree\n") == (stage.items(), stage.main("text.txt"))


def test_an_answer_to_what_has_changed_since_is_asked_again(stage, ana, clone) -> None:
    ben = clone("ben")
    ben.commits("text.txt", "one\nbens\nthree\n")
    ana.saves("text.txt", b"one\nanas\nthree\n")
    ben.pushes("sessions/ben/laptop")
    ben.pulls("--no-commit", "--no-ff")
    ben.commits("text.txt", "one\nanswer\nthree\n")
    ana.saves("text.txt", b"one\nanas second\nthree\n")
    done = ben.pushes("sessions/ben/laptop")
    (item,) = stage.items()
    assert ((item.id,), "anas second\n", "answer\n") == (done.contested, item.shared, item.session)


def test_notebooks_are_merged_by_cell_and_a_stamp_does_not_stay(stage, ana, clone, notebook) -> None:
    ana.saves("n.ipynb", notebook(("a", "x = 1"), ("b", "y = 1")))
    ben = clone("ben")
    ben.commits("n.ipynb", ana.loads("n.ipynb").replace(b"y = 1", b"y = 2"))
    assert b'"gitcollab"' in (ben.path / "n.ipynb").read_bytes()
    ana.saves("n.ipynb", notebook(("a", "x = 2"), ("b", "y = 1")))
    ben.pushes("sessions/ben/laptop")
    assert notebook(("a", "x = 2"), ("b", "y = 2")) == stage.main("n.ipynb")


def test_a_broken_notebook_waits_as_an_item(stage, clone) -> None:
    ben = clone("ben")
    ben.commits("n.ipynb", "{")
    done = ben.pushes("sessions/ben/laptop")
    assert (1, None) == (len(done.contested), stage.main("n.ipynb"))


def test_what_a_push_says_of_the_services_own_directory_is_ignored(stage, ana, clone) -> None:
    ben = clone("ben")
    ben.commits("text.txt", "one\nbens\nthree\n")
    ana.saves("text.txt", b"one\nanas\nthree\n")
    ben.pushes("sessions/ben/laptop")
    before = stage.items()
    ben.pulls()
    ben.commits("more.txt", "more\n")
    assert () == ben.pushes("sessions/ben/laptop").remarks  # what came with main is no change of theirs
    before = stage.items()
    ben.commits(".gitcollab/contested/0123456789abcdef.json", "{}")
    (told,) = ben.pushes("sessions/ben/laptop").remarks
    assert ".gitcollab/ is written by the service alone" in told
    assert before == stage.items()


def test_names_that_are_one_on_many_machines_are_told_of_and_taken_as_saves_are(stage, clone) -> None:
    ben = clone("ben")
    ben.commits("data/Table.csv", "1\n")
    assert () == ben.pushes("sessions/ben/laptop").remarks
    ben.commits("data/table.csv", "2\n")
    ben.commits("Data/other.csv", "3\n")
    assert {
        "data/Table.csv and data/table.csv are one file on many machines: git mv one of them",
        "Data and data are one file on many machines: git mv one of them",
    } == set(ben.pushes("sessions/ben/laptop").remarks)
    assert (b"1\n", b"2\n") == (stage.main("data/Table.csv"), stage.main("data/table.csv"))


def test_collab_toml_is_changed_by_maintainers_only(stage, clone) -> None:
    before = stage.main("collab.toml")
    ben = clone("ben")
    ben.commits("collab.toml", 'title = "mine"\n')
    assert 1 == len(ben.pushes("sessions/ben/laptop").contested)
    assert before == stage.main("collab.toml")
    ana = clone("ana")
    ana.commits("collab.toml", 'title = "ours"\n')
    ana.pushes("sessions/ana/laptop")
    assert b'title = "ours"\n' == stage.main("collab.toml")


def test_a_branch_only_goes_forward_and_is_not_deleted(stage, clone) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1")
    ben.pushes("sessions/ben/laptop")
    ben.git("commit", "-q", "--amend", "-m", "again")
    with pytest.raises(Unusable, match="not a fast-forward"):
        ben.pushes("sessions/ben/laptop")
    with pytest.raises(Moved):
        ben.pushes("sessions/ben/laptop", old=None)
    with pytest.raises(BadInput, match="not deleted"):
        ben.pushes("sessions/ben/laptop", new=None)


def test_a_history_of_its_own_is_told_how_to_begin(stage, clone) -> None:
    ben = clone("ben")
    ben.git("checkout", "-q", "--orphan", "own")
    ben.commits("a.txt", "1")
    with pytest.raises(Unusable, match="does not begin"):
        ben.pushes("sessions/ben/own")
    ben.git("branch", "mine")
    ben.git("checkout", "-q", "-b", "joint", "origin/main")
    ben.git("merge", "-q", "--allow-unrelated-histories", "-X", "ours", "-m", "Joint", "mine")
    ben.pushes("sessions/ben/own")
    assert b"1" == stage.main("a.txt")


def links(ben: Clone) -> None:
    (ben.path / "link").symlink_to("/etc/passwd")


def a_submodule(ben: Clone) -> None:
    ben.git("update-index", "--add", "--cacheinfo", f"160000,{ben.git('rev-parse', 'HEAD')},sub")
    (ben.path / "sub").mkdir()


def a_control_character(ben: Clone) -> None:
    ben.writes("a\x1b[31m.txt", "red")


def large(ben: Clone) -> None:
    ben.writes("data.bin", b"\0" * 10_000_001)


def a_second_own_directory(ben: Clone) -> None:
    ben.writes(".GitCollab/x", "x")


@pytest.mark.parametrize("odd", [links, a_submodule, a_control_character, large, a_second_own_directory])
def test_what_could_not_be_saved_cannot_be_pushed(stage, clone, odd) -> None:
    ben = clone("ben")
    odd(ben)
    ben.commits("a.txt", "1")
    with pytest.raises((BadInput, TooLarge)):
        ben.pushes("sessions/ben/laptop")
    assert None is stage.repo.head("refs/heads/sessions/ben/laptop")


def test_criss_cross_histories_are_folded(stage, ana, clone) -> None:
    """Ben merges what Ana has pushed and she what he has, so that their lines meet twice."""
    mine, yours = clone("ana"), clone("ben")
    mine.commits("ana.txt", "1\n")
    yours.commits("ben.txt", "1\n")
    a, b = mine.git("rev-parse", "HEAD"), yours.git("rev-parse", "HEAD")
    mine.pushes("sessions/ana/laptop")
    yours.pushes("sessions/ben/laptop")
    for one, other in ((mine, b), (yours, a)):
        one.git("fetch", "-q", "origin")
        one.git("merge", "-q", "-m", "Cross", other)
    mine.commits("text.txt", "one\ntwo\nthree\nana\n")
    yours.commits("text.txt", "zero\none\ntwo\nthree\n")
    mine.pushes("sessions/ana/laptop")
    yours.git("merge", "-q", "-m", "Cross again", b)
    done = yours.pushes("sessions/ben/laptop")
    assert ((), ()) == (done.contested, stage.items())
    assert b"zero\none\ntwo\nthree\nana\n" == stage.main("text.txt")


def test_an_item_of_a_push_is_settled_like_any(stage, ana, clone) -> None:
    ben = clone("ben")
    ben.commits("text.txt", "one\nbens\nthree\n")
    ana.saves("text.txt", b"one\nanas\nthree\n")
    (item,) = ben.pushes("sessions/ben/laptop").contested
    stage.settle("ana", item, Take.SESSION)
    assert (b"one\nbens\nthree\n", ()) == (stage.main("text.txt"), stage.items())
