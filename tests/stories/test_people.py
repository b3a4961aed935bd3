"""Who takes part, told on a running server: invitations, groups, handing over, and what everyone may see."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gitcollab.cli import place, run
from gitcollab.client import Client
from gitcollab.errors import Forbidden, GitcollabError, NotFound, NotSignedIn

BOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "a",
            "metadata": {},
            "outputs": [],
            "source": "x = 1",
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture(scope="module")
def admin(server: Any) -> Iterator[Client]:
    """The one who runs the server."""
    with Client(server.url, (server.root / "private" / "token").read_text().strip()) as client:
        yield client


@pytest.fixture
def ana(server: Any) -> Client:
    return server.client("ana")


@pytest.fixture
def ben(server: Any) -> Client:
    return server.client("ben")


def refusal(work: Any) -> type[GitcollabError] | None:
    """What a call is refused with."""
    try:
        work()
    except GitcollabError as error:
        return type(error)
    return None


def published(ana: Client, title: str, source: str = "x = 1") -> tuple[str, str]:
    """A collab of Ana's with one published notebook; its id and the version's tag."""
    collab = ana.create(title)["id"]
    session = ana.open_session(collab)["session"]
    return collab, save_and_publish(ana, collab, session, source)


def save_and_publish(who: Client, collab: str, session: str, source: str, name: str = "a.ipynb") -> str:
    book = json.loads(json.dumps(BOOK))
    book["cells"][0]["source"] = source
    who.save(collab, session, name, json.dumps(book).encode())
    return str(who.publish(collab, name)["tag"])


def test_who_is_let_in_takes_part_at_once_and_is_asked(ana: Client, ben: Client) -> None:
    collab = ana.create("Tides")["id"]
    ana.set_member(collab, "ben", "editor")
    (asked,) = [one for one in ben.invitations() if one["id"] == collab]
    assert ("ana", "editor", "Tides") == (asked["by"], asked["role"], asked["title"])
    assert ["", "ana"] == [one["invited_by"] for one in ana.members(collab)]
    assert collab in [one["id"] for one in ben.collabs()]
    assert "editor" == ben.accept(collab)["role"]
    assert [] == [one for one in ben.invitations() if one["id"] == collab]
    assert ["", ""] == [one["invited_by"] for one in ana.members(collab)]


def test_who_declines_is_out(ana: Client, ben: Client) -> None:
    collab = ana.create("Waves")["id"]
    ana.set_member(collab, "ben", "viewer")
    ben.decline(collab)
    assert collab not in [one["id"] for one in (*ben.collabs(), *ben.invitations())]


def test_a_collab_is_handed_over(ana: Client, ben: Client) -> None:
    collab = ana.create("Rain")["id"]
    assert "owner" == ana.hand_over(collab, "ben")["role"]
    assert {"ben": "owner", "ana": "maintainer"} == {one["user"]: one["role"] for one in ben.members(collab)}
    assert Forbidden is refusal(lambda: ana.hand_over(collab, "ana"))


def test_a_group_takes_part_as_long_as_it_is_given_a_role(ana: Client, ben: Client, admin: Client) -> None:
    admin.add_group("lab", "The lab")
    admin.put_in_group("lab", "ben")
    assert ["ben"] == next(one["people"] for one in ben.groups() if one["name"] == "lab")
    assert Forbidden is refusal(lambda: ana.add_group("other"))
    collab = ana.create("Wind")["id"]
    ana.set_grant(collab, "lab", "editor")
    assert "editor" == ben.collab(collab)["role"]
    ana.remove_grant(collab, "lab")
    assert NotFound is refusal(lambda: ben.collab(collab))
    ana.set_visibility(collab, "team", "lab")
    assert ("team", ["lab"]) == (ana.visibility(collab)["visibility"], ana.visibility(collab)["groups"])
    assert "viewer" == ben.collab(collab)["role"]
    admin.take_out_of_group("lab", "ben")
    assert NotFound is refusal(lambda: ben.collab(collab))
    ana.set_visibility(collab, "private")
    assert [] == ana.grants(collab)


def test_what_is_done_to_access_is_written_down(ana: Client, ben: Client) -> None:
    collab = ana.create("Snow")["id"]
    ana.set_member(collab, "ben", "editor")
    assert Forbidden is refusal(lambda: ben.set_member(collab, "ben", "owner"))
    ana.remove_member(collab, "ben")
    assert [
        ("ana", "RemoveMember", "done"),
        ("ben", "SetMember", "forbidden"),
        ("ana", "SetMember", "done"),
        ("ana", "CreateCollab", "done"),
    ] == [(line["user"], line["act"], line["outcome"]) for line in ana.audit(collab)]
    assert {"127.0.0.1"} == {line["origin"] for line in ana.audit(collab)}


def test_a_suspended_account_is_nobody(server: Any, admin: Client) -> None:
    dan = server.client("dan")
    admin.suspend("dan")
    assert NotSignedIn is refusal(dan.me)
    admin.suspend("dan", is_suspended=False)
    assert "dan" == dan.me()["name"]


def test_one_person_has_many_names_and_a_display_name(ana: Client, admin: Client) -> None:
    admin.add_name("ana", "git", "Ana.Lima@example.org")
    assert [{"kind": "git", "name": "ana.lima@example.org"}] == ana.names("ana")
    assert Forbidden is refusal(lambda: ana.add_name("ana", "hub", "root"))
    assert Forbidden is refusal(lambda: ana.names("ben"))
    admin.remove_name("ana", "git", "ana.lima@example.org")
    assert [] == ana.names("ana")
    assert "Ana Lima" == ana.set_display("Ana Lima")["display"]


def test_a_password_is_changed_by_who_knows_it(ana: Client) -> None:
    ana.set_password("a sentence to keep")
    assert NotSignedIn is refusal(lambda: ana.set_password("another sentence", "a wrong guess"))
    ana.set_password("", "a sentence to keep")
    ana.set_password("a third sentence")


# --- everyone --------------------------------------------------------------------------------------------------------


def git(*words: str, cwd: Path) -> str:
    done = subprocess.run(["git", *words], cwd=cwd, capture_output=True, text=True, timeout=180, check=True)
    return done.stdout.strip()


def cloned(server: Any, collab: str, where: Path) -> Path:
    """A clone by whoever comes."""
    git("clone", "--quiet", f"{server.url}/public/{collab}.git", str(where / "clone"), cwd=where)
    return where / "clone"


def shown(server: Any, collab: str) -> Path:
    """Where everyone's repository of a collab lies."""
    return Path(server.root) / "public" / f"{collab}.git"


PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def test_everyone_reads_a_published_notebook_as_its_members_do(server: Any, ana: Client) -> None:
    collab = ana.create("Coast")["id"]
    ana.open_session(collab)
    book = json.loads(json.dumps(BOOK))
    book["cells"][0]["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": PICTURE}},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": "<b>bold</b><script>alert(1)</script>"},
        },
    ]
    ana.save(collab, "ana/default", "sea.ipynb", json.dumps(book).encode())
    first = ana.publish(collab, "sea.ipynb", message="Spring")["tag"]
    book["cells"][0]["source"] = "y = 2"
    ana.save(collab, "ana/default", "sea.ipynb", json.dumps(book).encode())
    ana.publish(collab, "sea.ipynb")
    book["cells"][0]["source"] = "z = 3"
    ana.save(collab, "ana/default", "sea.ipynb", json.dumps(book).encode())

    def got(path: str, **headers: str) -> Any:
        with Client(server.url) as anybody:
            return anybody.transport.ask("GET", f"/p/{collab}{path}", None, {}, headers)

    assert NotFound is refusal(lambda: got("/n/sea.ipynb"))
    ana.set_visibility(collab, "everyone")
    assert f'href="/p/{collab}/n/sea.ipynb?at={quote(first)}"' in got("").body.decode()
    page = got("/n/sea.ipynb").body.decode()
    plain = re.sub("<[^>]*>", "", page)
    assert (True, False, False) == ("y = 2" in plain, "z = 3" in plain, "alert(1)" in page)
    assert "x = 1" in re.sub("<[^>]*>", "", got(f"/n/sea.ipynb?at={quote(first)}").body.decode())
    addresses = re.findall(rf'"/p/{collab}(/o/[^"]+)"', page)
    pictures = [each for each in addresses if ".0/" in each]
    assert b"PNG" in got(pictures[0]).body[:8]
    framed = next(each for each in addresses if ".1h/" in each)
    assert Forbidden is refusal(lambda: got(framed))
    answer = got(framed, **{"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"})
    assert b"<script>alert(1)</script>" in answer.body
    assert NotFound is refusal(lambda: got("/n/sea.ipynb?at=main"))
    assert NotFound is refusal(lambda: got(f"/n/sea.ipynb?at={ana.resolve(collab, 'main')}"))
    ana.set_visibility(collab, "private")
    assert NotFound is refusal(lambda: got(pictures[0]))


def test_everyone_sees_what_is_published_and_nothing_else(server: Any, ana: Client, tmp_path: Path) -> None:
    collab, tag = published(ana, "Ice", "first = 1")
    assert not shown(server, collab).exists()
    ana.save(collab, "ana/default", "draft.ipynb", json.dumps(BOOK).encode())
    ana.save(collab, "ana/default", "data.csv", b"a,b\n")
    said = ana.set_visibility(collab, "everyone")
    assert "licence" in said["warning"]
    public = shown(server, collab)
    assert [f"refs/tags/{tag}", "refs/heads/blessed"] == git(
        "for-each-ref", "--sort=-refname", "--format=%(refname)", cwd=public
    ).split("\n")
    assert "refs/heads/blessed" == git("symbolic-ref", "HEAD", cwd=public)
    assert "1" == git("rev-list", "--count", "--all", cwd=public)
    assert "" == git("fsck", "--strict", "--full", "--no-dangling", cwd=public)
    whole = Path(server.root) / "collabs" / f"{collab}.git"
    theirs, ours = (
        set(
            git(
                "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)", cwd=each
            ).split("\n")
        )
        for each in (public, whole)
    )
    assert "draft.ipynb" not in git("ls-tree", "-r", "--name-only", "blessed", cwd=public)
    assert {line for line in theirs if line.endswith("blob")} < {
        line for line in ours if line.endswith("blob")
    }
    assert set() == {line for line in theirs & ours if line.endswith("commit")}
    anybody = Client(server.url)
    ask = anybody.transport.ask
    assert {"id": collab, "title": "Ice"} in ask("GET", "/api/public").json()
    (version,) = ask("GET", f"/api/public/{collab}/versions").json()
    assert tag == version["tag"]
    assert b"first = 1" in ask("GET", f"/api/public/{collab}/files/a.ipynb", None, {"at": tag}).body
    assert b"Ice" in ask("GET", f"/p/{collab}").body
    assert "a.ipynb" in git("ls-tree", "-r", "--name-only", "HEAD", cwd=cloned(server, collab, tmp_path))
    assert NotSignedIn is refusal(lambda: anybody.collab(collab))
    for path in ("files/draft.ipynb", "files/a.ipynb"):
        at = {"at": "main" if "draft" not in path else "blessed"}
        assert NotFound is refusal(
            lambda path=path, at=at: ask("GET", f"/api/public/{collab}/{path}", None, at)
        )
    second = save_and_publish(ana, collab, "ana/default", "second = 2")
    assert {tag, second} == set(git("tag", cwd=public).split("\n"))
    assert "2" == git("rev-list", "--count", "blessed", cwd=public)
    assert "data.csv" in git("ls-tree", "-r", "--name-only", "blessed", cwd=public)
    assert "second = 2" in git("show", f"{second}:a.ipynb", cwd=public)
    ana.set_visibility(collab, "private")
    assert not public.exists()
    assert NotFound is refusal(lambda: ask("GET", f"/api/public/{collab}/versions"))
    anybody.close()


def test_a_second_person_lets_versions_out(server: Any, ana: Client, ben: Client) -> None:
    collab, first = published(ana, "Fog")
    ana.set_member(collab, "ben", "maintainer")
    ana.set_visibility(collab, "everyone", needs_approval=True)
    public = shown(server, collab)
    assert "" == git("for-each-ref", cwd=public)
    assert Forbidden is refusal(lambda: ana.approve(collab, first))
    assert NotFound is refusal(lambda: ben.approve(collab, "a/v9.0.0"))
    second = save_and_publish(ana, collab, "ana/default", "second = 2")
    ben.approve(collab, second)
    assert second == git("tag", cwd=public)
    tip = git("rev-parse", "blessed", cwd=public)
    ben.approve(collab, first)
    assert {first, second} == set(git("tag", cwd=public).split("\n"))
    assert tip == git("rev-parse", "blessed", cwd=public), "an older version is not the newest"
    assert [("ben", first), ("ben", second)] == [
        (one["by"], one["tag"]) for one in ana.visibility(collab)["approved"]
    ]


def test_the_end_of_a_collab_is_the_end_of_what_everyone_saw(server: Any, ana: Client) -> None:
    collab, _ = published(ana, "Hail")
    ana.set_visibility(collab, "everyone")
    assert shown(server, collab).exists()
    ana.end(collab)
    assert not shown(server, collab).exists()


# --- the same, typed -------------------------------------------------------------------------------------------------


def test_the_command_line_says_it_too(
    server: Any, ana: Client, ben: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def types(user: str, *words: str) -> Any:
        token = user and (server.tokens.get(user) or (server.root / "private" / "token").read_text().strip())
        for name, value in (("URL", server.url), ("TOKEN", token), ("ROOT", str(server.root))):
            monkeypatch.setenv(f"GITCOLLAB_{name}", value)
        with closing(place.client()) as client:
            monkeypatch.setattr(place, "client", lambda: client)
            assert 0 == run([*words, "--json"])
        monkeypatch.setattr(place, "client", made)
        return json.loads(capsys.readouterr().out)

    made = place.client
    collab = ana.create("Thaw")["id"]
    assert ["ben"] == types("admin", "group", "crew", "--new", "--add", "ben")[0]["people"]
    types("ana", "members", collab, "--group", "crew", "--role", "editor")
    assert "team" == types("ana", "visibility", collab)["visibility"]
    assert "everyone" == types("ana", "visibility", collab, "everyone", "--approval")["visibility"]
    assert "private" == types("ana", "visibility", collab, "private")["visibility"]
    types("ana", "members", collab, "ben", "--role", "maintainer")
    assert collab in [one["id"] for one in types("ben", "invitations")]
    assert collab not in [one["id"] for one in types("ben", "invitations", collab, "--accept")]
    session = ana.open_session(collab)["session"]
    tag = save_and_publish(ana, collab, session, "x = 1")
    assert {"approved": tag} == types("ben", "approve", collab, "1.0.0")
    assert "ben" == types("ana", "transfer", collab, "ben")["user"]
    assert "HandOver" == types("ben", "audit", collab)[0]["act"]
    assert [{"kind": "os", "name": "blima"}] == types("", "user", "alias", "ben", "os", "blima")
    assert {"name": "ben", "display": "Ben Okri"} == types("", "user", "display", "ben", "Ben Okri")
    assert {"name": "ben", "is_suspended": True} == types("", "user", "suspend", "ben")
    assert NotSignedIn is refusal(ben.me)
    assert {"name": "ben", "is_suspended": False} == types("", "user", "suspend", "ben", "--undo")
    assert [] == types("", "user", "alias", "ben", "os", "blima", "--remove")
    told = [line["act"] for line in types("admin", "audit") if line["via"] == "root"]
    assert ["RemoveIdentity", "SuspendUser", "SuspendUser", "SetDisplay", "AddIdentity"] == told[:5]
