"""gitcollab's pages under Jupyter's own address: signed in by Jupyter, live, and with a wall on either side."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from .conftest import LIMIT, as_bytes, book
from .servers import TOKEN, Jupyter, running

HERE = "/user/ana/gitcollab/view"


@pytest.fixture(scope="module")
def jupyter(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Ana's Jupyter, as a hub would start it: below a prefix."""
    with running(server, "ana", tmp_path_factory.mktemp("jupyter"), base_url="/user/ana/") as one:
        yield one


@dataclass
class Browser:
    """What a browser does with one Jupyter: keeps its cookies and says where requests come from."""

    jupyter: Jupyter
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.jupyter.url).netloc

    @contextmanager
    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer, whose body is not read yet."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            sent |= {"Content-Type": "application/x-www-form-urlencoded"}
        with closing(http.client.HTTPConnection(self.host, timeout=LIMIT)) as connection:
            connection.request(method, path, body, sent)
            with connection.getresponse() as answer:
                for line in answer.headers.get_all("Set-Cookie") or ():
                    name, _, value = line.partition(";")[0].partition("=")
                    self.cookies[name] = value
                yield answer

    def see(self, path: str) -> str:
        """A page of the viewer, which must be there."""
        with self.ask("GET", HERE + path) as answer:
            text = answer.read().decode()
            assert 200 == answer.status, text
            return text


@pytest.fixture(scope="module")
def browser(jupyter: Jupyter) -> Browser:
    """Signed in at Jupyter, and nowhere else."""
    made = Browser(jupyter)
    with made.ask("GET", f"{HERE}/?token={TOKEN}") as answer:
        assert 200 == answer.status, answer.read()
    return made


@pytest.fixture(scope="module")
def plan(server: Any) -> str:
    """A collab of Ana's."""
    client = server.client("ana")
    made = client.create("Plan of the week")["id"]
    client.open_session(made)
    client.save(made, "ana/default", "plan.ipynb", as_bytes(book(a="x = 1\n")))
    return str(made)


def test_who_is_not_signed_in_at_jupyter_sees_nothing(jupyter: Jupyter, plan: str) -> None:
    stranger = Browser(jupyter)
    for path in ("/", f"/c/{plan}", "/static/page.js", f"/api/collabs/{plan}/events"):
        with stranger.ask("GET", HERE + path) as answer:
            assert (302, True) == (answer.status, "/login?" in answer.headers["Location"])
    with stranger.ask("POST", f"{HERE}/c", {"title": "x"}) as answer:
        assert 403 == answer.status


def test_a_page_is_that_of_the_person_whose_jupyter_it_is_and_all_it_leads_to_is_below_it(
    browser: Browser, server: Any, plan: str
) -> None:
    for path in ("/", f"/c/{plan}", f"/c/{plan}/n/plan.ipynb", "/help"):
        page = browser.see(path)
        assert "Plan of the week" in page or path == "/help"
        links = re.findall(r'\s(?:href|action|src|data-[a-z]+)="(/[^"]*)"', page)
        assert [] == [link for link in links if not link.startswith(f"{HERE}/")]
        assert "signout" not in page
        assert server.tokens["ana"] not in page
    script = re.search(r'src="(/[^"]*page\.js[^"]*)"', page)
    assert script
    with browser.ask("GET", script[1]) as answer:
        assert (200, "text/javascript; charset=utf-8") == (answer.status, answer.headers["Content-Type"])
        mark = answer.headers["Etag"]
    with browser.ask("GET", script[1], If_None_Match=mark) as answer:
        assert (304, b"", mark) == (answer.status, answer.read(), answer.headers["Etag"])
    with browser.ask("HEAD", f"{HERE}/c/{plan}") as answer:
        assert (200, b"") == (answer.status, answer.read())


def test_the_servers_own_policy_stays_and_another_one_keeps_to_the_viewer(
    browser: Browser, plan: str
) -> None:
    with browser.ask("GET", f"{HERE}/c/{plan}") as answer:
        first, second = answer.headers.get_all("Content-Security-Policy")
        assert "require-trusted-types-for 'script'" in first
        assert f"script-src {browser.host}{HERE}/static/;" in second
        assert f"form-action {browser.host}{HERE}/;" in second
        assert "same-origin" == answer.headers["Cross-Origin-Resource-Policy"]
    with browser.ask("GET", f"{HERE}/api/collabs/{plan}/files/plan.ipynb") as answer:
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_what_happens_comes_at_once(browser: Browser, server: Any, plan: str) -> None:
    with browser.ask("GET", f"{HERE}/api/collabs/{plan}/events?after=0") as answer:
        assert "text/event-stream" == answer.headers["Content-Type"].partition(";")[0]
        while not answer.readline().startswith(b"event: saved"):
            pass
        client = server.client("ana")
        said = client.save(plan, "ana/default", "plan.ipynb", as_bytes(book(a="x = 2\n", b="live")))
        while said["snapshot"].encode() not in answer.readline():
            pass


def test_a_form_is_sent_on_with_jupyters_token_against_forgery_alone(
    browser: Browser, server: Any, plan: str
) -> None:
    origin = f"http://{browser.host}"
    page = browser.see(f"/c/{plan}/settings")
    token = re.search(r'name="_xsrf" value="([^"]+)"', page)
    assert token
    form, address = {"user": "ben", "role": "editor"}, f"{HERE}/c/{plan}/members"
    with browser.ask("POST", address, form, Origin=origin) as answer:
        assert 403 == answer.status
    assert ["ana"] == [one["user"] for one in server.client("ana").members(plan)]
    with browser.ask("POST", address, form | {"_xsrf": token[1]}, Origin=origin) as answer:
        assert (303, f"{HERE}/c/{plan}/settings") == (answer.status, answer.headers["Location"])
    assert ["ana", "ben"] == sorted(one["user"] for one in server.client("ana").members(plan))


def test_what_comes_from_another_site_is_refused_on_either_side(
    browser: Browser, server: Any, plan: str
) -> None:
    token = re.search(r'name="_xsrf" value="([^"]+)"', browser.see(f"/c/{plan}/settings"))
    assert token
    form = {"user": "ben", "role": "viewer", "_xsrf": token[1]}
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        with browser.ask("POST", f"{HERE}/c/{plan}/members", form, **headers) as answer:
            assert answer.status in {403, 404}
    with browser.ask(
        "GET", f"{HERE}/c/{plan}", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors"
    ) as answer:
        assert 403 == answer.status
    assert "viewer" not in [one["role"] for one in server.client("ana").members(plan)]


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/api/me",
            "/me",
            "/me/tokens",
            "/signin",
            "/signout",
            "/git/x.git/info/refs",
            "/health",
            "/guest/x",
        ),
        *("/c/../api/me", "/c/%2e%2e/api/me", "//evil.example/", "/c//evil.example", "/c\\x", "/statics/x"),
    ],
)
def test_nothing_but_the_viewers_pages_is_reached(browser: Browser, path: str) -> None:
    with browser.ask("GET", HERE + path) as answer:
        assert 404 == answer.status


def test_only_what_a_page_needs_goes_to_the_server_and_comes_back(jupyter: Jupyter, server: Any) -> None:
    """Another program in the server's place, which says what it was told."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/there"
        told: list[bytes] = []
        replies = [
            ("200 OK", "Content-Type: application/json", json.dumps({"servers": [{"url": "/there"}]})),
            (
                "200 OK",
                "Content-Type: text/html\r\nServer: x\r\nSet-Cookie: session=stolen; Path=/\r\n"
                "Set-Cookie: gitcollab-looked=caaaaaaaaa-1-2-3; Path=/",
                '<a href="/there/c/x">x</a><a href="/other">y</a>',
            ),
            ("303 See Other", "Location: /there/signin?next=/", ""),
            ("200 OK", "Content-Type: text/html\r\nContent-Length: 1000", "half a page"),
        ]
        answering = threading.Thread(target=recite, args=(listening, replies, told), daemon=True)
        answering.start()
        place = jupyter.directory.parent / "other"
        place.mkdir()
        with running(Elsewhere(address), "ana", place, base_url="/user/ana/") as one:
            browser = Browser(one)
            with browser.ask("GET", f"{HERE}/?token={TOKEN}&tab=1", X_Secret="mine") as answer:
                body = answer.read().decode()
                assert ("text/html", None) == (
                    answer.headers["Content-Type"],
                    answer.headers["Set-Cookie"] if "session=" in str(answer.headers) else None,
                )
            assert f'<a href="{HERE}/c/x">x</a><a href="/other">y</a>' == body
            assert "caaaaaaaaa-1-2-3" == browser.cookies["gitcollab-looked"].strip('"')
            browser.cookies["mine"] = "secret"
            for status in (403, 503):  # a sign-in is not shown, and what broke off is not a page
                with browser.ask("GET", f"{HERE}/") as answer:
                    assert status == answer.status
        answering.join(LIMIT)
    assert b"GET /there/?tab=1 HTTP/1.1" == told[1].splitlines()[0]
    assert b"Authorization: Bearer a-secret" in told[1]
    assert not re.search(rb"(?i)x-secret|referer|token=|^cookie", told[1], re.MULTILINE)
    assert [b"Cookie: gitcollab-looked=caaaaaaaaa-1-2-3"] == re.findall(rb"(?m)^Cookie: [^\r]*", told[2])


@dataclass
class Elsewhere:
    """What Jupyter takes for the server."""

    url: str
    tokens: dict[str, str] = field(default_factory=lambda: {"ana": "a-secret"})

    def client(self, person: str) -> None:
        """Nobody asks it."""


def recite(listening: socket.socket, replies: list[tuple[str, str, str]], told: list[bytes]) -> None:
    """Says the replies, one to each request, and notes what was asked."""
    for status, headers, body in replies:
        connection, _ = listening.accept()
        with connection:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += connection.recv(65536)
            told.append(asked)
            connection.sendall(f"HTTP/1.1 {status}\r\n{headers}\r\nConnection: close\r\n\r\n{body}".encode())


def test_a_server_that_is_away_is_said_to_be(jupyter: Jupyter) -> None:
    place = jupyter.directory.parent / "away"
    place.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with (
        running(Elsewhere(address), "ana", place, base_url="/user/ana/") as one,
        Browser(one).ask("GET", f"{HERE}/?token={TOKEN}") as answer,
    ):
        assert (503, True) == (answer.status, b"gitcollab is away" in answer.read())
