"""Pushing with stock git to a real server: what lands, what is refused in which words."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .conftest import SOUND, Cloner, faults, peak, refs, requested  # type: ignore[import-not-found]


def test_a_push_lands_and_says_so(server: Any, clone, collab: str) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1\n")
    code, said = ben.pushes("refs/heads/sessions/ben/laptop", "-o", "message=From the train")
    landed = ben.client.log(collab)[0]
    assert (0, "Land ben/laptop: From the train", "ben") == (code, landed["message"], landed["user"])
    assert f"remote: session ben/laptop: 1 commit, landed on main as {landed['commit'][:8]}" in said
    assert (b"1\n", SOUND) == (ben.shared("a.txt"), faults(server, collab))
    assert "ben/laptop" in [f"{one['user']}/{one['name']}" for one in ben.client.sessions(collab)]
    ben.commits("a.txt", "2\n")
    assert 0 == ben.pushes("refs/heads/sessions/ben/laptop")[0]
    ben.git("pull", "-q", "--no-edit", "origin", "main")
    assert b"2\n" == ben.shared("a.txt")


def test_a_contested_push_says_where_it_is_decided(server: Any, clone, collab: str) -> None:
    ana, ben = clone("ana"), clone("ben")
    ana.commits("a.txt", "ana\n")
    ben.commits("a.txt", "ben\n")
    assert 0 == ana.pushes("refs/heads/main")[0]
    code, said = ben.pushes("refs/heads/sessions/ben/laptop")
    assert 0 == code
    assert f"remote: 1 contested place wait for a person: {server.url}/c/{collab}/contested" in said
    (item,) = ben.client.contested(collab)
    assert ("ana\n", "ben\n") == (item["shared"], item["session"])


def test_a_push_to_main_says_that_it_has_a_commit_of_its_own(clone) -> None:
    ana = clone("ana")
    ana.commits("a.txt", "1\n")
    code, said = ana.pushes("refs/heads/main")
    assert 0 == code
    assert "session ana/push: 1 commit, landed on main" in said
    assert "git pull before the next push" in said
    ana.git("pull", "-q", "origin", "main")
    ana.commits("a.txt", "2\n")
    assert 0 == ana.pushes("refs/heads/main")[0]


def test_an_option_names_the_session(clone) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1\n")
    code, said = ben.pushes("refs/heads/main", "-o", "session=desk")
    assert (0, True) == (code, "session ben/desk: 1 commit" in said)
    code, said = ben.pushes("refs/heads/sessions/ben/x", "-o", "ci.skip")
    assert (1, True) == (code, "'ci.skip' is no option of a push here" in said)


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("refs/heads/sessions/ana/laptop", "this is not a session of yours"),
        ("refs/heads/sessions/ben/UPPER", "this is not a session of yours"),
        ("refs/heads/sessions/ben", "this is not a session of yours"),
        ("refs/heads/main", "only maintainers push main"),
        ("refs/heads/blessed", "nobody pushes there"),
        ("refs/heads/x", "nobody pushes there"),
        ("refs/tags/a/v1.0.0", "nobody pushes there"),
        ("refs/gitcollab/drafts/ben/x", "nobody pushes there"),
        ("refs/replace/1234567890123456789012345678901234567890", "nobody pushes there"),
        ("refs/notes/commits", "nobody pushes there"),
    ],
)
def test_a_branch_that_is_not_ones_own_is_refused(server, clone, collab, ref: str, said: str) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1\n")
    before = refs(server, collab)
    for words in ((), ("--force",)):
        code, told = ben.pushes(ref, *words)
        assert (1, True) == (code, f"({said}" in told), told
    assert before == refs(server, collab)


def test_who_may_not_push_is_told_before_anything_is_sent(clone) -> None:
    vic = clone("vic")
    vic.commits("a.txt", "1\n")
    code, said = vic.pushes("refs/heads/sessions/vic/x")
    assert (128, True) == (code, "403" in said)


def test_history_only_goes_forward_and_that_is_explained(clone) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1\n")
    ben.pushes("refs/heads/sessions/ben/laptop")
    ben.git("commit", "-q", "--amend", "-m", "Another")
    code, said = ben.pushes("refs/heads/sessions/ben/laptop", "--force")
    assert 1 == code
    assert "remote: merge what is there (git pull), or push to another session" in said
    code, said = ben.tries("push", "origin", "--delete", "sessions/ben/laptop")
    assert (1, True) == (code, "branches of a collab are not deleted" in said)


def test_what_the_daemon_or_another_client_writes_is_not_pushed(clone, collab: str) -> None:
    ben = clone("ben")
    ben.client.open_session(collab, "desk", client="another")
    ben.commits("a.txt", "1\n")
    code, said = ben.pushes("refs/heads/sessions/ben/desk", "--force")
    assert (1, True) == (code, "push to another one of yours: sessions/ben/desk-2" in said)


def test_the_commands_of_one_push_are_all_allowed_or_none(server, clone, collab: str) -> None:
    ben = clone("ben")
    ben.commits("a.txt", "1\n")
    before = refs(server, collab)
    code, _ = ben.tries("push", "origin", "HEAD:refs/heads/sessions/ben/x", "HEAD:refs/heads/blessed")
    assert (1, before) == (code, refs(server, collab))
    names = [f"HEAD:refs/heads/sessions/ben/x{n}" for n in range(21)]
    code, said = ben.tries("push", "origin", *names)
    assert (1, True) == (code, "push at most 20 at once" in said)
    assert 0 == ben.tries("push", "origin", *names[:3])[0]


def test_a_clone_by_alias_and_what_git_can_leave_out(server: Any, clone, collab: str) -> None:
    ben = clone("ben")
    for n in range(4):
        ben.commits("a.txt", f"{n}\n")
    ben.pushes("refs/heads/sessions/ben/laptop")
    alias = ben.client.collab(collab)["alias"]
    ben.url = f"{server.url}/git/{alias.replace(':', '%3A').replace(',', '%2C')}.git"
    ben.path = ben.path.with_name("by-alias")
    assert "3" == (ben.begins().path / "a.txt").read_text().strip()
    assert "1" == clone("ben", "shallow", "--depth=1").git("rev-list", "--count", "HEAD")
    assert "3\n" == (clone("ben", "partial", "--filter=blob:none").path / "a.txt").read_text()
    shallow = clone("ben", "branch", "--depth=1", "--branch=sessions/ben/laptop", "--single-branch")
    shallow.commits("a.txt", "4\n")
    assert 0 == shallow.pushes("refs/heads/sessions/ben/laptop")[0]
    unknown = Cloner(server, "ben", "ben%3Anothing", ben.path.with_name("none"))
    assert 404 == requested(unknown, "GET", "/info/refs?service=git-upload-pack")[0]


def test_eight_clones_and_eight_pushes_at_once(server: Any, clone, collab: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        clones = list(pool.map(lambda n: clone("ben", f"c{n}"), range(8)))
        for n, each in enumerate(clones):
            each.commits(f"{n}.txt", f"{n}\n")
        done = list(pool.map(lambda n: clones[n].pushes(f"refs/heads/sessions/ben/s{n}"), range(8)))
    assert [0] * 8 == [code for code, _ in done], done
    assert [b"%d\n" % n for n in range(8)] == [clones[0].shared(f"{n}.txt") for n in range(8)]
    assert SOUND == faults(server, collab)


@pytest.mark.parametrize("size", [24_000_000, *([150_000_000] if os.environ.get("GITCOLLAB_LONG") else [])])
def test_a_large_push_streams_through(server: Any, clone, collab: str, size: int, record_property) -> None:
    ben = clone("ben")
    for n in range(size // 8_000_000):
        (ben.path / f"{n}.bin").write_bytes(os.urandom(8_000_000))
    ben.commits("a.txt", "1\n")
    web = server.parts()["web"]
    before = peak(web)
    assert 0 == ben.pushes("refs/heads/sessions/ben/laptop")[0]
    grown = peak(web) - before
    record_property(
        "figures", f"push of {size // 1_000_000} MB: the web process grew by {grown / 1e6:.1f} MB"
    )
    assert grown < 24_000_000
    assert 8_000_000 == len(ben.shared("0.bin"))
