"""The outermost wall: hosts, origins, sizes, headers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

pytestmark = pytest.mark.anyio


async def test_every_answer_carries_the_security_headers(visitor: httpx2.AsyncClient) -> None:
    for path in ("/health", "/signin", "/api/me", "/nothing", "/static/style.css", "/static/nothing"):
        answer = await visitor.get(path)
        headers = answer.headers
        assert "script-src 'self'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"]
        assert "nosniff" == headers["x-content-type-options"]
        assert "same-origin" == headers["referrer-policy"]
        assert "same-origin" == headers["cross-origin-opener-policy"]


@pytest.mark.parametrize("host", ["evil.invalid", "evil.invalid:8474", "", "127.0.0.1.evil.invalid", "[::1"])
async def test_a_foreign_host_is_refused(host: str, visitor: httpx2.AsyncClient) -> None:
    assert 403 == (await visitor.get("/health", headers={"host": host})).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.invalid"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    ],
)
async def test_another_sites_request_is_refused(
    headers: dict[str, str], visitor: httpx2.AsyncClient, ana: dict[str, str], collab: str
) -> None:
    for method, path in (
        ("POST", "/api/collabs"),
        ("POST", "/signout"),
        ("POST", "/signin"),
        ("DELETE", f"/api/collabs/{collab}"),
        ("GET", f"/api/collabs/{collab}/events"),
        ("GET", "/api/me"),
    ):
        answer = await visitor.request(method, path, headers=ana | headers)
        assert 403 == answer.status_code, (method, path)


async def test_a_link_from_another_site_opens_a_page(visitor: httpx2.AsyncClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert 200 == (await visitor.get("/signin", headers=headers)).status_code


async def test_too_much_is_refused_before_it_is_read(
    visitor: httpx2.AsyncClient, ana: dict[str, str], collab: str
) -> None:
    answer = await visitor.post("/api/collabs", content=b" " * (1 << 20) + b" ", headers=ana)
    assert (413, "too-large") == (answer.status_code, answer.json()["error"])


async def test_too_much_is_refused_while_it_comes_in(
    visitor: httpx2.AsyncClient, ana: dict[str, str], collab: str
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    answer = await visitor.post("/api/collabs", content=endless(), headers=ana)
    assert (413, "too-large") == (answer.status_code, answer.json()["error"])
