"""A guest comes by a link to read one collab without an account, where the server allows it, and does nothing else."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine

from gitcollab import acts, store
from gitcollab.model import Link, Role
from gitcollab.store import collabs, links
from gitcollab.web.app import Application, Surroundings, create_app
from gitcollab.web.auth import Credential
from gitcollab.web.gate import is_welcome

from .conftest import BASE, Recorder, running  # type: ignore[import-not-found]
from .test_matrix import ANSWERS, FORM, JSON, QUERY, RULED  # type: ignore[import-not-found]

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]
Headers = dict[str, str]


@pytest.fixture
def are_welcome() -> bool:
    return True


@pytest.fixture
def given(are_welcome: bool, url: str, recorder: Recorder, tmp_path: Path) -> Surroundings:
    return Surroundings(
        store=store.async_engine(url),
        writer=recorder,
        workers=recorder,
        key=b"k" * 32,
        base_url=BASE,
        repositories=tmp_path / "collabs",
        guests=are_welcome,
    )


@pytest.fixture
def built(given: Surroundings, recorder: Recorder) -> Application:
    recorder.prepared |= {
        kind: lambda _, value=value: value
        for kind, value in ANSWERS.items()
        if kind not in {acts.CreateLink, acts.RevokeLink}
    }
    return create_app(given)


@pytest.fixture
async def guest(built: Application) -> AsyncIterator[httpx2.AsyncClient]:
    async with running(built):
        transport = httpx2.ASGITransport(app=built.asgi)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
            yield client


@pytest.fixture
def link(engine: Engine, collab: str) -> Link:
    with engine.begin() as conn:
        return links.add_link(conn, collab, "ana", Role.VIEWER, is_guest=True)


@pytest.fixture
def other(engine: Engine) -> str:
    with engine.begin() as conn:
        return collabs.add_collab(conn, collabs.new_id(), "Other", "other", (), "ana").id


async def test_a_guest_reads_the_collab_and_nothing_else(
    guest: httpx2.AsyncClient, link: Link, collab: str, other: str
) -> None:
    asked = await guest.get(f"/guest/{link.code}")
    assert (200, False) == (asked.status_code, "set-cookie" in asked.headers)
    entered = await guest.post(f"/guest/{link.code}")
    assert f"/c/{collab}" == entered.headers["location"]
    parts = {
        "id": collab, "user": "ben", "name": "default", "path": "a.ipynb", "item": "i1", "link": link.id, "code": "x",
        "token": "t", "span": "main..main", "page": "start", "group": "lab", "commit": "0" * 40, "spot": "0.png",
        "held": "0123456789abcdef", "thread": "0" * 16,
    }  # fmt: skip
    wrong = []
    for (method, path), rule in RULED.items():
        if path.startswith(("/git/", "/public/", "/p/", "/api/public", "/guest")) or rule.who == "anybody":
            continue
        address = path
        for name, value in parts.items():
            address = address.replace(f"{{{name}}}", value)
        said = {"json": JSON} if path.startswith("/api/") else {"data": FORM}
        kind = "HEAD" if path.endswith("/events") else method
        answer = await guest.request(
            kind, address + QUERY, **({} if kind in {"GET", "HEAD", "DELETE"} else said)
        )
        if "{id}" in path and (rule.who, rule.scope) == ("viewer", "read"):
            is_right = answer.status_code < 400 or "sessions" in path or path.endswith("/cite")
        else:
            is_right = answer.status_code in {400, 403, 404} or rule.scope == "-"
        if not is_right:
            wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:100]}")
    assert "" == "\n".join(wrong)
    for at in (f"/api/collabs/{other}", f"/c/{other}", "/api/collabs/caaaaaaaaa"):
        assert 404 == (await guest.get(at)).status_code
    assert [] == (await guest.get("/api/collabs")).json()


async def test_a_guests_access_ends_with_the_link(
    guest: httpx2.AsyncClient, link: Link, collab: str, ana: Headers
) -> None:
    await guest.post(f"/guest/{link.code}")
    assert 200 == (await guest.get(f"/api/collabs/{collab}")).status_code
    assert 204 == (await guest.delete(f"/api/collabs/{collab}/links/{link.id}", headers=ana)).status_code
    assert 401 == (await guest.get(f"/api/collabs/{collab}")).status_code
    assert 404 == (await guest.get(f"/guest/{link.code}")).status_code


def test_a_guests_open_stream_ends_with_the_link(link: Link, collab: str, engine: Engine) -> None:
    came = Credential("guest", link.id, via="guest")
    with engine.begin() as conn:
        assert is_welcome(conn, collab, came)
        links.revoke_link(conn, collab, link.id)
        assert not is_welcome(conn, collab, came)


@pytest.fixture
def members_link(engine: Engine, collab: str) -> Link:
    with engine.begin() as conn:
        return links.add_link(conn, collab, "ana", Role.VIEWER)


async def test_only_a_guests_link_lets_guests_in(guest: httpx2.AsyncClient, members_link: Link) -> None:
    for code, method in itertools.product((members_link.code, "gcl_x"), ("GET", "POST")):
        assert 404 == (await guest.request(method, f"/guest/{code}")).status_code


async def test_guests_read_and_no_more(guest: httpx2.AsyncClient, ana: Headers, collab: str) -> None:
    at = f"/api/collabs/{collab}/links"
    made = await guest.post(at, json={"role": "viewer", "is_guest": True}, headers=ana)
    assert made.json()["link"].startswith(f"{BASE}/guest/gcl_")


@pytest.mark.parametrize("are_welcome", [False])
async def test_where_no_guests_are_welcome_there_are_none(
    guest: httpx2.AsyncClient, ana: Headers, link: Link, collab: str
) -> None:
    at = f"/api/collabs/{collab}/links"
    refused = await guest.post(at, json={"role": "viewer", "is_guest": True}, headers=ana)
    assert (403, "This server takes no guests") == (refused.status_code, refused.json()["message"])
    assert 404 == (await guest.post(f"/guest/{link.code}")).status_code
