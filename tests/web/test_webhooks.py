"""Webhooks: told from the journal, at least once and in order, signed, and again when they fail."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine

from gitcollab import outside
from gitcollab.errors import BadInput, Unavailable
from gitcollab.events import AnyEvent, Landed, Published, Saved
from gitcollab.model import FileChange
from gitcollab.store import async_engine, journal
from gitcollab.store import webhooks as kept
from gitcollab.web.webhooks import Webhooks


class Called:
    """A server that fails as often as it is told to, and remembers what it was sent."""

    def __init__(self) -> None:
        self.failures: list[int] = []
        self.calls: list[tuple[dict[str, str], bytes]] = []
        called = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                called.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(called.failures.pop(0) if called.failures else 204)
                self.send_header("location", "http://127.0.0.1/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        self.host = f"127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def called() -> Iterator[Called]:
    made = Called()
    yield made
    made.stop()


class Site:
    """What telling needs of the web process."""

    base_url = "http://here"

    def __init__(self, engine: Engine) -> None:
        self.store = async_engine(engine.url.render_as_string(hide_password=False))

    async def look(self, query: Callable[..., Any], *args: object) -> Any:
        async with self.store.connect() as conn:
            return await conn.run_sync(query, *args)

    async def note(self, change: Callable[..., Any], *args: object) -> Any:
        async with self.store.begin() as conn:
            return await conn.run_sync(change, *args)


ABOUT: dict[str, Any] = {"collab": "", "user": "ana"}


def landed(commit: str) -> Landed:
    files = (FileChange(path="a.ipynb", kind="changed"),)
    more: dict[str, Any] = {"session": "ana/default", "parent": "p", "snapshot": "s", "files": files}
    return Landed(**ABOUT, **more, commit=commit)


PUBLISHED = Published(**ABOUT, notebook="a.ipynb", version="1.0.0", tag="a/v1.0.0", commit="c", message="hi")
SAVED = Saved(**ABOUT, session="ana/default", commit="c", parent="p", files=())


def happened(engine: Engine, collab: str, *events: AnyEvent) -> None:
    with engine.begin() as conn:
        journal.append(conn, collab, events)


def added(engine: Engine, collab: str, url: str, *kinds: str) -> kept.Webhook:
    with engine.begin() as conn:
        return kept.add_webhook(conn, collab, "ana", url, kinds)


def log_of(engine: Engine, collab: str) -> list[tuple[int, str, int, int]]:
    with engine.connect() as conn:
        (one,) = kept.webhooks(conn, collab)
    return [(each.n, each.outcome, each.tries, each.status) for each in one.deliveries][::-1]


def problem_of(engine: Engine, collab: str) -> str:
    with engine.connect() as conn:
        return kept.webhooks(conn, collab)[0].deliveries[0].problem


async def told(engine: Engine, hosts: tuple[str, ...], is_done: Callable[[], bool]) -> None:
    """Runs the telling until something is so."""
    site = Site(engine)
    telling = Webhooks(site, hosts, period=0.02, first=0.02)  # type: ignore[arg-type]
    task = asyncio.create_task(telling.run())
    async with asyncio.timeout(120):
        while not await asyncio.to_thread(is_done):  # noqa: ASYNC110  # the log is written by nobody else
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, *telling.underway.values(), return_exceptions=True)
    await site.store.dispose()


async def test_what_happens_is_told_in_order_signed_and_again_after_failures(
    engine: Engine, collab: str, called: Called
) -> None:
    called.failures = [500, 302]
    made = await asyncio.to_thread(added, engine, collab, f"http://{called.host}/hook?x=1")
    await asyncio.to_thread(happened, engine, collab, landed("c1"), SAVED, PUBLISHED)
    await told(engine, (called.host,), lambda: len(log_of(engine, collab)) == 2)
    numbers = [json.loads(body)["n"] for _, body in called.calls]
    first = numbers[0]
    assert [first, first, first, first + 2] == numbers
    assert [(first, "delivered", 3, 204), (first + 2, "delivered", 1, 204)] == await asyncio.to_thread(
        log_of, engine, collab
    )
    for headers, body in called.calls:
        signed = headers["x-gitcollab-timestamp"].encode() + b"." + body
        digest = hmac.new(made.secret.encode(), signed, hashlib.sha256).hexdigest()
        assert f"sha256={digest}" == headers["x-gitcollab-signature"]
    landing, version = json.loads(called.calls[2][1]), json.loads(called.calls[3][1])
    assert ("landed", [{"path": "a.ipynb", "kind": "changed"}]) == (landing["kind"], landing["files"])
    assert ("ana published a.ipynb 1.0.0", f"{collab}/{version['n']}") == (version["text"], version["id"])


async def test_a_restart_goes_on_where_telling_stopped(engine: Engine, collab: str, called: Called) -> None:
    await asyncio.to_thread(added, engine, collab, f"http://{called.host}/", "published")
    called.failures = [503]  # for the first call; what is under way when telling stops may be told once more
    await asyncio.to_thread(happened, engine, collab, PUBLISHED, landed("c1"))
    await told(engine, (called.host,), lambda: bool(log_of(engine, collab)))
    await asyncio.to_thread(happened, engine, collab, PUBLISHED)
    await told(
        engine, (called.host,), lambda: [one[1] for one in log_of(engine, collab)] == ["delivered"] * 2
    )
    numbers = [json.loads(body)["n"] for _, body in called.calls]
    assert sorted(numbers) == numbers
    assert (2, True) == (len(set(numbers)), numbers.count(numbers[0]) > 1)


async def test_no_private_address_is_called_unless_it_is_listed(
    engine: Engine, collab: str, called: Called
) -> None:
    await asyncio.to_thread(added, engine, collab, f"http://{called.host}/")
    await asyncio.to_thread(happened, engine, collab, PUBLISHED)
    await told(engine, (), lambda: bool(log_of(engine, collab)))
    await told(engine, ("hooks.example.org",), lambda: log_of(engine, collab)[0][2] > 1)
    assert [] == called.calls
    assert "webhook_hosts" in await asyncio.to_thread(problem_of, engine, collab)


@pytest.mark.parametrize(
    "url", ["ftp://a/", "https://", "http://u:p@a/", "http://a/\nb", "file:///etc/passwd", "x" * 3000]
)
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        outside.checked_url(url)


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        *((one, False) for one in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "0.0.0.0")),
        *(
            (one, False)
            for one in ("::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "ff02::1")
        ),
        *((one, False) for one in ("224.0.0.1", "255.255.255.255", "2002:a00:1::", "nonsense")),
    ],
)
def test_which_addresses_are_public(address: str, is_public: bool) -> None:
    assert is_public == outside.is_public(address)


def test_an_answer_that_trickles_is_cut_off() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def trickle() -> None:
            line, _ = server.accept()
            with line:
                while not over.wait(0.05):
                    try:
                        line.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            host = f"127.0.0.1:{server.getsockname()[1]}"
            with pytest.raises(Unavailable):
                outside.send(f"http://{host}/", (host,), within=0.5)
        finally:
            over.set()
            thread.join()
