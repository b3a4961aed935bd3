"""Behind proxies and below a prefix: what people see fits, and nobody is believed who should not be."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from sqlalchemy import Engine
from starlette.types import Scope

from gitcollab import acts, store
from gitcollab.errors import BadInput
from gitcollab.store import tokens
from gitcollab.web.app import Application, Surroundings, create_app
from gitcollab.web.front import Front

from .conftest import Recorder, running  # type: ignore[import-not-found]

pytestmark = pytest.mark.anyio
PUBLIC = "https://notebooks.example/collab/here"
PREFIX = "/collab/here"


def asked(client: str, *told: str) -> Scope:
    headers = [(b"x-forwarded-for", text.encode()) for text in told]
    return {"type": "http", "path": "/", "client": (client, 5000), "headers": headers}


@pytest.mark.parametrize(
    ("client", "told", "expected"),
    [
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", ["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "unknown"),
        ("203.0.113.9", ["6.6.6.6"], "203.0.113.9"),
        ("::1", ["6.6.6.6"], "::1"),
    ],
)
def test_only_trusted_proxies_are_believed_about_who_asks(
    client: str, told: list[str], expected: str
) -> None:
    front = Front("http://localhost", ["10.0.0.0/8"])
    assert (expected, 0) == front.seen(asked(client, *told))["client"]


def test_without_proxies_nobody_is_believed() -> None:
    assert ("127.0.0.1", 5000) == Front("http://localhost").seen(asked("127.0.0.1", "6.6.6.6"))["client"]


@pytest.mark.parametrize("text", ["proxy", "10.0.0.0/33", "10.0.0.1/8", "*"])
def test_a_proxy_is_named_by_its_address(text: str) -> None:
    with pytest.raises(BadInput):
        Front("http://localhost", [text])


@pytest.mark.parametrize(
    ("path", "expected"),
    [(PREFIX, "/"), (f"{PREFIX}/c/x", "/c/x"), ("/c/x", "/c/x"), (f"{PREFIX}y/c", f"{PREFIX}y/c")],
)
def test_a_proxy_may_cut_the_prefix_off_or_leave_it_on(path: str, expected: str) -> None:
    assert expected == Front(PUBLIC).seen(asked("10.0.0.1") | {"path": path})["path"]


@pytest.fixture
def given(url: str, recorder: Recorder, tmp_path: object) -> Surroundings:
    return Surroundings(
        store=store.async_engine(url),
        writer=recorder,
        workers=recorder,
        key=b"k" * 32,
        base_url=PUBLIC,
        repositories=tmp_path,  # type: ignore[arg-type]
    )


@pytest.fixture
def code(engine: Engine) -> str:
    """A one-time code for Ana."""
    with engine.begin() as conn:
        return tokens.add_login_code(conn, "ana")


@pytest.fixture
def prefixed(given: Surroundings) -> Application:
    return create_app(given)


@pytest.fixture
def secure(given: Surroundings) -> Application:
    return create_app(replace(given, base_url="https://notebooks.example"))


@pytest.fixture
async def below(prefixed: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that comes by the public address, whose proxy leaves the prefix on."""
    made = prefixed
    async with running(made):
        transport = httpx2.ASGITransport(app=made.asgi)
        async with httpx2.AsyncClient(transport=transport, base_url="https://notebooks.example") as client:
            yield client


async def test_every_address_of_a_page_is_below_the_prefix(
    below: httpx2.AsyncClient, code: str, collab: str, recorder: Recorder
) -> None:
    recorder.prepared |= {acts.ReadItems: (), acts.ListFiles: (), acts.ReadVersions: ()}
    recorder.prepared[acts.ReadFile] = acts.FileBytes(commit="c", oid="o", data=b"")
    entered = await below.get(f"{PREFIX}/signin?code={code}&next=/me")
    assert (303, f"{PREFIX}/me") == (entered.status_code, entered.headers["location"])
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith("__Secure-gitcollab-443=")
    assert {"Path=/collab/here/", "Secure", "HttpOnly"} <= set(cookie.split("; "))
    for page in ("/", "/me", "/help", f"/c/{collab}", f"/c/{collab}/settings"):
        shown = await below.get(PREFIX + page)
        assert 200 == shown.status_code, shown.text
        found = re.findall(r'(?:href|src|action|data-events)="(/[^"]*)"', shown.text)
        assert [] == [address for address in found if not address.startswith(f"{PREFIX}/")], page
        assert found
    style = re.search(r'href="([^"]*style.css[^"]*)"', shown.text)
    assert style is not None
    assert 200 == (await below.get(style[1])).status_code
    assert f'data-events="{PREFIX}/api/collabs/{collab}/events"' in shown.text
    left = await below.post(f"{PREFIX}/signout")
    assert f"{PREFIX}/signin" == left.headers["location"]
    assert "path=/collab/here/" in left.headers["set-cookie"].lower()


async def test_the_apis_own_addresses_are_below_the_prefix(
    below: httpx2.AsyncClient, ana: dict[str, str], collab: str
) -> None:
    below.headers.update(ana)
    link = (await below.post(f"{PREFIX}/api/collabs/{collab}/links", json={})).json()
    assert f"{PUBLIC}/join/{link['code']}" == link["link"]
    await below.post(f"{PREFIX}/api/collabs", json={"title": "Two"})
    listed = await below.get(f"{PREFIX}/api/collabs?limit=1")
    assert listed.headers["link"].startswith(f"<{PREFIX}/api/collabs?limit=1&after=")
    told = (await below.get(f"{PREFIX}/api/openapi.json")).json()
    assert [{"url": PREFIX}] == told["servers"]
    assert 200 == (await below.head(f"{PREFIX}/api/collabs/{collab}/events")).status_code


async def test_a_stranger_is_sent_to_sign_in_below_the_prefix_and_back(below: httpx2.AsyncClient) -> None:
    answer = await below.get(f"{PREFIX}/me?x=1")
    assert f"{PREFIX}/signin?next=/me%3Fx%3D1" == answer.headers["location"]


async def test_a_cookie_of_a_host_of_our_own_is_the_whole_hosts(secure: Application, code: str) -> None:
    async with running(secure):
        transport = httpx2.ASGITransport(app=secure.asgi)
        async with httpx2.AsyncClient(transport=transport, base_url="https://notebooks.example") as client:
            cookie = (await client.get(f"/signin?code={code}")).headers["set-cookie"]
    assert cookie.startswith("__Host-gitcollab-443=")
    assert {"Path=/", "Secure", "HttpOnly"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
