"""Who is let in, and that nobody else is."""

from __future__ import annotations

import asyncio
import re

import httpx2
import pytest
from sqlalchemy import Engine
from starlette.routing import Route, Router

from gitcollab.store import people, tokens
from gitcollab.web.app import Application
from gitcollab.web.auth import own_path

pytestmark = pytest.mark.anyio


def all_routes(application: Application) -> list[tuple[str, str]]:
    """Every method and path behind the sign-in, with something in the place of each part."""
    inner = application.asgi.app.app.router.default.app
    assert isinstance(inner, Router)
    routes = [route for route in inner.routes if isinstance(route, Route)]
    assert len(routes) > 35
    return [
        (method, re.sub(r"\{\w+(:path)?\}", "x", route.path))
        for route in routes
        for method in sorted(route.methods or {"GET"})
    ]


async def test_no_route_but_the_named_ones_answers_a_stranger(
    application: Application, visitor: httpx2.AsyncClient
) -> None:
    for method, path in [*all_routes(application), ("GET", "/api/nothing"), ("GET", "/nothing")]:
        answer = await visitor.request(method, path)
        if path.startswith("/api/") or method not in {"GET", "HEAD"}:
            assert 401 == answer.status_code, (method, path)
        else:
            assert 303 == answer.status_code, (method, path)
            assert answer.headers["location"].startswith("/signin?next=")


async def test_a_wrong_token_gets_the_same_answer_everywhere(
    application: Application, visitor: httpx2.AsyncClient
) -> None:
    bodies = set()
    for header in ("Bearer gcp_wrong", "Bearer ", "Basic !!!", "Basic YTpi", "token x", "Bearer é"):
        answer = await visitor.get("/api/me", headers={"authorization": header.encode()})
        assert 401 == answer.status_code
        bodies.add(answer.content)
    assert 1 == len(bodies)


async def test_health_answers_everybody(visitor: httpx2.AsyncClient) -> None:
    assert "ok" == (await visitor.get("/health")).json()["status"]


@pytest.mark.parametrize("scheme", ["Bearer", "token", "Basic"])
async def test_a_token_says_who_asks(
    scheme: str, visitor: httpx2.AsyncClient, secrets: dict[str, str]
) -> None:
    if scheme == "Basic":
        answer = await visitor.get("/api/me", auth=("whoever", secrets["ben"]))
    else:
        answer = await visitor.get("/api/me", headers={"authorization": f"{scheme} {secrets['ben']}"})
    assert {"name": "ben", "display": "Ben Okri", "is_admin": False, "scopes": []} == answer.json()


@pytest.fixture
def code(engine: Engine, secrets: dict[str, str]) -> str:
    """A one-time code for Ana."""
    with engine.begin() as conn:
        return tokens.add_login_code(conn, "ana")


async def test_a_one_time_link_signs_in_once(visitor: httpx2.AsyncClient, code: str) -> None:
    first = await visitor.get(f"/signin?code={code}")
    assert (303, "/") == (first.status_code, first.headers["location"])
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "ana" == (await visitor.get("/api/me")).json()["name"]
    visitor.cookies.clear()
    again = await visitor.get(f"/signin?code={code}")
    assert 401 == again.status_code
    assert "has been used" in again.text


async def test_a_link_that_another_site_opens_asks_first(visitor: httpx2.AsyncClient, code: str) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    asked = await visitor.get(f"/signin?code={code}", headers=headers)
    assert "Sign in with this link" in asked.text
    assert "set-cookie" not in asked.headers
    done = await visitor.post("/signin", data={"code": code}, headers={"sec-fetch-site": "same-origin"})
    assert 303 == done.status_code


async def test_a_password_signs_in_and_a_wrong_one_does_not(visitor: httpx2.AsyncClient) -> None:
    wrong = await visitor.post("/signin", data={"user": "ana", "password": "no"})
    unknown = await visitor.post("/signin", data={"user": "nobody", "password": "no"})
    assert 401 == wrong.status_code == unknown.status_code
    assert wrong.text == unknown.text
    right = await visitor.post(
        "/signin", data={"user": "ana", "password": "a sentence to keep", "next": "/help"}
    )
    assert (303, "/help") == (right.status_code, right.headers["location"])
    out = await visitor.post("/signout")
    assert 303 == out.status_code
    assert 401 == (await visitor.get("/api/me")).status_code


async def test_guessing_is_slowed_down(visitor: httpx2.AsyncClient) -> None:
    codes = [
        (await visitor.post("/signin", data={"user": "cleo", "password": "guess"})).status_code
        for _ in range(11)
    ]
    assert [401] * 10 + [429] == codes


async def test_signing_out_ends_every_copy_of_the_cookie_and_no_other_browser(
    visitor: httpx2.AsyncClient, engine: Engine
) -> None:
    def code() -> str:
        with engine.begin() as conn:
            return tokens.add_login_code(conn, "ana")

    name = "gitcollab-8474"
    await visitor.get(f"/signin?code={await asyncio.to_thread(code)}")
    copied = visitor.cookies[name]
    visitor.cookies.clear()
    await visitor.get(f"/signin?code={await asyncio.to_thread(code)}")
    other = visitor.cookies[name]
    for cookie, status in ((copied, 200), (other, 200)):
        visitor.cookies.clear()
        assert status == (await visitor.get("/api/me", headers={"cookie": f"{name}={cookie}"})).status_code
    assert 303 == (await visitor.post("/signout", headers={"cookie": f"{name}={copied}"})).status_code
    for cookie, status in ((copied, 401), (other, 200)):
        assert status == (await visitor.get("/api/me", headers={"cookie": f"{name}={cookie}"})).status_code
    assert 303 == (await visitor.post("/signout")).status_code


async def test_revoking_a_token_ends_the_cookie_it_gave(
    visitor: httpx2.AsyncClient, engine: Engine, secrets: dict[str, str]
) -> None:
    await visitor.post("/signin", data={"token": secrets["ben"]})
    mine = (await visitor.get("/api/tokens")).json()
    assert 1 == len(mine)
    assert 204 == (await visitor.delete(f"/api/tokens/{mine[0]['id']}")).status_code
    assert 401 == (await visitor.get("/api/me")).status_code


async def test_a_forged_cookie_is_nobody(visitor: httpx2.AsyncClient) -> None:
    visitor.cookies.set("gitcollab-8474", '["ana",""].x.y')
    assert 401 == (await visitor.get("/api/me")).status_code


@pytest.mark.parametrize("text", ["//evil", "/\\evil", "https://evil", "", "/a b", "/\r\nx", "evil"])
def test_signing_in_leads_to_no_other_site(text: str) -> None:
    assert "/" == own_path(text)


def test_signing_in_leads_back_to_the_page_that_was_wanted() -> None:
    assert "/c/cabc?x=1" == own_path("/c/cabc?x=1")


async def test_a_new_password_ends_what_the_old_one_opened(
    visitor: httpx2.AsyncClient, application: Application, engine: Engine
) -> None:
    await visitor.post("/signin", data={"user": "ana", "password": "a sentence to keep"})
    assert 200 == (await visitor.get("/api/me")).status_code

    def change() -> None:
        with engine.begin() as conn:
            people.set_password(conn, "ana", "another sentence")

    await asyncio.to_thread(change)
    assert 401 == (await visitor.get("/api/me")).status_code
