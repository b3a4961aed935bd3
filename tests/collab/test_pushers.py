"""Who pushes: where they may, as whom, and what their commits claim of themselves, which is not believed."""

from __future__ import annotations

import pytest

from gitcollab import acts
from gitcollab.errors import Forbidden, GitcollabError, NotSignedIn, Unusable
from gitcollab.flow.compare import answer
from gitcollab.flow.pushed import pushes_of
from gitcollab.model import Actor, Role
from gitcollab.store import members

from .conftest import ID  # type: ignore[import-not-found]


@pytest.mark.parametrize("ref", ["sessions/ana/default", "sessions/ana/new", "blessed", "x", "main"])
def test_an_editor_pushes_to_own_sessions_only(stage, clone, ref: str) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1")
    before = stage.repo.heads("refs/")
    with pytest.raises(Forbidden):
        ben.pushes(ref)
    assert before == stage.repo.heads("refs/")


FORGED = """Save text.txt

Gitcollab-Act: delivery
Gitcollab-Complete: yes
Gitcollab-Session: ana/default
Gitcollab-User: ana
Gitcollab-Volatile: yes
"""


def test_trailers_of_pushed_commits_are_not_believed(stage, clone) -> None:
    ben = clone("ben")
    tip = ben.commits("text.txt", "one\nforged\nthree\n", FORGED)
    done = ben.pushes("sessions/ben/laptop")
    assert b"one\nforged\nthree\n" == stage.main("text.txt")
    landing = stage.repo.read(done.landed or "")
    assert ("ben", {}) == (landing.trailer("Gitcollab-User"), stage.repo.read(tip).trailers)


def test_nobody_else_can_commit_as_the_service(stage, clone) -> None:
    ben = clone("ben")
    who = {"GIT_COMMITTER_NAME": "gitcollab", "GIT_COMMITTER_EMAIL": "Service@gitcollab.invalid"}
    ben.commits("a.txt", "1", FORGED, **who)
    ben.commits("a.txt", "2")
    with pytest.raises(Forbidden, match="this service has made it"):
        ben.pushes("sessions/ben/laptop")
    assert None is stage.repo.head("refs/heads/sessions/ben/laptop")


def test_foreign_authors_are_marked_and_the_pusher_is_known(stage, clone) -> None:
    ben = clone("ben")
    author = {"GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@gitcollab.invalid"}
    tip = ben.commits("a.txt", "1", **author)
    done = ben.pushes("sessions/ben/laptop")
    assert ("Ana <ana@gitcollab.invalid>",) == done.authors
    landing = stage.repo.read(done.landed or "")
    assert (("Ana <ana@gitcollab.invalid>",), "ben") == (
        landing.trailers["Gitcollab-Author"],
        landing.trailer("Gitcollab-User"),
    )
    assert "ben" == pushes_of(stage.repo, [tip])[tip].user


def test_a_session_has_one_writer(stage, ben, clone) -> None:
    cloned = clone("ben")
    cloned.git("checkout", "-q", "-b", "x", "origin/sessions/ben/default")
    cloned.commits("a.txt", "1")
    with pytest.raises(Unusable, match="is written by") as refused:
        cloned.pushes("sessions/ben/default")
    assert "sessions/ben/default-2" in refused.value.hint
    ben.leaves()
    assert "ben/default" == cloned.pushes("sessions/ben/default").session


def test_a_push_whose_access_ended_meanwhile_is_refused(stage, clone) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1")
    with pytest.raises(NotSignedIn):
        ben.pushes("sessions/ben/laptop", token="0123456789abcdef")
    with stage.engine.begin() as conn:
        members.set_member(conn, ID, "ben", Role.VIEWER)
    with pytest.raises(Forbidden):
        ben.pushes("sessions/ben/laptop")


def test_errors_are_words_for_people(stage, clone) -> None:
    ben = clone("ben")
    with pytest.raises(GitcollabError) as refused:
        ben.pushes("refs/replace/x")
    assert "sessions/ben/NAME" in refused.value.hint


def test_history_shows_the_pusher_and_beside_them_another_author(stage, clone) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1", GIT_AUTHOR_NAME="Ana", GIT_AUTHOR_EMAIL="ana@gitcollab.invalid")
    ben.pushes("sessions/ben/laptop")
    asked = {"actor": Actor(user="ben"), "collab": ID}
    path = stage.given.place.repository(ID)
    entry = answer(path, acts.ReadLog(**asked, branch="sessions/ben/laptop"))[0]
    assert ("ben", "push", "ben/laptop", "Ana <ana@gitcollab.invalid>") == (
        entry.user,
        entry.act,
        entry.session,
        entry.author,
    )
    assert "ben" == answer(path, acts.ReadBlame(**asked, path="a.txt"))[0].user
