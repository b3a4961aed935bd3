"""A history that is there already becomes a collab's own; what cannot be shared is named, and what is hostile waits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitcollab.carrying import begin_from
from gitcollab.errors import BadInput, NotFound, TooLarge, Unusable


@pytest.fixture
def ana(server):
    return server.client("ana")


def test_the_history_of_a_branch_stands_behind_main(ana, repository, opened, tmp_path, notebook):
    tip = repository.git("rev-parse", "HEAD")
    made = begin_from(ana, str(repository.path))
    assert ("tides study", "trunk", tip, 3) == (
        ana.collab(made.id)["title"],
        made.branch,
        made.tip,
        made.commits,
    )
    assert ((), ()) == (made.left_out, made.contested)
    clone = opened(made.id, tmp_path / "clone")
    subjects = clone.git("log", "--format=%s").splitlines()
    assert ["The notebook", "Data", "Begin"] == [
        one for one in subjects if one in {"Begin", "Data", "The notebook"}
    ]
    assert tip == clone.git("rev-parse", f"{tip}^{{commit}}")
    assert notebook("x = 1") == clone.bytes_of("HEAD:tides.ipynb")
    assert "Dora Old" in clone.git("log", "-1", "--format=%an", "--", "README.md")
    assert "" == clone.git("fsck", "--strict", "--no-dangling", "--no-progress")
    assert "" == repository.git("status", "--porcelain")


def test_what_cannot_be_shared_is_named_and_stays_in_the_history(ana, repository, opened, tmp_path):
    (repository.path / "link").symlink_to("README.md")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    repository.holds(
        {
            ".gitcollab/contested/x.json": b"{}",
            "collab.toml": b"title = 'theirs'\n",
            "large.bin": b"0" * 10_000_001,
        }
    )
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    tip = repository.git("commit", "-q", "-m", "module") or repository.git("rev-parse", "HEAD")
    made = begin_from(ana, str(repository.path), title="kept")
    assert {
        ".gitcollab/contested/x.json": "the service's own notes",
        "collab.toml": "the collab has a collab.toml of its own",
        "large.bin": "larger than 10 MB",
        "link": "a link",
        "module": "a submodule",
    } == {one.path: one.reason for one in made.left_out}
    clone = opened(made.id, tmp_path / "clone")
    assert "README.md" == clone.git("cat-file", "blob", f"{tip}:link")
    assert ["README.md", "collab.toml", "data", "tides.ipynb"] == clone.git(
        "ls-tree", "--name-only", "HEAD"
    ).split()
    assert "kept" in clone.git("cat-file", "blob", "HEAD:collab.toml")


def test_a_notebook_that_is_none_waits_with_its_bytes(ana, repository, opened, tmp_path):
    repository.holds({"broken.ipynb": b"{ half"})
    made = begin_from(ana, str(repository.path))
    assert ["broken.ipynb"] == [one.partition(" ")[2] for one in made.contested]
    clone = opened(made.id, tmp_path / "clone")
    assert b"{ half" == clone.bytes_of(f"{made.tip}:broken.ipynb")
    assert "broken.ipynb" not in clone.git("ls-tree", "-r", "--name-only", "HEAD").split()


def test_a_secret_anywhere_in_the_history_is_named_and_comes_in_only_knowingly(ana, repository):
    before = len(ana.collabs())
    key = "AKIA" + "Q4ZJ7M2XN5RT6WYB"
    repository.holds({"key.py": f'aws_key = "{key}"\n'.encode()})
    repository.holds({"key.py": b"aws_key = None\n"})
    with pytest.raises(Unusable, match="line 1") as refused:
        begin_from(ana, str(repository.path))
    assert (key in refused.value.message, "--keep-secrets" in refused.value.hint) == (False, True)
    assert before == len(ana.collabs())
    assert 5 == begin_from(ana, str(repository.path), keeps_secrets=True).commits


def test_a_bundle_a_bare_clone_a_worktree_and_an_older_branch_are_taken(ana, repository, tmp_path):
    tip = repository.git("rev-parse", "HEAD")
    repository.git("branch", "older", "HEAD~1")
    repository.git("bundle", "create", "-q", str(tmp_path / "b.bundle"), "trunk")
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"), "older")
    repository.git("pack-refs", "--all")
    assert tip == begin_from(ana, str(tmp_path / "b.bundle"), branch="trunk").tip
    assert tip == begin_from(ana, str(tmp_path / "bare.git")).tip
    assert ("older", 2) == (lambda made: (made.branch, made.commits))(begin_from(ana, str(tmp_path / "tree")))
    assert 2 == begin_from(ana, str(repository.path), branch="older").commits


def test_hooks_and_configuration_of_the_repository_never_run(ana, repository, tmp_path):
    trap = tmp_path / "sprung"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\n")
    script.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "uploadpack.packObjectsHook",
        "core.hooksPath",
    ):
        repository.git("config", name, str(script))
    repository.git("config", "core.alternateRefsCommand", str(script))
    for hook in ("post-checkout", "pre-push", "reference-transaction", "post-index-change", "pre-receive"):
        (repository.path / ".git" / "hooks" / hook).parent.mkdir(exist_ok=True)
        (repository.path / ".git" / "hooks" / hook).symlink_to(script)
    trap.unlink(missing_ok=True)  # git itself, as its owner runs it, may have sprung it
    assert begin_from(ana, str(repository.path)).commits == 3
    assert not trap.exists()


@pytest.mark.parametrize(
    ("spoiled", "error", "words"),
    [
        (lambda git: (git / "shallow").write_text("x"), Unusable, "part of the history"),
        (lambda git: (git / "objects/info/alternates").write_text("/x\n"), Unusable, "another one"),
        (lambda git: (git / "objects/pack/p.promisor").write_text(""), Unusable, "partial"),
        (lambda git: (git / "HEAD").write_text("ref: refs/heads/gone\n"), NotFound, "no branch gone"),
        (lambda git: (git / "HEAD").write_text("ref: refs/heads/../../x\n"), BadInput, "no branch"),
        (lambda git: (git / "HEAD").write_text(f"{'ab' * 20}\n"), Unusable, "not there"),
        (lambda git: (git / "HEAD").write_text(f"{'ab' * 32}\n"), Unusable, "SHA-256"),
    ],
)
def test_what_is_not_whole_is_refused_before_anything_is_made(ana, repository, spoiled, error, words):
    before = len(ana.collabs())
    (repository.path / ".git" / "objects" / "info").mkdir(exist_ok=True)
    spoiled(repository.path / ".git")
    with pytest.raises(error, match=words):
        begin_from(ana, str(repository.path))
    assert before == len(ana.collabs())


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("ssh://example.org/x.git", BadInput),
        ("ext::sh -c true", BadInput),
        ("file:///etc", BadInput),
        ("http://example.org/x.git", BadInput),
        ("https://ana:secret@example.org/x.git", BadInput),
        ("--upload-pack=true", BadInput),
        ("/nowhere/at/all", BadInput),
    ],
)
def test_no_other_address_is_gone_to(ana, where, error):
    with pytest.raises(error):
        begin_from(ana, where)


def test_a_directory_without_history_and_a_part_of_a_repository_are_told_apart(ana, repository, tmp_path):
    (tmp_path / "plain").mkdir()
    with pytest.raises(BadInput, match="no git repository"):
        begin_from(ana, str(tmp_path / "plain"))
    with pytest.raises(BadInput, match="a part of"):
        begin_from(ana, str(repository.path / "data"))
    with pytest.raises(BadInput):
        begin_from(ana, str(repository.path), branch="../x")


def test_commits_in_the_name_of_the_service_are_refused(ana, repository):
    before = len(ana.collabs())
    repository.holds({"a.txt": b"a"}, GIT_COMMITTER_EMAIL="service@gitcollab.invalid")
    with pytest.raises(Unusable, match="vouch"):
        begin_from(ana, str(repository.path))
    assert before == len(ana.collabs())


def test_more_than_one_collab_takes_is_refused(ana, repository, monkeypatch):
    monkeypatch.setattr("gitcollab.carrying.importing.COMMITS", 3)
    with pytest.raises(TooLarge):
        begin_from(ana, str(repository.path))
    monkeypatch.undo()
    monkeypatch.setattr("gitcollab.carrying.importing.FILES", 2)
    with pytest.raises(TooLarge):
        begin_from(ana, str(repository.path))


def test_sharing_a_repository_with_its_history_goes_on_in_place(server, ana, repository, notebook):
    kept = {"GITCOLLAB_URL": server.url, "GITCOLLAB_TOKEN": server.tokens["ana"]}
    words = ("share", "ben", str(repository.path), "--with-history", "--json")
    source = str(Path(__file__).parents[2])
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "gitcollab", *words],
        env=os.environ | kept | {"PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == ran.returncode, ran.stderr
    made = json.loads(ran.stdout)["id"]
    assert notebook("x = 1") == ana.file(made, "tides.ipynb").body
    assert {"ana", "ben"} == {one["user"] for one in ana.members(made)}
    assert [str(repository.path)] == [
        one["workspace"] for one in ana.sessions(made) if one["user"] == "ana" and one["workspace"]
    ]
