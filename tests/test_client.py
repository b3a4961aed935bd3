"""The thin client against a small real HTTP server: what it sends, what it refuses, how it comes back."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gitcollab import errors
from gitcollab.client import Client
from gitcollab.client.stream import parsed

Reply = tuple[int, dict[str, str], bytes]


class Remote:
    """A server that notes each request and answers with what ``script`` says."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.script: Callable[[int], Reply] = lambda n: (200, {}, b"{}")
        remote = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                sent = {name.lower(): value for name, value in self.headers.items()}
                remote.seen.append((self.command, self.path, sent, body))
                status, headers, data = remote.script(len(remote.seen))
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(data))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815  the names http.server looks for

            def log_message(self, *args: object) -> None:
                """Stays quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()


@pytest.fixture
def remote() -> Iterator[Remote]:
    made = Remote()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def client(remote: Remote) -> Iterator[Client]:
    made = Client(remote.url, "gcp_secret", timeout=5)
    yield made
    made.close()


def test_a_save_sends_raw_bytes_and_the_commit_the_copy_came_from(remote: Remote, client: Client) -> None:
    remote.script = lambda n: (200, {}, b'{"snapshot": "abc"}')
    assert client.save("cabc", "ana/default", "a b/ü#.ipynb", b"{}", base="f00") == {"snapshot": "abc"}
    method, path, headers, body = remote.seen[0]
    assert (method, path) == ("PUT", "/api/collabs/cabc/sessions/ana/default/files/a%20b/%C3%BC%23.ipynb")
    assert (headers["if-match"], headers["authorization"], body) == ('"f00"', "Bearer gcp_secret", b"{}")


def test_no_data_deletes(remote: Remote, client: Client) -> None:
    client.save("cabc", "ana/default", "a.txt", None)
    assert remote.seen[0][:2] == ("DELETE", "/api/collabs/cabc/sessions/ana/default/files/a.txt")


def test_the_server_s_error_comes_back_as_its_kind_with_hint_and_data(remote: Remote, client: Client) -> None:
    said = {"error": "moved", "message": "it moved", "hint": "look again", "item": {"id": "i1"}}
    remote.script = lambda n: (409, {}, json.dumps(said).encode())
    with pytest.raises(errors.Moved) as caught:
        client.settle("cabc", "i1", "shared")
    assert (caught.value.message, caught.value.hint) == ("it moved", "look again")
    assert caught.value.data == {"item": {"id": "i1"}}


def test_an_answer_that_is_not_ours_is_an_error_by_its_status(remote: Remote, client: Client) -> None:
    remote.script = lambda n: (404, {"Content-Type": "text/html"}, b"<h1>nginx</h1>")
    with pytest.raises(errors.NotFound, match="answered 404"):
        client.me()


def test_a_success_that_is_not_json_is_not_a_traceback(remote: Remote, client: Client) -> None:
    remote.script = lambda n: (200, {}, b"<h1>hello</h1>")
    with pytest.raises(errors.Unavailable, match="no gitcollab server"):
        client.me()


def test_credentials_do_not_follow_a_redirect(remote: Remote, client: Client) -> None:
    other = Remote()
    try:
        remote.script = lambda n: (302, {"Location": f"{other.url}/api/me"}, b"")
        with pytest.raises(errors.Unavailable, match="sends requests on to"):
            client.me()
        assert other.seen == []
    finally:
        other.server.shutdown()
        other.server.server_close()


def test_proxies_of_the_environment_get_nothing(
    remote: Remote, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert client.me() == {}


def test_nobody_there_is_unavailable_with_what_to_do() -> None:
    with pytest.raises(errors.Unavailable) as caught:
        Client("http://127.0.0.1:9").me()
    assert caught.value.exit_code == 4
    assert "gitcollab serve" in caught.value.hint


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "http://u:p@host", "http://h:99999"])
def test_what_is_no_address_is_refused_without_repeating_a_password(url: str) -> None:
    with pytest.raises(errors.BadInput) as caught:
        Client(url)
    assert "u:p" not in str(caught.value)


def test_a_line_break_in_a_token_is_refused() -> None:
    with pytest.raises(errors.BadInput):
        Client("http://h", "gcp\r\nX: y")


def test_a_kept_connection_that_the_server_closed_is_replaced(remote: Remote, client: Client) -> None:
    remote.script = lambda n: (200, {"Connection": "close"} if n == 1 else {}, b"{}")
    assert [client.me(), client.me(), client.me()] == [{}, {}, {}]
    assert len(remote.seen) == 3


def test_events_resume_after_a_lost_connection_where_they_were(remote: Remote, client: Client) -> None:
    blocks = {
        1: b': ping\n\nid: 4\nevent: saved\ndata: {"kind": "saved", "n": 4}\n\n',
        2: b'id: 5\ndata: {"kind": "landed",\ndata: "n": 5}\n\n',
    }
    remote.script = lambda n: (200, {"Content-Type": "text/event-stream", "Connection": "close"}, blocks[n])
    stream = client.events("cabc", after=3)
    assert [next(stream)["n"], next(stream)["kind"]] == [4, "landed"]
    stream.close()
    assert [headers.get("last-event-id") for _, _, headers, _ in remote.seen] == ["3", "4"]


def test_the_stream_ends_with_the_error_when_access_ends(remote: Remote, client: Client) -> None:
    refusal = json.dumps({"error": "not-found", "message": "No such collab", "hint": ""}).encode()
    block = b'id: 1\ndata: {"kind": "saved", "n": 1}\n\n'
    remote.script = lambda n: (200, {"Connection": "close"}, block) if n == 1 else (404, {}, refusal)
    stream = client.events("cabc")
    assert next(stream)["n"] == 1
    with pytest.raises(errors.NotFound):
        next(stream)


def test_a_block_without_data_or_cut_off_is_no_event() -> None:
    lines = [b"id: 1\n", b"event: x\n", b"\n", b"id: 2\n", b'data: {"n": 2}\n']
    assert list(parsed(iter(lines))) == []


def test_the_import_is_light() -> None:
    code = "import sys, gitcollab.client; print(*sys.modules)"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    heavy = {"msgspec", "typer", "rich", "nbformat", "nbdime", "sqlalchemy", "pygit2", "starlette", "asyncio"}
    assert loaded & heavy == set()
