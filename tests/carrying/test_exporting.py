"""What leaves a collab is an ordinary repository: stock git finds everything, and nothing that it cannot explain."""

from __future__ import annotations

import subprocess

import pytest

from gitcollab.carrying import export
from gitcollab.errors import BadInput, Unusable


@pytest.fixture(scope="module")
def work(server):
    """A collab of Ana's with two versions, something contested, and sessions of Ana's and Ben's."""
    ana, ben = server.client("ana"), server.client("ben")
    made = ana.create("Gezeiten ä", [])["id"]
    ana.set_member(made, "ben", "editor")
    ana.open_session(made, "default")
    ben.open_session(made, "default")
    ana.save(made, "ana/default", "tides.ipynb", BOOK % b"x = 1")
    heads = {who: ana.session(made, f"{who}/default")["head"] for who in ("ana", "ben")}
    for who, client, text in (("ana", ana, b"x = 2"), ("ben", ben, b"x = 3")):
        client.save(made, f"{who}/default", "notes/ebbe ä.txt", b"%s\n" % text, base=heads[who])
    ana.publish(made, "tides.ipynb")
    return made


BOOK = (
    b'{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [], '
    b'"source": ["%s"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
)


def git(place, *words: str) -> str:
    ran = subprocess.run(["git", *words], cwd=place, capture_output=True, text=True, check=False)
    assert 0 == ran.returncode, ran.stderr
    return ran.stdout.strip()


def test_an_export_is_an_ordinary_repository_with_everything_published(server, work, tmp_path):
    made = export(server.client("ana"), work, tmp_path / "out" / "Gezeiten ä")
    place = tmp_path / "out" / "Gezeiten ä"
    assert (("blessed", "main"), ("tides/v1.0.0",)) == (made.branches, made.tags)
    assert ["refs/heads/blessed", "refs/heads/main", "refs/tags/tides/v1.0.0"] == git(
        place, "for-each-ref", "--format=%(refname)"
    ).splitlines()
    assert "" == git(place, "status", "--porcelain")
    assert "" == git(place, "fsck", "--full", "--strict", "--no-dangling", "--no-progress")
    assert "" == git(place, "remote")
    assert {"collab.toml", "tides.ipynb", "notes", ".gitcollab", ".git"} == {
        one.name for one in place.iterdir()
    }
    assert ["Gezeiten ä"] == [one.name for one in (tmp_path / "out").iterdir()]
    assert BOOK % b"x = 1" == (place / "tides.ipynb").read_bytes()
    git(place, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "goes on")


def test_no_secret_and_no_setting_of_ours_is_in_an_export(server, work, tmp_path):
    export(server.client("ana"), work, tmp_path / "out")
    written = b"".join(
        path.read_bytes()
        for path in (tmp_path / "out" / ".git").rglob("*")
        if path.is_file() and "objects" not in path.parts
    )
    assert server.tokens["ana"].encode() not in written
    assert {"core"} == {
        line.partition(".")[0] for line in git(tmp_path / "out", "config", "--local", "--list").splitlines()
    }
    assert not (tmp_path / "out" / ".git" / "hooks").exists()


def test_the_sessions_come_along_if_they_are_asked_for(server, work, tmp_path):
    made = export(server.client("ana"), work, tmp_path / "out", has_sessions=True)
    assert {"sessions/ana/default", "sessions/ben/default"} <= set(made.branches)


def test_squashed_it_is_one_commit_that_credits_everybody(server, work, tmp_path):
    made = export(server.client("ana"), work, tmp_path / "out", is_squashed=True)
    place = tmp_path / "out"
    assert (("main",), ()) == (made.branches, made.tags)
    assert "1" == git(place, "rev-list", "--all", "--count")
    assert "Ana <ana@gitcollab.invalid>" == git(place, "log", "-1", "--format=%an <%ae>")
    assert "Ben <ben@gitcollab.invalid>" == git(
        place, "log", "-1", "--format=%(trailers:key=Co-authored-by,valueonly)"
    )
    assert not (place / ".gitcollab").exists()
    assert BOOK % b"x = 1" == (place / "tides.ipynb").read_bytes()


def test_nothing_is_written_over_and_nothing_half_is_left(server, work, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("file\n")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    ana = server.client("ana")
    for name in ("full", "file", "link"):
        with pytest.raises(BadInput):
            export(ana, work, tmp_path / name)
    with pytest.raises(BadInput):
        export(ana, work, tmp_path / "new", has_sessions=True, is_squashed=True)
    export(ana, work, tmp_path / "empty")
    gone = ana.create("soon gone", [])["id"]
    (server.root / "collabs" / f"{gone}.git" / "HEAD").rename(tmp_path / "head")
    try:
        with pytest.raises(Unusable):
            export(ana, gone, tmp_path / "new")
    finally:
        (tmp_path / "head").rename(server.root / "collabs" / f"{gone}.git" / "HEAD")
    assert {"full", "empty", "file", "link"} == {one.name for one in tmp_path.iterdir()}
    assert "mine\n" == (tmp_path / "full" / "mine.txt").read_text()
