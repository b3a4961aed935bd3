"""Pushing with stock git to a real server: what lands, what is refused in which words, what a hostile client gets."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import os
import socket
import struct
import subprocess
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gitcollab import errors

NOBODY = "0" * 40
NUMBERS = itertools.count(1)
PATIENCE = 60.0
SOUND: tuple[str, list[str]] = ("", [])


class Cloner:
    """Somebody with a clone of a collab over HTTP and a token."""

    def __init__(self, server: Any, user: str, collab: str, path: Path) -> None:
        self.server, self.user, self.collab, self.path = server, user, collab, path
        self.client = server.client(user)
        basic = base64.b64encode(f"{user}:{server.tokens[user]}".encode()).decode()
        self.authorization = f"Basic {basic}"
        self.header = f"http.extraHeader=Authorization: {self.authorization}"
        self.url = f"{server.url}/git/{collab}.git"

    def begins(self, *words: str) -> Cloner:
        ran = subprocess.run(
            ["git", "-c", self.header, "clone", "-q", *words, self.url, str(self.path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        self.git("config", "user.name", self.user.title())
        self.git("config", "user.email", f"{self.user}@gitcollab.invalid")
        return self

    def tries(self, *words: str) -> tuple[int, str]:
        ran = subprocess.run(
            ["git", "-c", self.header, "-C", str(self.path), *words],
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        return ran.returncode, ran.stdout + ran.stderr

    def git(self, *words: str) -> str:
        code, said = self.tries(*words)
        assert code == 0, said
        return said.strip()

    def commits(self, path: str, data: bytes | str, message: str = "Edit") -> str:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def pushes(self, ref: str, *words: str) -> tuple[int, str]:
        return self.tries("push", *words, "origin", f"HEAD:{ref}")

    def shared(self, path: str) -> bytes:
        return self.client.file(self.collab, path).body


@pytest.fixture
def collab(server: Any) -> str:
    """A collab of Ana's in which Ben is an editor and Vic looks on."""
    ana, vic = server.client("ana"), server.client("vic")
    assert vic
    made = ana.create(f"Work {next(NUMBERS)}")["id"]
    ana.set_member(made, "ben", "editor")
    ana.set_member(made, "vic", "viewer")
    return made


@pytest.fixture
def clone(server: Any, collab: str, tmp_path: Path) -> Callable[..., Cloner]:
    def made(user: str, name: str = "clone", *words: str) -> Cloner:
        return Cloner(server, user, collab, tmp_path / f"{name}-{user}").begins(*words)

    return made


def repository(server: Any, collab: str) -> Path:
    return server.root / "collabs" / f"{collab}.git"


def refs(server: Any, collab: str) -> str:
    return subprocess.run(
        ["git", f"--git-dir={repository(server, collab)}", "for-each-ref"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def faults(server: Any, collab: str) -> tuple[str, list[str]]:
    """What git finds wrong with the repository, and what half-done things lie in it."""
    path = repository(server, collab)
    ran = subprocess.run(
        ["git", f"--git-dir={path}", "fsck", "--full", "--strict", "--no-progress", "--no-dangling"],
        capture_output=True,
        text=True,
        check=False,
    )
    deadline = time.monotonic() + PATIENCE
    while (left := half_done(path)) and time.monotonic() < deadline:
        time.sleep(0.05)  # what a killed program leaves is tidied up a moment after its end
    return ran.stdout + ran.stderr, [one.name for one in left]


def half_done(path: Path) -> list[Path]:
    return [*path.glob("objects/tmp_objdir-*"), *path.glob("objects/incoming-*"), *path.rglob("*.lock")]


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


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


def peak(pid: int) -> int:
    """The most memory in bytes that the process has had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(each.split()[1]) * 1024 for each in lines if each.startswith("VmHWM"))


# --- what git itself would not send ---------------------------------------------------------------------------------


def line(data: bytes) -> bytes:
    return b"%04x%s" % (len(data) + 4, data)


def command(old: str, new: str, ref: str, more: str = "report-status side-band-64k") -> bytes:
    return line(f"{old} {new} {ref}\0 {more}".encode()) + b"0000"


def requested(who: Cloner, method: str, path: str, *pieces: bytes, **headers: str) -> tuple[int, bytes]:
    """Speaks HTTP by hand and returns status and body; a server may answer before it has read all."""
    host, port = who.server.url.removeprefix("http://").split(":")
    body = b"".join(pieces)
    lines = [f"{method} {who.url.removeprefix(who.server.url)}{path} HTTP/1.1", f"Host: {host}:{port}"]
    lines += [f"Authorization: {who.authorization}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                answer += piece
    head, _, rest = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), rest


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
