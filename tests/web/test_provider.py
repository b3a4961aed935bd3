"""Signing in with a provider by OpenID Connect: who it vouches for gets in, and nobody else does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import Engine

from gitcollab import store
from gitcollab.store import groups, identities, people
from gitcollab.web.app import Application, Surroundings, create_app
from gitcollab.web.oidc import Oidc, OidcProvider

from .conftest import BASE, Recorder, running  # type: ignore[import-not-found]
from .oidc_provider import CLIENT, SECRET, Told, served  # type: ignore[import-not-found]

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def serving() -> Iterator[Told]:
    with served() as told:
        yield told


@pytest.fixture
def provider(serving: Told) -> Told:
    """A provider that tells the truth."""
    serving.who, serving.lie = {"sub": "s1", "preferred_username": "dora", "name": "Dora Maar"}, {}
    serving.signer, serving.algorithm = None, "RS256"
    return serving


@pytest.fixture
def built(url: str, recorder: Recorder, provider: Told, tmp_path: Path) -> Application:
    given = Surroundings(
        store=store.async_engine(url),
        writer=recorder,
        workers=recorder,
        key=b"k" * 32,
        base_url=BASE,
        repositories=tmp_path / "collabs",
        providers=(OidcProvider(Oidc(issuer=provider.url, client=CLIENT, secret=SECRET, title="Provider")),),
    )
    return create_app(given)


@pytest.fixture
async def browser(built: Application) -> AsyncIterator[httpx2.AsyncClient]:
    async with running(built):
        transport = httpx2.ASGITransport(app=built.asgi)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
            yield client


async def signed_in(browser: httpx2.AsyncClient, **headers: str) -> httpx2.Response:
    """Goes to the provider and comes back."""
    going = await browser.get("/signin/oidc?next=/help")
    return await browser.get(await sent_back(going.headers["location"]), headers=headers)


async def sent_back(address: str) -> str:
    """Where the provider sends the browser."""
    async with httpx2.AsyncClient() as outside:
        answer = await outside.get(address)
    assert 303 == answer.status_code
    return str(answer.headers["location"])


async def me(browser: httpx2.AsyncClient) -> Any:
    return (await browser.get("/api/me")).json().get("name")


async def test_who_comes_the_first_time_gets_an_account_and_the_next_time_the_same(
    browser: httpx2.AsyncClient, provider: Told
) -> None:
    assert "Sign in with Provider" in (await browser.get("/signin")).text
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    entered = await signed_in(browser, **headers)
    assert (303, "/help") == (entered.status_code, entered.headers["location"])
    told = (await browser.get("/api/me")).json()
    assert ("dora", "Dora Maar", False) == (told["name"], told["display"], told["is_admin"])
    await browser.post("/signout")
    provider.who = {"sub": "s1", "preferred_username": "renamed"}
    await signed_in(browser)
    assert "dora" == await me(browser)


async def test_groups_follow_what_the_provider_says(
    browser: httpx2.AsyncClient, provider: Told, engine: Engine
) -> None:
    for said, expected in ((["lab", "crew", "../x"], ["crew", "lab"]), (["lab"], ["lab"]), ([], [])):
        provider.who["groups"] = said
        assert 303 == (await signed_in(browser)).status_code
        listed = (await browser.get("/api/groups")).json()
        assert expected == [one["name"] for one in listed]
        assert {provider.url} >= {one["source"] for one in listed}


async def test_an_account_that_is_here_is_given_to_nobody(
    browser: httpx2.AsyncClient, provider: Told
) -> None:
    provider.who["preferred_username"] = "ana"
    refused = await signed_in(browser)
    assert (403, True) == (refused.status_code, "somebody" in refused.text)
    assert None is await me(browser)


@pytest.fixture
def anas(engine: Engine, provider: Told, secrets: dict[str, str]) -> None:
    """The administrator has said that it is Ana who comes."""
    with engine.begin() as conn:
        identities.add_identity(conn, "oidc", f"{provider.url} s1", "ana")
        groups.add_group(conn, "lab")


async def test_until_somebody_says_whose_it_is(
    browser: httpx2.AsyncClient, provider: Told, anas: None
) -> None:
    provider.who["groups"] = ["lab"]
    assert 303 == (await signed_in(browser)).status_code
    told = (await browser.get("/api/me")).json()
    assert ("ana", True) == (told["name"], told["is_admin"])
    (lab,) = (await browser.get("/api/groups")).json()
    assert ("", []) == (lab["source"], lab["people"]), (
        "a provider says nothing of groups that are not its own"
    )


@pytest.fixture
def suspended(anas: None, engine: Engine) -> None:
    with engine.begin() as conn:
        people.suspend(conn, "ana")


async def test_a_suspended_account_stays_out(browser: httpx2.AsyncClient, suspended: None) -> None:
    assert 403 == (await signed_in(browser)).status_code


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://evil.invalid"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"exp": 1},
        {"exp": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
    ],
)
async def test_what_is_not_said_of_this_attempt_is_not_believed(
    lie: dict[str, Any], browser: httpx2.AsyncClient, provider: Told
) -> None:
    provider.lie = lie
    refused = await signed_in(browser)
    assert 401 == refused.status_code
    assert None is await me(browser)


async def test_another_key_signs_for_nobody(browser: httpx2.AsyncClient, provider: Told) -> None:
    provider.signer = RSAKey.generate_key(2048, {"kid": "one"})
    assert 401 == (await signed_in(browser)).status_code


async def test_new_keys_of_the_provider_are_fetched(browser: httpx2.AsyncClient, provider: Told) -> None:
    assert 303 == (await signed_in(browser)).status_code
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert 303 == (await signed_in(browser)).status_code


async def test_an_answer_is_good_once_and_for_who_began(
    browser: httpx2.AsyncClient, built: Application, provider: Told
) -> None:
    going = await browser.get("/signin/oidc")
    back = await sent_back(going.headers["location"])
    transport = httpx2.ASGITransport(app=built.asgi)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as another:
        assert 401 == (await another.get(back)).status_code, "sign-in of somebody else by a link"
    wrong = back.replace("state=", "state=x")
    assert 401 == (await browser.get(wrong)).status_code
    assert 401 == (await browser.get(back)).status_code, "a failed attempt is over"
    going = await browser.get("/signin/oidc")
    back = await sent_back(going.headers["location"])
    mixed = back.partition("&iss=")[0] + "&iss=https://evil.invalid"
    assert 401 == (await browser.get(mixed)).status_code, "another provider's answer"
    await signed_in(browser)
    assert 401 == (await browser.get(back)).status_code, "a code is good once"


async def test_who_was_turned_away_there_is_told_so(browser: httpx2.AsyncClient) -> None:
    going = await browser.get("/signin/oidc")
    state = httpx2.URL(going.headers["location"]).params["state"]
    refused = await browser.get(f"/signin/oidc/callback?error=access_denied&state={state}")
    assert (403, True) == (refused.status_code, "begin again" in refused.text)


async def test_signing_in_leads_to_no_other_site(browser: httpx2.AsyncClient) -> None:
    going = await browser.get("/signin/oidc?next=https://evil.invalid/")
    entered = await browser.get(await sent_back(going.headers["location"]))
    assert "/" == entered.headers["location"]
