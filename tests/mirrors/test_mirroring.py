"""What is published goes to another git server: after each publish, over restarts, never by force, never telling."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitcollab.client import Client
from gitcollab.errors import BadInput, Forbidden

BOOK = (
    b'{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [], '
    b'"source": ["x = %d"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
)


def until(is_so: Callable[[], object], seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def save(ana: Client, collab: str, number: int) -> None:
    head = ana.session(collab, "ana/default")["head"]
    ana.save(collab, "ana/default", "tides.ipynb", BOOK % number, base=head)


@pytest.fixture
def listed(root: Path, elsewhere) -> Path:
    """A root whose administrator lets mirrors go to the other server."""
    (root / "gitcollab.toml").write_text(f'mirror_hosts = "{elsewhere.url}"\n')
    return root


def begun(ana: Client) -> str:
    collab = ana.create("work", [])["id"]
    ana.open_session(collab, "default")
    save(ana, collab, 1)
    ana.publish(collab, "tides.ipynb")
    return collab


def test_versions_go_there_after_each_publish_and_nothing_is_forced(listed, elsewhere, secret, a_server):
    remote = elsewhere.made("tides.git")
    with a_server(listed) as server:
        ana = server.client("ana")
        collab = begun(ana)
        told = ana.set_mirror(collab, f"{elsewhere.url}tides.git", user="bot", secret=secret)
        assert (True, True) == (told["condition"] in {"waiting", "done"}, told["has_secret"])
        until(lambda: ana.mirror(collab)["condition"] == "done")
        assert {"refs/heads/blessed", "refs/tags/tides/v1.0.0"} == set(elsewhere.refs("tides.git"))
        save(ana, collab, 2)
        version = ana.publish(collab, "tides.ipynb")
        until(lambda: elsewhere.refs("tides.git").get("refs/heads/blessed") == version["commit"])
        until(lambda: ana.mirror(collab)["refs"] == 3)
        # somebody moves the branch there
        words = ("commit-tree", "-m", "not ours", "-p", version["commit"], f"{version['commit']}^{{tree}}")
        who = ("-c", "user.name=x", "-c", "user.email=x@y")
        theirs = subprocess.run(
            ["git", *who, *words], cwd=remote, capture_output=True, text=True, check=True
        ).stdout.strip()
        subprocess.run(["git", "update-ref", "refs/heads/blessed", theirs], cwd=remote, check=True)
        save(ana, collab, 3)
        ana.publish(collab, "tides.ipynb")
        until(lambda: ana.mirror(collab)["condition"] == "diverged")
        found = elsewhere.refs("tides.git")
        assert (theirs, True) == (found["refs/heads/blessed"], "refs/tags/tides/v1.2.0" in found)
        assert "refs/heads/blessed" in ana.mirror(collab)["told"]
        # and makes room again
        subprocess.run(["git", "update-ref", "refs/heads/blessed", version["commit"]], cwd=remote, check=True)
        ana.push_mirror(collab)
        until(lambda: ana.mirror(collab)["condition"] == "done")
        ana.end_mirror(collab)
        assert "" == ana.mirror(collab)["url"]
        assert not (listed / "private" / "mirrors" / collab).exists()
        audit = str(ana.audit(collab))
    assert "SetMirror" in audit
    assert secret not in audit + (listed / "run" / "log").read_text()


def test_a_remote_that_is_away_is_tried_again_over_a_restart(listed, elsewhere, secret, a_server):
    elsewhere.made("tides.git")
    elsewhere.is_up = False
    with a_server(listed) as server:
        ana = server.client("ana")
        collab = begun(ana)
        ana.set_mirror(collab, f"{elsewhere.url}tides.git", secret=secret, has_main=True)
        until(lambda: ana.mirror(collab)["condition"] == "failed")
        assert ana.mirror(collab)["next_at"]
    elsewhere.is_up = True
    with a_server(listed, users=()) as server, Client(server.url, ana.transport.token) as again:
        until(lambda: again.mirror(collab)["condition"] == "done")
    assert {"refs/heads/blessed", "refs/heads/main", "refs/tags/tides/v1.0.0"} == set(
        elsewhere.refs("tides.git")
    )


def test_only_owners_set_one_and_only_where_it_may_go(server):
    ana, ben = server.client("ana"), server.client("ben")
    collab = ana.create("work", [])["id"]
    ana.set_member(collab, "ben", "maintainer")
    assert "" == ben.mirror(collab)["url"]
    with pytest.raises(Forbidden):
        ben.set_mirror(collab, "https://example.org/x.git")
    for url in ("file:///tmp/x.git", "http://127.0.0.1/x.git", "https://a:b@example.org/x.git"):
        with pytest.raises(BadInput):
            ana.set_mirror(collab, url)
    ana.set_mirror(collab, "https://127.0.0.1/x.git", secret="s" * 20)
    ana.open_session(collab, "default")
    save(ana, collab, 1)
    ana.publish(collab, "tides.ipynb")
    until(lambda: ana.mirror(collab)["condition"] == "failed")
    assert "no public address" in ana.mirror(collab)["told"]
    mode = (server.root / "private" / "mirrors" / collab / "wish.json").stat().st_mode & 0o777
    assert 0o600 == mode


def test_what_waits_for_approval_is_not_let_out(listed, elsewhere, secret, a_server):
    elsewhere.made("tides.git")
    with a_server(listed) as server:
        ana, ben = server.client("ana"), server.client("ben")
        collab = begun(ana)
        ana.set_member(collab, "ben", "maintainer")
        ana.set_visibility(collab, "private", needs_approval=True)
        ana.set_mirror(collab, f"{elsewhere.url}tides.git", secret=secret)
        until(lambda: "nothing is published" in ana.mirror(collab)["told"])
        assert {} == elsewhere.refs("tides.git")
        ben.approve(collab, "tides/v1.0.0")
        until(lambda: set(elsewhere.refs("tides.git")) == {"refs/heads/blessed", "refs/tags/tides/v1.0.0"})
