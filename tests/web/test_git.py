"""The git door with stock git as client: clones and fetches, refusals, bombs, and clients that go away."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import uvicorn
from starlette.types import Message, Scope

from gitcollab.errors import Forbidden, NotFound
from gitcollab.model import Person
from gitcollab.repository import Entry, Repository
from gitcollab.web.git import GitDoor
from gitcollab.web.gitrun import Limits
from gitcollab.web.places import Places

ID = "caaaaaaaaa"
MAIN = "refs/heads/main"


class House:
    """A served collab and its repository; ``is_open`` says whether anybody may read it."""

    def __init__(self, tmp_path: Path, limits: Limits, places: Places) -> None:
        self.path = tmp_path
        self.repo = Repository.create(tmp_path / f"{ID}.git")
        self.is_open = True
        self.url = ""
        self.door = GitDoor(lambda collab: tmp_path / f"{collab}.git", self.authorise, limits, places)

    async def authorise(self, scope: Scope, collab: str, is_push: bool) -> None:
        if collab != ID or not self.is_open:
            raise NotFound("no such collab")

    async def save(self, files: dict[str, bytes]) -> str:
        return await asyncio.to_thread(self._save, files)

    def _save(self, files: dict[str, bytes]) -> str:
        tip = self.repo.head(MAIN)
        edits = {path: Entry(self.repo.write_blob(data)) for path, data in files.items()}
        tree = self.repo.edit(tip, edits)
        parents = [tip] if tip else []
        at = "2026-11-20T10:00:00Z"
        oid = self.repo.commit(tree, parents, "Save", author=Person(name="ana"), at=at)
        self.repo.move(MAIN, oid, tip)
        return oid

    async def git(self, *words: str, version: int = 2) -> tuple[int, str]:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.path), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        child = await asyncio.create_subprocess_exec(
            "git",
            "-c",
            f"protocol.version={version}",
            "-C",
            str(self.path),
            *words,
            env=env | {"GIT_TERMINAL_PROMPT": "0"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await child.communicate()
        assert child.returncode is not None
        return child.returncode, said.decode()

    def running(self) -> list[int]:
        """The upload-packs on this repository that are still running."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if b"upload-pack" in line and str(self.repo.path).encode() in line:
                    found.append(int(entry.name))
        return found

    async def settled(self) -> None:
        while await asyncio.to_thread(self.running):  # noqa: ASYNC110 - programs of others cannot be awaited
            await asyncio.sleep(0.02)


@pytest.fixture
def limits() -> Limits:
    return Limits(recheck=0.1)


@pytest.fixture
def places() -> Places:
    return Places()


@pytest.fixture
def made(tmp_path: Path, limits: Limits, places: Places) -> House:
    return House(tmp_path, limits, places)


@pytest.fixture
async def house(made: House) -> AsyncIterator[House]:
    config = uvicorn.Config(
        made.door, interface="asgi3", port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    made.url = f"http://127.0.0.1:{port}/git/{ID}.git"
    yield made
    server.should_exit = True
    await serving


@pytest.mark.parametrize("version", [0, 1, 2])
async def test_stock_git_clones_and_fetches(house: House, version: int):
    await house.save({"a.txt": b"one\n", "d/b.bin": os.urandom(300_000)})
    assert await house.git("clone", house.url, "clone", version=version) == (0, "Cloning into 'clone'...\n")
    assert (house.path / "clone" / "a.txt").read_bytes() == b"one\n"
    second = await house.save({"a.txt": b"two\n"})
    code, said = await house.git("-C", "clone", "pull", "-q", "--ff-only", version=version)
    assert (code, said) == (0, "")
    assert await house.git("-C", "clone", "rev-parse", "HEAD") == (0, f"{second}\n")
    assert await house.git("-C", "clone", "fsck", "--strict", "--no-progress") == (0, "")


async def test_an_empty_collab_clones(house: House):
    code, said = await house.git("clone", house.url, "clone")
    assert (code, "empty repository" in said) == (0, True)


async def test_shallow_and_partial_clones(house: House):
    for n in range(5):
        await house.save({"a.txt": b"%d\n" % n})
    assert (await house.git("clone", "-q", "--depth=1", house.url, "shallow"))[0] == 0
    assert await house.git("-C", "shallow", "rev-list", "--count", "HEAD") == (0, "1\n")
    assert (await house.git("clone", "-q", "--filter=blob:none", house.url, "partial"))[0] == 0
    assert (house.path / "partial" / "a.txt").read_bytes() == b"4\n"


async def test_a_long_negotiation_arrives_gzipped(house: House):
    await house.save({"a.txt": b"0"})
    await house.git("clone", "-q", house.url, "clone")
    for n in range(300):
        await house.save({"a.txt": b"%d" % n})
    await asyncio.to_thread(grow, house.path / "clone" / ".git", 300)
    code, said = await house.git("-C", "clone", "fetch", "-q", "origin")
    assert (code, said) == (0, "")
    assert await house.git("-C", "clone", "rev-list", "--count", "origin/main") == (0, "301\n")


def grow(path: Path, count: int) -> None:
    repo = Repository(path)
    tip = repo.head(MAIN)
    for n in range(count):
        person = Person(name="ben")
        new = repo.commit(repo.tree_of(tip), [tip], f"Mine {n}", author=person, at="2026-11-20T11:00:00Z")
        repo.move(MAIN, new, tip)
        tip = new


async def test_bookkeeping_refs_are_not_shown(house: House):
    oid = await house.save({"a.txt": b"1"})
    await asyncio.to_thread(house.repo.move, "refs/gitcollab/drafts/ana/default", oid, None)
    _, said = await house.git("ls-remote", house.url)
    assert [line.split("\t")[1] for line in said.splitlines()] == ["HEAD", MAIN]


async def test_no_access_and_not_existing_look_alike(house: House):
    code, said = await house.git("clone", house.url.replace(ID, "cbbbbbbbbb"), "x")
    house.is_open = False
    code_too, said_too = await house.git("clone", house.url, "x")
    assert (code, said.replace("cbbbbbbbbb", ID)) == (code_too, said_too)
    assert "remote: no such collab" in said


async def test_a_push_is_refused_with_words(house: House):
    await house.save({"a.txt": b"1"})
    await house.git("clone", "-q", house.url, "clone")
    code, said = await house.git("-C", "clone", "push", "-q", "origin", "HEAD:refs/heads/x")
    assert code != 0
    assert "remote: pushing by git is not open here" in said
    async with httpx2.AsyncClient() as client:
        kind = {"content-type": "application/x-git-receive-pack-request"}
        found = await client.post(f"{house.url}/git-receive-pack", content=b"0000", headers=kind)
    assert found.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/HEAD", 404),
        ("GET", "/config", 404),
        ("GET", "/objects/info/packs", 404),
        ("GET", "/info/refs", 403),
        ("GET", "/info/refs?service=git-upload-archive", 403),
        ("GET", "/info/refs?service=git-upload-pack&service=git-receive-pack", 403),
        ("GET", "/info/refs/../../../etc/passwd?service=git-upload-pack", 404),
        ("GET", "/%2e%2e/info/refs?service=git-upload-pack", 404),
        ("GET", "/git-upload-pack", 400),
        ("POST", "/info/refs?service=git-upload-pack", 400),
        ("POST", "/git-upload-pack", 400),
        ("POST", "/git-upload-archive", 404),
    ],
)
async def test_only_the_smart_protocol_is_spoken(house: House, method: str, path: str, status: int):
    await house.save({"a.txt": b"1"})
    async with httpx2.AsyncClient() as client:
        found = await client.request(method, house.url + path)
    assert found.status_code == status
    assert found.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("protocol", ["version=2:x=y", "version=3", "version=2\tx", "$(id)"])
async def test_a_strange_protocol_header_is_as_none(house: House, protocol: str):
    await house.save({"a.txt": b"1"})
    async with httpx2.AsyncClient() as client:
        found = await client.get(
            f"{house.url}/info/refs?service=git-upload-pack", headers={"git-protocol": protocol}
        )
    assert found.content.startswith(b"001e# service=git-upload-pack\n0000")


@pytest.mark.parametrize("limits", [Limits(request_size=1_000_000)])
async def test_a_gzip_bomb_ends_at_the_limit(house: House):
    await house.save({"a.txt": b"1"})
    kind = {"content-type": "application/x-git-upload-pack-request", "content-encoding": "gzip"}
    have = b"0032have " + b"0" * 40 + b"\n"
    bomb = gzip.compress(b"0012command=fetch\n0001" + have * 1_000_000)
    async with httpx2.AsyncClient(headers={"git-protocol": "version=2"}) as client:
        found = await client.post(f"{house.url}/git-upload-pack", content=bomb, headers=kind)
        assert found.status_code == 413
        for content, encoding in ((b"no gzip", "gzip"), (b"", "br")):
            found = await client.post(
                f"{house.url}/git-upload-pack", content=content, headers=kind | {"content-encoding": encoding}
            )
            assert found.status_code == 400
    await asyncio.wait_for(house.settled(), 60)


async def stalled_reader(house: House) -> socket.socket:
    """A client that asks for a large pack and reads only its first bytes."""
    oid = await house.save({f"{n}.bin": os.urandom(4_000_000) for n in range(4)})
    host, port = house.url.removeprefix("http://").split("/")[0].split(":")
    want = f"0032want {oid}\n00000009done\n".encode()
    head = (
        f"POST /git/{ID}.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Length: {len(want)}\r\n"
        "Content-Type: application/x-git-upload-pack-request\r\n\r\n"
    )
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, (host, int(port)))
    await loop.sock_sendall(client, head.encode() + want)
    assert (await loop.sock_recv(client, 12)) == b"HTTP/1.1 200"
    assert await asyncio.to_thread(house.running)
    return client


async def test_a_client_that_goes_away_takes_its_git_along(house: House):
    (await stalled_reader(house)).close()
    await asyncio.wait_for(house.settled(), 60)


@pytest.mark.parametrize("limits", [Limits(idle=0.5, recheck=0.1)])
async def test_a_client_that_stalls_is_given_up(house: House):
    client = await stalled_reader(house)
    await asyncio.wait_for(house.settled(), 60)
    client.close()


async def test_a_stream_ends_when_access_ends(house: House):
    client = await stalled_reader(house)
    house.is_open = False
    await asyncio.wait_for(house.settled(), 60)
    client.close()


@pytest.mark.parametrize("places", [Places(total=1, patience=0.2)])
async def test_who_finds_no_place_is_told_to_come_again(house: House):
    client = await stalled_reader(house)
    async with httpx2.AsyncClient() as other:
        url = f"{house.url}/info/refs?service=git-upload-pack"
        assert (await other.get(url)).status_code == 429
        client.close()
        await asyncio.wait_for(house.settled(), 60)
        async with asyncio.timeout(60):
            while (await other.get(url)).status_code == 429:
                pass  # its git has ended; its place is free a moment later
        assert (await other.get(url)).status_code == 200


async def test_what_protocol_2_begins_with_is_asked_of_git_once_and_anew_for_other_settings(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    await house.save({"a.txt": b"1"})
    url, headers = f"{house.url}/info/refs?service=git-upload-pack", {"git-protocol": "version=2"}
    async with httpx2.AsyncClient(headers=headers) as client:
        first = await client.get(url)
        assert first.content.startswith(b"000eversion 2\n")
        monkeypatch.setattr("gitcollab.web.git.Run", None)
        again = await client.get(url)
        assert (first.content, first.headers["content-type"]) == (
            again.content,
            again.headers["content-type"],
        )
        monkeypatch.undo()
        config = house.repo.path / "config"
        more = await asyncio.to_thread(config.read_text) + "[uploadpack]\n\tallowFilter = false\n"
        await asyncio.to_thread(config.write_text, more)
        assert b"filter" in first.content
        assert b"filter" not in (await client.get(url)).content
        await asyncio.to_thread(config.unlink)
        assert 404 == (await client.get(url)).status_code


async def test_what_a_client_that_went_away_has_not_waited_for_is_not_told_to_the_next(house: House):
    tip = await house.save({"a.txt": b"1"})
    path = f"/git/{ID}.git/info/refs"
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"service=git-upload-pack"}

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def into_nothing(message: Message) -> None:
        pass

    await house.door({**scope, "headers": [(b"git-protocol", b"version=2")]}, gone, into_nothing)
    assert await house.git("ls-remote", house.url, MAIN) == (0, f"{tip}\t{MAIN}\n")


async def test_a_damaged_repository_is_said_to_be_unreadable(house: House):
    await house.save({"a.txt": b"1"})
    await asyncio.to_thread((house.repo.path / "HEAD").write_text, "nonsense")
    async with httpx2.AsyncClient() as client:
        found = await client.get(f"{house.url}/info/refs?service=git-upload-pack")
    assert found.status_code == 503


async def test_a_refusal_of_the_door_keeps_its_status(made: House):
    async def refuse(scope: Scope, collab: str, is_push: bool) -> None:
        raise Forbidden("not you")

    door = GitDoor(lambda collab: made.path, refuse)
    transport = httpx2.ASGITransport(app=door)
    async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
        found = await client.get(f"/git/{ID}.git/info/refs?service=git-upload-pack")
    assert (found.status_code, found.text) == (403, "not you\n")
