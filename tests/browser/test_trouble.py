"""When the network is slow, the server dies, or somebody is signed out: pages say so and lose nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from gitcollab.client import Client
from gitcollab.demo.stage import House
from gitcollab.errors import Unavailable

from .conftest import Town  # type: ignore[import-not-found]

START = {"md1": "# Rain\n\nHow much, and when?", "b": "print(rain)"}
WORDS = "A question that took long to write"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A server of this module's own, which may be killed."""
    house = House(tmp_path_factory.mktemp("trouble"))
    tokens = {name: house.run("user", "add", name)["token"] for name in ("ana", "ben", "cleo")}
    url = house.start()
    house.port = urlsplit(url).port or 0
    clients = {name: Client(url, token) for name, token in tokens.items()}
    yield Town(house, url, clients)
    for client in clients.values():
        client.close()
    house.stop()


def killed(house: House) -> None:
    """The server without a goodbye, and its port free."""
    assert house.server is not None
    house.server.kill()
    house.server.wait()
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with closing(socket.socket()) as asked:
            if asked.connect_ex(("127.0.0.1", house.port)):
                return
        time.sleep(0.1)
    raise AssertionError("somebody still answers")


def started(house: House) -> None:
    """The server again, as soon as what was left of the one before is gone."""
    for _ in range(20):
        try:
            house.start()
        except Unavailable:
            time.sleep(0.5)
        else:
            return
    raise AssertionError("it does not come up")


def connected(window: Any, path: str) -> Any:
    """The page, once its stream is open: it says then where its reader is."""
    with window.page.expect_response(lambda answer: answer.url.endswith("/here") and answer.ok):
        return window.see(path)


def write(page: Any, cell: str = "b") -> Any:
    """Begins a comment that is not sent yet; returns its text field."""
    page.locator(f"#cell-{cell}").hover()
    page.locator(f"#cell-{cell} .say").click()
    field = page.locator(f"#cell-{cell} .saying textarea")
    field.fill(WORDS)
    return field


@pytest.mark.timeout(400)
def test_a_server_that_is_killed_and_comes_back_costs_nobody_their_words(
    work: Any, opened: Callable[..., Any]
) -> None:
    window = opened("ana")
    page = connected(window, f"/c/{work.id}/n/rain.ipynb")
    page.evaluate("window.kept = true")
    field = write(page)
    killed(work.town.house)
    expect(page.locator("#behind")).to_contain_text("this page may be out of date")
    page.locator("#cell-b .saying").get_by_role("button", name="Comment").click()
    expect(page.locator("#behind")).to_contain_text("Not sent")
    expect(field).to_have_value(WORDS)
    started(work.town.house)
    expect(page.locator("#behind")).to_be_hidden(timeout=60_000)
    work.save("ben", **START, a="rain = 5\n")
    page.get_by_role("button", name="new change").click()
    expect(page.locator("#cell-a")).to_contain_text("rain = 5")
    expect(field).to_have_value(WORDS)
    assert page.evaluate("window.kept")
    page.locator("#cell-b .saying").get_by_role("button", name="Comment").click()
    expect(page.locator("#cell-b .thread")).to_contain_text(WORDS)
    assert 1 == len(work.town.ana.threads(work.id))
    with window.expecting("ERR_"), window.expecting("503"):
        pass


@pytest.mark.timeout(400)
def test_on_a_slow_network_a_page_comes_keeps_up_and_sends_a_form_once(
    work: Any, opened: Callable[..., Any]
) -> None:
    window = opened("ana")
    slow = {"offline": False, "latency": 400, "downloadThroughput": 40_000, "uploadThroughput": 10_000}
    session = window.context.new_cdp_session(window.page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", slow)
    page = window.see(f"/c/{work.id}")
    expect(page.locator("#live")).to_have_text("live")
    work.save("ben", **START, a="rain = 6\n")
    expect(page.locator(".activity > li").first).to_contain_text("ben saved")
    page = connected(window, f"/c/{work.id}/n/rain.ipynb")
    write(page)
    page.locator("#cell-b .saying").get_by_role("button", name="Comment").dblclick()
    expect(page.locator("#cell-b .thread")).to_have_count(1)
    assert 1 == len(work.town.ana.threads(work.id))


def signed_in(window: Any, town: Town) -> str:
    """Signs Cleo in by a token of her own; returns its id."""
    made = town.cleo.create_token("a browser")
    form = {"token": made["secret"]}
    assert 303 == window.context.request.post(f"{town.url}/signin", form=form, max_redirects=0).status
    return str(made["id"])


@pytest.mark.timeout(400)
def test_who_is_signed_out_while_a_page_is_open_is_asked_to_sign_in(
    town: Town, work: Any, opened: Callable[..., Any]
) -> None:
    town.ana.set_member(work.id, "cleo", "viewer")
    first = town.ana.log(work.id, path="rain.ipynb")[-1]["commit"]
    home = f"/c/{work.id}"
    for path in (
        f"{home}/n/rain.ipynb", f"{home}/diff/{first}..main", f"{home}/contested", f"{home}/settings",
    ):  # fmt: skip
        window = opened()
        token = signed_in(window, town)
        page = connected(window, path)
        town.cleo.revoke_token(token)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        signed_in(window, town)
        page.goto(town.url + path)
        expect(page.get_by_role("navigation", name="Parts of this collab")).to_be_visible()
        window.context.close()


def test_who_is_signed_out_while_they_write_keeps_what_they_wrote_and_sends_it_later(
    town: Town, work: Any, opened: Callable[..., Any]
) -> None:
    town.ana.set_member(work.id, "cleo", "editor")
    window = opened()
    token = signed_in(window, town)
    page = connected(window, f"/c/{work.id}/n/rain.ipynb")
    field = write(page)
    town.cleo.revoke_token(token)
    expect(page.locator("#behind")).to_contain_text("What you are writing stays on this page")
    expect(page.locator("#behind").get_by_role("link")).to_have_attribute("href", "/signin")
    page.locator("#cell-b .saying").get_by_role("button", name="Comment").click()
    expect(page.locator("#cell-b .saying[data-tried=no]")).to_have_count(1)
    expect(field).to_have_value(WORDS)
    signed_in(window, town)
    expect(page.locator("#behind")).to_be_hidden(timeout=60_000)
    page.locator("#cell-b .saying").get_by_role("button", name="Comment").click()
    expect(page.locator("#cell-b .thread")).to_contain_text(WORDS)
    with window.expecting("status of 40"):
        pass
