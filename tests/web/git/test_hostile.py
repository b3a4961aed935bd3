"""What git itself would not send: tricks, bombs and clients that go away, by hand, against a real server."""

from __future__ import annotations

import hashlib
import socket
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest

from gitcollab import errors

from .conftest import (  # type: ignore[import-not-found]
    PATIENCE,
    SOUND,
    Cloner,
    faults,
    peak,
    refs,
    repository,
    requested,
    until,
)

NOBODY = "0" * 40


def line(data: bytes) -> bytes:
    return b"%04x%s" % (len(data) + 4, data)


def command(old: str, new: str, ref: str, more: str = "report-status side-band-64k") -> bytes:
    return line(f"{old} {new} {ref}\0 {more}".encode()) + b"0000"


def posted(who: Cloner, body: bytes, **headers: str) -> tuple[int, bytes]:
    kind = "application/x-git-receive-pack-request"
    return requested(who, "POST", "/git-receive-pack", body, Content_Type=kind, **headers)


def pack(*objects: tuple[int, bytes], count: int | None = None) -> bytes:
    """A pack of (type, content)."""
    body = b"PACK" + struct.pack(">II", 2, len(objects) if count is None else count)
    for kind, content in objects:
        size, first = len(content) >> 4, kind << 4 | len(content) & 15
        while size:
            body += bytes([first | 128])
            size, first = size >> 7, size & 127
        body += bytes([first]) + zlib.compress(content, 9)
    return body + hashlib.sha1(body).digest()


def oid(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()


def commit_of(tree: bytes, parent: str) -> bytes:
    who = b"Ben <ben@x.example> 1770000000 +0000"
    head = b"tree %s\nparent %s\n" % (oid("tree", tree).encode(), parent.encode())
    return head + b"author %s\ncommitter %s\n\nodd\n" % (who, who)


def entry(mode: str, name: bytes, content: bytes, kind: str = "blob") -> bytes:
    return mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid(kind, content))


def push_of(who: Cloner, tree: bytes, *objects: tuple[int, bytes]) -> bytes:
    """The request that pushes a commit of this tree on top of main."""
    commit = commit_of(tree, who.git("rev-parse", "origin/main"))
    sent = pack((1, commit), (2, tree), *objects)
    return command(NOBODY, oid("commit", commit), "refs/heads/sessions/ben/odd") + sent


@pytest.mark.parametrize("name", [b".git", b".GIT", b"git~1", b".g\xe2\x80\x8cit", b"..", b"a/b", b"a\\b"])
def test_tricks_with_names_in_trees_are_refused(server: Any, clone, collab: str, name: bytes) -> None:
    ben = clone("ben")
    before = refs(server, collab)
    code, answer = posted(ben, push_of(ben, entry("100644", name, b"x"), (3, b"x")))
    assert (200, True) == (code, b"ng refs/heads/sessions/ben/odd" in answer), answer
    assert (before, SOUND) == (refs(server, collab), faults(server, collab))


def test_gitmodules_that_is_a_link_is_refused(clone) -> None:
    ben = clone("ben")
    _, answer = posted(ben, push_of(ben, entry("120000", b".gitmodules", b"x"), (3, b"x")))
    assert b"ng refs/heads/sessions/ben/odd" in answer


def test_a_small_pack_of_a_large_file_leaves_nothing_behind(server: Any, clone, collab: str) -> None:
    ben = clone("ben")
    bomb = b"\0" * 120_000_000
    code, answer = posted(ben, push_of(ben, entry("100644", b"x.bin", bomb), (3, bomb)))
    assert (200, True) == (code, b"a file of 120,000,000 bytes is in this push" in answer), answer
    there = subprocess.run(
        ["git", f"--git-dir={repository(server, collab)}", "cat-file", "-e", oid("blob", bomb)],
        capture_output=True,
        check=False,
    )
    assert (True, SOUND) == (there.returncode != 0, faults(server, collab))


def test_a_pack_of_too_many_objects_is_refused_by_its_first_bytes(clone) -> None:
    ben = clone("ben")
    code, answer = posted(
        ben, command(NOBODY, "1" * 40, "refs/heads/sessions/ben/x") + pack(count=10_000_000)
    )
    assert (200, True) == (code, b"more than 250,000 objects" in answer)


def test_a_million_branches_are_refused_while_they_come(server: Any, clone) -> None:
    ben = clone("ben")
    first = command(NOBODY, "1" * 40, "refs/heads/sessions/ben/x")[:-4]
    more = b"".join(
        line(f"{NOBODY} {'1' * 40} refs/heads/sessions/ben/x{n:07}".encode()) for n in range(100_000)
    )
    before = peak(server.parts()["web"])
    code, answer = posted(ben, first + more * 10 + b"0000")
    assert (200, True) == (code, b"too many branches" in answer)
    assert peak(server.parts()["web"]) - before < 24_000_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"00",
        b"zzzz",
        b"0001",
        b"0003",
        b"-001",
        b"ffff",
        b"fffffff",
        line(b"hello") + b"0000",
        line(b"push-cert\0 report-status\n") + b"0000",
        command(NOBODY, "1" * 40, "refs/heads/sessions/ben/a b"),
        command("x" * 40, "1" * 40, "refs/heads/sessions/ben/x"),
    ],
)
def test_what_is_no_push_is_refused(clone, body: bytes) -> None:
    code, answer = posted(clone("ben"), body)
    assert (True, True) == (code in {200, 400}, b"git itself" in answer), answer


@pytest.mark.parametrize(
    "ref",
    [
        "refs/heads/sessions/ben/--upload-pack=x",
        "refs/heads/sessions/ben/-x",
        "refs/heads/sessions/ben/x.lock",
        "refs/heads/sessions/ben/..",
        "refs/heads/sessions/ben/../ana/x",
        "refs/heads/sessions/ben/x;id",
        "refs/heads/sessions/ben/\N{FULLWIDTH SOLIDUS}x",
        "../../x",
        "--help",
        "HEAD",
    ],
)
def test_a_name_is_no_way_into_anything(server: Any, clone, collab: str, ref: str) -> None:
    ben, before = clone("ben"), refs(server, collab)
    tip = ben.git("rev-parse", "HEAD")
    code, answer = posted(ben, command(NOBODY, tip, ref) + pack())
    assert (200, True) == (code, b"ng " in answer), answer
    assert before == refs(server, collab)


def test_an_object_that_nobody_has_is_no_branch(server: Any, clone, collab: str) -> None:
    ben, before = clone("ben"), refs(server, collab)
    _, answer = posted(ben, command(NOBODY, "1" * 40, "refs/heads/sessions/ben/x") + pack())
    assert (True, before) == (b"ng refs/heads/sessions/ben/x" in answer, refs(server, collab))


def test_a_push_that_lies_about_gzip_is_refused(clone) -> None:
    ben = clone("ben")
    assert b"not gzip" in posted(ben, b"0000", Content_Encoding="gzip")[1]


def test_a_client_that_goes_away_leaves_nothing(server: Any, clone, collab: str) -> None:
    ben, before = clone("ben"), refs(server, collab)
    body = push_of(ben, entry("100644", b"x.bin", b"x"), (3, b"x"))
    host, port = server.url.removeprefix("http://").split(":")
    for cut in (4, 60, len(body) - 10):
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            head = f"POST /git/{collab}.git/git-receive-pack HTTP/1.1\r\nHost: {host}:{port}\r\n"
            head += f"Authorization: {ben.authorization}\r\nContent-Length: {len(body)}\r\n"
            head += "Content-Type: application/x-git-receive-pack-request\r\n\r\n"
            connection.sendall(head.encode() + body[:cut])
            if cut > 100:
                until(lambda: bool(receiving(server, collab)))
    until(lambda: not receiving(server, collab))
    assert (before, SOUND) == (refs(server, collab), faults(server, collab))


def receiving(server: Any, collab: str) -> list[int]:
    """The programs that receive pushes to the collab just now."""
    found = []
    for one in Path("/proc").iterdir():
        try:
            words = (one / "cmdline").read_bytes() if one.name.isdigit() else b""
        except OSError:
            continue
        if b"receive-pack" in words and str(repository(server, collab)).encode() in words:
            found.append(int(one.name))
    return found


def test_who_is_removed_during_a_push_is_cut_off(server: Any, clone, collab: str) -> None:
    ben, before = clone("ben"), refs(server, collab)
    body = push_of(ben, entry("100644", b"x.bin", b"x"), (3, b"x"))
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        head = f"POST /git/{collab}.git/git-receive-pack HTTP/1.1\r\nHost: {host}:{port}\r\n"
        head += f"Authorization: {ben.authorization}\r\nContent-Length: {len(body)}\r\n"
        head += "Content-Type: application/x-git-receive-pack-request\r\n\r\n"
        connection.sendall(head.encode() + body[:-10])
        until(lambda: bool(receiving(server, collab)))
        server.client("ana").remove_member(collab, "ben")
        until(lambda: not receiving(server, collab))
    assert before == refs(server, collab)
    with pytest.raises(errors.NotFound):
        server.client("ben").collab(collab)
