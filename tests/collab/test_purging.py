"""Purging: what was taken out is in no object, log or event any more, and everything else goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from gitcollab import acts, notebooks
from gitcollab.errors import BadInput, Forbidden, NotFound, Unusable
from gitcollab.events import Purged
from gitcollab.flow.redact import GONE, forms, redacted
from gitcollab.model import Actor, Bump, SessionName, Take
from gitcollab.repository import Repository, maintain
from gitcollab.workspace import Rules

SECRET = "the unlikely words of Ana's bank"
BEN = SessionName(user="ben", name="default")


def purge(stage, user: str = "ana", **what: str) -> acts.PurgeDone:
    return stage.collab.purge(acts.Purge(actor=Actor(user=user), collab=stage.collab.id, **what))


def git(repo: Repository, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "--git-dir", repo.path, *words], capture_output=True, check=False)


def all_objects(repo: Repository) -> bytes:
    return git(repo, "cat-file", "--batch", "--batch-all-objects").stdout


def is_whole(repo: Repository) -> bool:
    done = git(repo, "fsck", "--full", "--strict", "--no-dangling")
    return (0, b"") == (done.returncode, done.stdout + done.stderr)


@pytest.fixture
def spoilt(stage, ana, ben, notebook) -> Repository:
    """A collab in which the secret is in a file, a notebook, a draft, a version, a contested item and a pack."""
    ana.saves("plan.txt", b"before\n")
    ana.saves("plan.txt", f"before\n{SECRET}\n".encode())
    ana.saves("nb.ipynb", notebook(("a", "x = 1"), ("b", f"y = '{SECRET}'")))
    who = {"actor": Actor(user="ana"), "collab": stage.collab.id}
    stage.collab.publish(acts.Publish(**who, notebook="nb.ipynb", bump=Bump.MINOR, message=f"with {SECRET}"))
    maintain(stage.repo.path)
    base = ben.head
    ana.saves("nb.ipynb", notebook(("a", "x = 2"), ("b", f"y = '{SECRET}'")))
    ben.saves("nb.ipynb", notebook(("a", f"x = '{SECRET} too'"), ("b", f"y = '{SECRET}'")), base=base)
    ana.saves("draft.txt", SECRET.encode(), is_draft=True)
    ana.saves("plan.txt", b"after\n")
    assert 1 == len(stage.items())
    assert SECRET.encode() in all_objects(stage.repo)
    return stage.repo


def test_a_text_is_gone_from_every_object_and_event_and_the_repository_is_whole(stage, spoilt) -> None:
    (doomed,) = {spoilt.entry(commit, "plan.txt").oid for commit in history(spoilt) if has(spoilt, commit)}
    before = len(stage.events())
    done = purge(stage, text=SECRET)
    assert (True, True) == (done.commits > 5, done.blobs >= 4)
    assert SECRET.encode() not in all_objects(Repository(spoilt.path))
    assert 0 != git(spoilt, "cat-file", "-e", doomed).returncode
    assert is_whole(spoilt)
    assert SECRET not in repr(stage.events())
    assert [*range(1, before + 2)] == [event.n for event in stage.events()]
    (told,) = [event for event in stage.events() if isinstance(event, Purged)]
    assert ("ana", done.commits) == (told.user, told.commits)
    files = (path for path in spoilt.path.rglob("*") if path.is_file())
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def history(repo: Repository) -> list[str]:
    return git(repo, "rev-list", "--all").stdout.decode().split()


def has(repo: Repository, commit: str) -> bool:
    entry = repo.entry(commit, "plan.txt")
    return entry is not None and SECRET.encode() in repo.blob(entry.oid)


def test_everything_else_is_as_it_was(stage, spoilt, notebook) -> None:
    count = len(history(spoilt))
    purge(stage, text=SECRET)
    assert (b"after\n", count) == (stage.main("plan.txt"), len(history(stage.repo)))
    assert notebook(("a", "x = 2"), ("b", "y = '[purged]'")) == stage.main("nb.ipynb")
    assert ["nb/v1.0.0"] == list(stage.repo.tags())
    (item,) = stage.items()
    assert ("x = 2", "x = '[purged] too'") == (item.shared, item.session)
    assert item.commit in history(stage.repo)


def test_saving_settling_and_publishing_go_on(stage, spoilt, ana, ben) -> None:
    purge(stage, text=SECRET)
    stage.settle("ben", stage.items()[0].id, Take.SESSION)
    assert () == stage.items()
    ana.saves("plan.txt", b"after\nmore\n")
    assert (b"after\nmore\n", b"after\nmore\n") == (stage.main("plan.txt"), ben.reads("plan.txt"))
    who = {"actor": Actor(user="ana"), "collab": stage.collab.id}
    assert "1.1.0" == stage.collab.publish(acts.Publish(**who, notebook="nb.ipynb")).version
    assert () == stage.restart()
    assert is_whole(spoilt)


def test_a_copy_from_before_is_merged_from_where_it_came(stage, spoilt, ana, ben, notebook) -> None:
    stage.settle("ben", stage.items()[0].id, Take.SHARED)
    open_copy, base = ana.loads("nb.ipynb"), ana.head
    assert base.encode() in open_copy
    text_base = ana.saves("plan.txt", b"one\ntwo\nthree\n").version
    purge(stage, text=SECRET)
    ben.saves("plan.txt", b"zero\none\ntwo\nthree\n")
    ana.saves("plan.txt", b"one\ntwo\nthree\nfour\n", base=text_base)
    assert b"zero\none\ntwo\nthree\nfour\n" == stage.main("plan.txt")
    ben.saves("nb.ipynb", notebook(("a", "x = 2"), ("b", "y = '[purged]'"), ("c", "z = 3")))
    mine = notebooks.strip(open_copy)[0].replace(b"x = 2", b"x = 5").replace(SECRET.encode(), GONE)
    assert "" == ana.saves("nb.ipynb", notebooks.stamp(mine, base)).forked
    assert notebook(("a", "x = 5"), ("b", "y = '[purged]'"), ("c", "z = 3")) == stage.main("nb.ipynb")


def test_a_second_purge_follows_the_first(stage, spoilt, ana) -> None:
    base = ana.saves("plan.txt", b"one\ntwo\nanother thing to hide\n").version
    purge(stage, text=SECRET)
    purge(stage, text="another thing to hide")
    ana.saves("plan.txt", b"zero\none\ntwo\n[purged]\n", base=base)
    assert (b"zero\none\ntwo\n[purged]\n", ()) == (stage.main("plan.txt"), stage.items()[1:])
    assert is_whole(spoilt)


def test_a_whole_file_goes_in_all_its_versions(stage, spoilt) -> None:
    purge(stage, path="nb.ipynb")
    assert (b"after\n", True) == (stage.main("plan.txt"), is_whole(spoilt))
    versions = {spoilt_bytes for commit in history(stage.repo) if (spoilt_bytes := nb(stage.repo, commit))}
    assert {notebooks.EMPTY} == versions


def nb(repo: Repository, commit: str) -> bytes | None:
    entry = repo.entry(commit, "nb.ipynb")
    return repo.blob(entry.oid) if entry else None


def test_a_workspace_gets_what_is_left_and_work_in_it_stays(stage, spoilt, ana, tmp_path: Path) -> None:
    ana.saves("plan.txt", SECRET.encode() + b"\n")
    ana.saves("other.txt", SECRET.encode() + b"\n")
    root = tmp_path / "work"
    root.mkdir()
    stage.collab.desks.set_up(BEN, root, Rules())
    stage.collab.mirror(BEN)
    (root / "other.txt").write_bytes(b"mine, not saved yet\n")
    time.sleep(0.1)  # what was written in this very instant is left alone
    purge(stage, text=SECRET)
    assert (b"[purged]\n", b"mine, not saved yet\n") == (
        (root / "plan.txt").read_bytes(),
        (root / "other.txt").read_bytes(),
    )


def test_only_owners_purge_and_only_what_is_there(stage, spoilt) -> None:
    for user, refusal in (("ben", Forbidden), ("out", NotFound)):
        with pytest.raises(refusal):
            purge(stage, user, text=SECRET)
    before = stage.repo.heads("refs/"), sorted(spoilt.path.parent.iterdir())
    for what, refusal in (
        ({}, BadInput),
        ({"text": "x"}, BadInput),
        ({"text": "nowhere in there"}, NotFound),
        ({"path": "never.txt"}, NotFound),
        ({"path": "plan.txt", "text": "x = 1 or so"}, NotFound),
        ({"text": '"cell_type": "code"'}, Unusable),
    ):
        with pytest.raises(refusal):
            purge(stage, **what)
    assert before == (stage.repo.heads("refs/"), sorted(spoilt.path.parent.iterdir()))


def test_what_was_purged_does_not_come_back_by_a_push_of_an_old_clone(stage, spoilt, ana, tmp_path) -> None:
    old = ana.head
    shutil.copytree(spoilt.path / "objects", tmp_path / "objects")
    purge(stage, text=SECRET)
    shutil.copytree(
        tmp_path / "objects", spoilt.path / "objects", dirs_exist_ok=True
    )  # as git push brings them
    act = acts.Push(
        actor=Actor(user="ana"), collab=stage.collab.id, ref="refs/heads/sessions/ana/old", old=None, new=old
    )
    with pytest.raises(Unusable):
        stage.collab.push(act)


@pytest.mark.parametrize(
    "text", ["plain words", 'with "quotes" and \\', "accents é\u2028", "two\nlines of which each is long"]
)
def test_every_form_of_a_text_is_taken_out(text: str) -> None:
    for written in (
        text,
        json.dumps(text),
        json.dumps(text, ensure_ascii=False),
        json.dumps(json.dumps({"a": text})),
    ):
        assert not any(
            line.encode() in redacted(written.encode(), forms(text))
            for line in text.split("\n")[1:] or [text]
        )
        assert GONE in redacted(written.encode(), forms(text))
