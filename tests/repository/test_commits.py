"""Commits: people's words and the service's trailers cannot be mistaken for each other."""

from __future__ import annotations

import pytest

from gitcollab.errors import BadInput
from gitcollab.model import Person
from gitcollab.repository import Damaged


def test_a_commit_reads_back(repo, ana):
    tree = repo.edit(None, {})
    oid = repo.commit(
        tree,
        [],
        "Save analysis\n\nMore words.",
        author=ana,
        at="2026-11-20T11:00:00+01:00",
        trailers={"Gitcollab-Act": "snapshot", "Co-authored-by": ["Ben <b@x.invalid>", "Cy <c@x.invalid>"]},
    )
    commit = repo.read(oid)
    assert (commit.oid, commit.tree, commit.parents) == (oid, tree, ())
    assert (commit.author_name, commit.author_email) == ("Ana Lima", "ana@gitcollab.invalid")
    assert (commit.at, commit.subject) == ("2026-11-20T10:00:00Z", "Save analysis")
    assert commit.trailers == {
        "Gitcollab-Act": ("snapshot",),
        "Co-authored-by": ("Ben <b@x.invalid>", "Cy <c@x.invalid>"),
    }
    assert commit.trailer("Gitcollab-Act") == "snapshot"
    assert commit.trailer("None") == ""


def test_git_reads_the_same_trailers(repo, git, ana):
    oid = repo.commit(
        repo.edit(None, {}),
        [],
        "S",
        author=ana,
        at="2026-11-20T11:00:00Z",
        trailers={"Gitcollab-User": "ana"},
    )
    assert git(repo.path, "log", "-1", "--format=%(trailers:key=Gitcollab-User,valueonly)", oid) == "ana"


def test_a_persons_text_cannot_pose_as_a_trailer(repo, ana):
    oid = repo.commit(
        repo.edit(None, {}),
        [],
        "S\n\nGitcollab-Act: publish",
        author=ana,
        at="2026-11-20T11:00:00Z",
        trailers={"Gitcollab-Act": "snapshot", "Gitcollab-Tool": "x\nGitcollab-User: ben"},
    )
    assert repo.read(oid).trailers == {
        "Gitcollab-Act": ("snapshot",),
        "Gitcollab-Tool": ("x Gitcollab-User: ben",),
    }


@pytest.mark.parametrize("display", ["", "<>", "A <root@x> \n", "é日本", "...", "\udc80 x"])
def test_any_display_name_makes_a_commit_that_git_accepts(repo, git, display: str):
    person = Person(name="ana", display=display)
    oid = repo.commit(repo.edit(None, {}), [], "", author=person, at="2026-11-20T11:00:00Z")
    repo.move("refs/heads/main", oid, None)
    git(repo.path, "fsck", "--full", "--strict")
    assert repo.read(oid).author_email == "ana@gitcollab.invalid"


def test_a_time_that_is_none_is_refused(repo, ana):
    with pytest.raises(BadInput):
        repo.commit(repo.edit(None, {}), [], "S", author=ana, at="yesterday")


def test_dates_that_no_calendar_holds_are_read_all_the_same(repo):
    text = f"tree {repo.edit(None, {})}\nauthor A <a@x> 99999999999999 +0000\ncommitter A <a@x> 99999999999999 +0000"
    oid = repo.objects.write("commit", f"{text}\n\nS\n".encode())
    assert repo.read(oid).at == "9999-12-31T23:59:59Z"


def test_what_is_no_commit_says_so(repo):
    with pytest.raises(BadInput):
        repo.read(repo.write_blob(b"x"))
    with pytest.raises(Damaged):
        repo.read(repo.objects.write("commit", b"nonsense"))
