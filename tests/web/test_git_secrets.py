"""A push with a suspected secret, with stock git and a real server: refused as a whole, until its person decides."""

from __future__ import annotations

import base64
import itertools
import json
import os
import random
import re
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

NUMBERS = itertools.count(1)
SEED = random.Random(5)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def a_key() -> str:
    """Something that looks like a key and is none."""
    return "ghp" + "_" + "".join(SEED.choices(LETTERS, k=36))


def notebook(*sources: str) -> str:
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{n}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for n, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


class Pusher:
    """Ben with a clone."""

    def __init__(self, server: Any, collab: str, path: Path) -> None:
        self.client, self.collab, self.path = server.client("ben"), collab, path
        basic = base64.b64encode(f"ben:{server.tokens['ben']}".encode()).decode()
        self.header = f"http.extraHeader=Authorization: Basic {basic}"
        self.url = f"{server.url}/git/{collab}.git"
        subprocess.run(["git", "-c", self.header, "clone", "-q", self.url, str(path)], check=True)
        self.git("config", "user.name", "Ben")
        self.git("config", "user.email", "ben@gitcollab.invalid")

    def tries(self, *words: str) -> tuple[int, str]:
        argv = ["git", "-c", self.header, "-C", str(self.path), *words]
        ran = subprocess.run(argv, capture_output=True, text=True, timeout=110, check=False)
        return ran.returncode, ran.stdout + ran.stderr

    def git(self, *words: str) -> str:
        code, said = self.tries(*words)
        assert code == 0, said
        return said.strip()

    def commits(self, **files: str | bytes) -> str:
        for name, data in files.items():
            file = self.path / name.replace("__", ".")
            file.write_bytes(data if isinstance(data, bytes) else data.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "Edit")
        return self.git("rev-parse", "HEAD")

    def pushes(self, *words: str, ref: str = "refs/heads/sessions/ben/laptop") -> tuple[int, str]:
        return self.tries("push", *words, "origin", f"HEAD:{ref}")


@pytest.fixture
def collab(server: Any) -> str:
    ana = server.client("ana")
    assert server.client("ben")
    made: str = ana.create(f"Secrets {next(NUMBERS)}")["id"]
    ana.set_member(made, "ben", "editor")
    return made


@pytest.fixture
def repository(server: Any, collab: str) -> Path:
    return server.root / "collabs" / f"{collab}.git"


@pytest.fixture
def ben(server: Any, collab: str, tmp_path: Path) -> Pusher:
    return Pusher(server, collab, tmp_path / "clone")


def state(repository: Path) -> tuple[str, tuple[str, ...]]:
    """All refs and all objects."""
    refs = subprocess.run(
        ["git", f"--git-dir={repository}", "for-each-ref"], capture_output=True, text=True, check=True
    ).stdout
    objects = subprocess.run(
        ["git", f"--git-dir={repository}", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    left = [one.name for one in repository.glob("objects/tmp_objdir-*")]
    return refs, (*objects.split(), *left)


def test_a_push_with_a_secret_is_refused_with_its_place_and_nothing_of_it_stays(
    ben: Pusher, repository: Path
) -> None:
    key = a_key()
    before = state(repository)
    commit = ben.commits(a__ipynb=notebook("x = 1", f"y = 2\ntoken = '{key}'"))
    code, said = ben.pushes()
    assert 1 == code
    assert "remote: nothing of this push was taken: it holds what looks like a secret" in said
    assert f"a.ipynb, cell cell-1, source, line 2 (commit {commit[:8]}): " in said
    assert "(pre-receive hook declined)" in said
    assert f"remote: step by step: {ben.client.url}/help/git#suspected-secrets" in said
    assert key not in said
    assert before == state(repository)


def test_a_secret_in_an_older_commit_of_the_push_is_found_though_the_tip_is_clean(
    ben: Pusher, repository: Path
) -> None:
    before = state(repository)
    ben.commits(a__txt="clean\n")
    commit = ben.commits(a__txt=f"token {a_key()}\n")
    ben.commits(a__txt="clean again\n")
    code, said = ben.pushes()
    assert (1, True) == (code, f"a.txt, line 1 (commit {commit[:8]})" in said), said
    assert before == state(repository)
    ben.git("reset", "-q", "--hard", f"{commit}^")
    ben.commits(a__txt="clean after all\n")
    assert 0 == ben.pushes()[0]


def test_all_branches_of_such_a_push_stay_where_they_are(ben: Pusher, repository: Path) -> None:
    before = state(repository)
    ben.commits(a__txt="clean\n")
    ben.commits(b__txt=a_key())
    code, said = ben.tries(
        "push", "origin", "HEAD~1:refs/heads/sessions/ben/one", "HEAD:refs/heads/sessions/ben/two"
    )
    assert (1, before) == (code, state(repository)), said


def test_a_decision_lets_in_what_was_seen_and_nothing_else_and_is_written_down(
    server: Any, ben: Pusher, collab: str
) -> None:
    first, second = a_key(), a_key()
    ben.commits(a__txt=f"one {first}\n")
    mark = re.search(r"-o keep-secrets=([0-9a-f]{12})", ben.pushes()[1])
    assert mark
    ben.commits(a__txt=f"one {first}\ntwo {second}\n")
    assert 1 == ben.pushes("-o", f"keep-secrets={mark[1]}")[0]
    ben.git("reset", "-q", "--hard", "HEAD~1")
    code, said = ben.pushes("-o", f"keep-secrets={mark[1]}")
    assert (0, True) == (code, "landed on main" in said), said
    assert first.encode() in ben.client.file(collab, "a.txt").body
    told = next(
        one
        for one in server.client("ana").transport.ask("GET", f"/api/collabs/{collab}/audit", None, {}).json()
        if one["act"] == "KeepSecrets"
    )
    assert ("ben", "refs/heads/sessions/ben/laptop") == (told["user"], told["detail"]["ref"])
    assert "a.txt, line 1" in told["detail"]["secrets"][0]
    assert first not in json.dumps(told)
    ben.commits(a__txt=f"one {first}\nand more\n", b__txt=f"again {first}\n")
    assert 0 == ben.pushes()[0]  # nobody is asked twice


def test_a_decision_without_a_mark_lets_in_whatever_there_is(ben: Pusher) -> None:
    ben.commits(a__txt=a_key(), b__txt=a_key())
    assert 0 == ben.pushes("-o", "keep-secrets")[0]


def test_a_secret_that_the_file_had_before_asks_nothing_whatever_it_is_called_by_now(
    server: Any, ben: Pusher, collab: str
) -> None:
    ben.client.open_session(collab, "desk", client="another")
    key = a_key()
    text = "".join(f"line {n}\n" for n in range(30)) + f"token {key}\n"
    held = ben.client.save(collab, "ben/desk", "a.txt", text.encode())["held"]
    ben.client.decide_held(collab, held, "release")
    other = a_key()
    ben.git("pull", "-q", "origin", "main")
    ben.git("mv", "a.txt", "b.txt")
    ben.commits(b__txt=text + "one more line\n")
    ben.commits(b__txt=text + "two more lines\n")
    assert 0 == ben.pushes()[0]
    ben.commits(b__txt=text + f"other {other}\n")
    code, said = ben.pushes()
    assert (1, True) == (code, "b.txt, line 32" in said), said


@pytest.mark.parametrize("count", [3, 120])
def test_a_secret_in_a_large_push_or_a_binary_file_is_found(ben: Pusher, count: int) -> None:
    files: dict[str, str | bytes] = {f"f{n}__txt": f"{n}\n" for n in range(count)}
    files["data__bin"] = os.urandom(3_000_000) + b"\0\0 token " + a_key().encode() + b" \0" + os.urandom(99)
    commit = ben.commits(**files)
    code, said = ben.pushes()
    assert (1, True) == (code, f"(commit {commit[:8]})" in said), said
    assert "data.bin, line " in said


def test_where_the_collab_does_not_want_it_nothing_is_looked_for(
    server: Any, ben: Pusher, collab: str
) -> None:
    ana = server.client("ana")
    ana.open_session(collab, "desk", client="hers")
    ana.save(collab, "ana/desk", "collab.toml", b'[policies]\nsecrets = "off"\n')
    ben.commits(a__txt=a_key())
    assert 0 == ben.pushes()[0]


def test_a_secret_in_a_message_or_a_name_is_found_and_not_repeated(
    server: Any, ben: Pusher, repository: Path, collab: str
) -> None:
    before = state(repository)
    key, called, above = a_key(), a_key(), a_key()
    ben.git("commit", "-q", "--allow-empty", "-m", f"Subject\n\nwith {key}")
    message = ben.git("rev-parse", "HEAD")
    (ben.path / above).mkdir()
    name = ben.commits(**{f"{called}__txt": "clean\n", f"{above}/clean__txt": "clean\n"})
    option = a_key()
    code, said = ben.pushes("-o", f"message=about {option}")
    assert 1 == code
    assert (
        f"remote:   message of commit {message[:8]}, line 3: github-token, ghp\u2026 (40 characters)" in said
    )
    assert f"remote:   the name of ghp\u2026.txt (commit {name[:8]}): github-token" in said
    assert f"remote:   the name of ghp\u2026/clean.txt (commit {name[:8]}): github-token" in said
    assert "remote:   the option message: github-token" in said
    assert [] == [one for one in (key, called, above, option) if one in said]
    assert before == state(repository)
    assert 0 == ben.pushes("-o", "keep-secrets")[0]
    told = server.client("ana").transport.ask("GET", f"/api/collabs/{collab}/audit", None, {}).json()
    assert [] == [one for one in (key, called, above) if one in json.dumps(told)]
    ben.commits(**{f"{called}__txt": "more\n", f"{above}/another__txt": f"clean {'x' * 9}\n"})
    assert 0 == ben.pushes()[0]  # nobody is asked twice


def test_an_object_that_no_commit_leads_to_is_looked_at_too(ben: Pusher, repository: Path) -> None:
    """Whoever knows an object's id could fetch it."""
    before = state(repository)
    commit = ben.commits(a__txt="clean\n")
    loose = ben.path / "loose"
    loose.write_text(a_key())
    hidden = ben.git("hash-object", "-w", str(loose))
    listed = (
        f"{ben.git('rev-list', '--objects', '--no-object-names', 'HEAD', '--not', 'origin/main')}\n{hidden}\n"
    )
    pack = subprocess.run(
        ["git", "-C", str(ben.path), "pack-objects", "--stdout", "-q"],
        input=listed.encode(),
        capture_output=True,
        check=True,
    ).stdout
    command = f"{'0' * 40} {commit} refs/heads/sessions/ben/odd\0 report-status side-band-64k".encode()
    body = b"%04x%s0000%s" % (len(command) + 4, command, pack)
    headers = {
        "Authorization": ben.header.split(": ", 1)[1],
        "Content-Type": "application/x-git-receive-pack-request",
    }
    asked = urllib.request.Request(f"{ben.url}/git-receive-pack", body, headers)
    said = urllib.request.urlopen(asked, timeout=60).read()
    assert b"an object that is in no file: " in said
    assert before == state(repository)
