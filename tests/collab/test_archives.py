"""Archives: a session that closed long ago takes little room, and is as it was once somebody needs it."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from gitcollab import acts
from gitcollab.collab import purging
from gitcollab.collab.archives import Archived, bring_back
from gitcollab.errors import NotFound, Unavailable
from gitcollab.events import Thinned
from gitcollab.model import Actor, SessionName
from gitcollab.repository import Repository, maintain, unbundle
from gitcollab.repository.rewriting import Rewritten, rewritten

EVER = "2999-01-01T00:00:00Z"
NEVER = "2000-01-01T00:00:00Z"
SAVES = 30


def git(repo: Repository, *words: str) -> str:
    ran = subprocess.run(["git", "-C", repo.path, *words], capture_output=True, text=True, check=False)
    assert (0, "") == (ran.returncode, ran.stderr)
    return ran.stdout


def is_sound(repo: Repository) -> bool:
    return git(repo, "fsck", "--full", "--strict", "--no-dangling", "--no-progress") == ""


def everything(repo: Repository) -> bytes:
    words = ["git", "-C", repo.path, "cat-file", "--batch", "--batch-all-objects"]
    return subprocess.run(words, capture_output=True, check=True).stdout


def size(repo: Repository) -> int:
    return sum(each.stat().st_size for each in (repo.path / "objects").rglob("*") if each.is_file())


@pytest.fixture
def closed(stage, ana, person) -> list[str]:
    """Ana's second session, whose saves did not land, is closed; returns its commits, newest first."""
    ana.saves("collab.toml", b'title = "work"\n[policies]\nlanding = "request"\n')
    stage.collab.land(acts.Land(actor=Actor(user="ana"), collab=stage.collab.id, session=ana.session))
    second = person(stage, "ana", "second")
    for number in range(SAVES):
        second.saves("notes.txt", b"".join(b"%d times %d\n" % (number, n) for n in range(500)))
    second.saves("notes.txt", b"never saved\n", is_draft=True)
    second.saves("notes.txt", b"never saved either\n", is_draft=True)
    second.leaves()
    return [commit.oid for commit in stage.repo.line(second.head)][:SAVES]


SECOND = SessionName(user="ana", name="second")


def thinned(stage) -> Archived:
    (one,) = stage.collab.archives.thin(EVER)
    return one


def test_a_closed_session_is_archived_whole_before_its_branch_is_thinned(
    stage, closed, tmp_path: Path
) -> None:
    one = thinned(stage)
    assert (closed[0], SAVES, 1) == (one.tip, one.commits, one.kept)
    assert one.thin == stage.repo.head(SECOND.ref)
    assert stage.repo.tree_of(one.tip) == stage.repo.tree_of(one.thin)
    elsewhere = tmp_path / "elsewhere.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(stage.repo.path), str(elsewhere)], check=True)
    unbundle(elsewhere, stage.collab.archives.shelf.bundle(one))  # what remains, and this, is all
    assert closed == git(Repository(elsewhere), "rev-list", closed[0], "--not", "main").split()
    (told,) = [event for event in stage.events() if isinstance(event, Thinned)]
    assert (one.thin, one.name, SAVES) == (told.commit, told.archive, told.commits)
    assert () == stage.collab.archives.thin(EVER)
    assert () == stage.restart()


def test_a_session_that_is_open_or_closed_of_late_or_short_or_asked_about_stays(
    stage, ana, ben, person, closed, notebook
) -> None:
    assert () == stage.collab.archives.thin(NEVER)
    person(stage, "ana", "second")
    assert () == stage.collab.archives.thin(EVER)
    assert closed[0] == stage.repo.head(SECOND.ref)
    base = ben.head
    ana.saves("nb.ipynb", notebook(("a", "x = 1")))
    short = person(stage, "ana", "short")
    short.saves("a.txt", b"a")
    short.leaves()
    assert (base, ()) == (ben.head, stage.collab.archives.thin(EVER))


def test_two_weeks_later_the_repository_is_small_and_what_anybody_else_needs_is_in_it(stage, closed) -> None:
    maintain(stage.repo.path, is_thorough=True)
    before = size(stage.repo)
    one = thinned(stage)
    assert 0 == stage.collab.archives.drop(NEVER)
    assert stage.repo.has(closed[5])
    assert SAVES < stage.collab.archives.drop(EVER)
    (noted,) = stage.collab.archives.shelf.all()
    assert (True, True) == (bool(noted.dropped), noted.before > noted.after > 0)
    repo = Repository(stage.repo.path)
    assert not any(repo.has(oid) for oid in closed)
    assert (True, True) == (is_sound(repo), size(repo) < before)
    assert b"29 times 0\n" == repo.blob(repo.entry(one.thin, "notes.txt").oid)[:11]
    draft = repo.head(f"refs/gitcollab/drafts/{SECOND}")
    assert b"never saved either\n" == repo.blob(repo.entry(draft, "notes.txt").oid)
    assert 0 == stage.collab.archives.drop(EVER)


def test_what_was_dropped_can_be_saved_again(stage, ana, closed) -> None:
    text = stage.repo.blob(stage.repo.entry(closed[3], "notes.txt").oid)
    thinned(stage)
    stage.collab.archives.drop(EVER)
    ana.saves("other.txt", text)
    assert text == ana.reads("other.txt")
    assert is_sound(stage.repo)


def test_who_takes_a_thinned_session_up_again_finds_it_as_it_was(stage, person, closed) -> None:
    one = thinned(stage)
    stage.collab.archives.drop(EVER)
    again = person(stage, "ana", "second")
    assert (closed[0], closed[0]) == (again.head, again.opened.head)
    assert closed == [commit.oid for commit in stage.repo.line(again.head)][:SAVES]
    old = stage.repo.blob(stage.repo.entry(closed[9], "notes.txt").oid)
    stale = again.saves("notes.txt", old + b"and more\n", base=closed[9])  # its exact base is known again
    assert "ana/second-2" == stale.forked
    again.leaves()
    (second,) = [two for two in stage.collab.archives.thin(EVER) if two.tip != one.tip] or (one,)
    assert one.session == second.session
    stage.collab.archives.drop(EVER)
    assert is_sound(stage.repo)


def test_what_a_purge_is_to_take_out_is_not_left_in_an_archive(stage, closed) -> None:
    one = thinned(stage)
    stage.collab.archives.drop(EVER)
    stage.collab.purge(acts.Purge(actor=Actor(user="ana"), collab=stage.collab.id, text="17 times 4"))
    assert () == stage.collab.archives.shelf.all()
    assert not stage.collab.archives.shelf.bundle(one).exists()
    repo = Repository(stage.repo.path)
    assert SAVES == len(git(repo, "rev-list", SECOND.ref, "--not", "main").split())
    assert (False, True) == (b"17 times 4" in everything(repo), is_sound(repo))
    assert SAVES == thinned(stage).commits


@pytest.mark.timeout(240)
def test_what_is_being_purged_is_not_brought_back_meanwhile(stage, closed, monkeypatch) -> None:
    one = thinned(stage)
    stage.collab.archives.drop(EVER)
    found: list[Exception | None] = []
    threads: list[threading.Thread] = []

    def brings_back() -> None:
        try:
            found.append(bring_back(stage.given.place, stage.collab.id, one))
        except NotFound as error:
            found.append(error)

    def meanwhile(*given: object) -> Rewritten:
        threads.append(threading.Thread(target=brings_back))
        threads[0].start()
        threads[0].join(0.2)  # time to do wrong, were it let
        return rewritten(*given)

    monkeypatch.setattr(purging, "rewritten", meanwhile)
    stage.collab.purge(acts.Purge(actor=Actor(user="ana"), collab=stage.collab.id, text="17 times 4"))
    threads[0].join()
    assert [NotFound] == [type(one) for one in found]
    assert b"17 times 4" not in everything(stage.repo)
    assert is_sound(stage.repo)


def test_nothing_is_brought_back_into_a_purge_that_a_kill_has_cut_short(stage, closed) -> None:
    one = thinned(stage)
    intent = stage.given.place.purging(stage.collab.id)
    intent.parent.mkdir(parents=True)
    intent.write_bytes(b"what has still to be done")
    with pytest.raises(Unavailable, match="purged"):
        bring_back(stage.given.place, stage.collab.id, one)
    intent.unlink()
    bring_back(stage.given.place, stage.collab.id, one)
    assert one.tip == stage.repo.head(one.back)


def test_a_push_that_builds_upon_what_was_dropped_finds_it(stage, closed) -> None:
    thinned(stage)
    stage.collab.archives.drop(EVER)
    assert not stage.repo.has(closed[0])
    stage.collab.archives.complete(closed[0])
    assert Repository(stage.repo.path).has(closed[0])
