"""Who leaves from inside a repository of their own may leave one commit there, upon what they have, for everybody."""

from __future__ import annotations

import pytest

from gitcollab.carrying import squashed_branch_left
from gitcollab.errors import BadInput


@pytest.fixture
def session(server) -> tuple[str, str]:
    """A collab in which Ana and Ben have worked, and Ana's session there."""
    ana, ben = server.client("ana"), server.client("ben")
    made = ana.create("joint work", [])["id"]
    ana.set_member(made, "ben", "editor")
    ana.open_session(made, "default")
    ben.open_session(made, "default")
    for text in (b"one\n", b"two\n"):
        ana.save(made, "ana/default", "plan.txt", text, base=ana.session(made, "ana/default")["head"])
    ana.save(made, "ana/default", "old.txt", b"old\n")
    ana.save(made, "ana/default", "old.txt", None)
    ben.save(made, "ben/default", "sub/results.txt", b"42\n")
    return made, "ana/default"


def test_one_commit_upon_head_holds_the_collabs_files_where_the_workspace_is(server, session, repository):
    repository.holds({"joint/old.txt": b"old\n", "joint/mine.txt": b"mine\n"}, "Before")
    (repository.path / "staged.txt").write_text("staged\n")
    repository.git("add", "staged.txt")
    before = repository.git("rev-parse", "HEAD")
    branch = squashed_branch_left(server.client("ana"), *session, repository.path / "joint")
    assert (before, "trunk") == (
        repository.git("rev-parse", f"{branch}^"),
        repository.git("symbolic-ref", "--short", "HEAD"),
    )
    assert "A  staged.txt" == repository.git("status", "--porcelain")
    changed = repository.git("diff", "--name-status", before, branch).splitlines()
    assert [
        "A\tjoint/collab.toml",
        "D\tjoint/old.txt",
        "A\tjoint/plan.txt",
        "A\tjoint/sub/results.txt",
    ] == changed
    assert b"two\n" == repository.bytes_of(f"{branch}:joint/plan.txt")
    credited = repository.git("log", "-1", "--format=%(trailers:key=Co-authored-by,valueonly)", branch).split(
        "\n"
    )
    assert (
        {"Ana <ana@gitcollab.invalid>", "Ben <ben@gitcollab.invalid>"}
        >= set(credited)
        >= {"Ben <ben@gitcollab.invalid>"}
    )
    assert "" == repository.git("fsck", "--strict", "--no-dangling", "--no-progress")
    again = squashed_branch_left(server.client("ana"), *session, repository.path / "joint")
    assert again == f"{branch}-2"


def test_where_nothing_differs_no_branch_is_left(server, session, repository):
    branch = squashed_branch_left(server.client("ana"), *session, repository.path)
    repository.git("merge", "-q", "--ff-only", branch)
    assert "" == squashed_branch_left(server.client("ana"), *session, repository.path)


def test_a_directory_in_no_repository_is_refused(server, session, tmp_path):
    with pytest.raises(BadInput, match="no repository"):
        squashed_branch_left(server.client("ana"), *session, tmp_path)
