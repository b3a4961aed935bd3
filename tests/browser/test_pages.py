"""What people do in the browser, each in their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from gitcollab.client import Client
from gitcollab.errors import NotSignedIn

from .conftest import as_bytes, book  # type: ignore[import-not-found]

START = {"md1": "# Rain\n\nHow much, and when?", "b": "print(rain)"}


def test_a_stranger_is_asked_to_sign_in_and_then_sees_the_page_they_wanted(
    town: Any, work: Any, opened: Callable[..., Any]
) -> None:
    window = opened()
    page = window.see(f"/c/{work.id}/versions")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_text("With a token instead").click()
    page.get_by_label("Token").fill("gcp_wrong")
    with window.expecting("401"):
        page.locator("form:has([name=token]) button").click()
        expect(page.get_by_role("alert")).to_contain_text("did not work")
    page.get_by_text("With a token instead").click()
    page.get_by_label("Token").fill(town.ben.transport.token)
    page.locator("form:has([name=token]) button").click()
    expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_save_appears_while_somebody_looks(work: Any, opened: Callable[..., Any]) -> None:
    page = opened("ana").see(f"/c/{work.id}")
    expect(page.get_by_role("status")).to_have_text("live")
    page.evaluate("window.kept = true")
    work.save("ben", **START, a="rain = 5\nsun = 4\n")
    line = page.locator(".activity > li").first
    expect(line).to_contain_text("ben saved rain.ipynb")
    expect(line).to_contain_text("1 cell changed")
    expect(line).to_contain_text("merged")
    assert page.evaluate("window.kept")
    line.get_by_role("link", name="rain.ipynb").click()
    expect(page.locator(".change mark").first).to_have_text("3")


def test_who_reads_far_below_stays_where_they_are(work: Any, opened: Callable[..., Any]) -> None:
    for number in range(30):
        work.save("ben", **START, a=f"rain = {number + 10}\n")
    page = opened("ana").see(f"/c/{work.id}")
    expect(page.get_by_role("status")).to_have_text("live")
    page.evaluate("window.scrollTo(0, 900)")
    line = page.locator(".activity > li").nth(14)
    before = line.bounding_box()["y"]
    text = line.inner_text()
    work.save("ana", **START, a="rain = 99\n")
    expect(page.locator(".activity > li").first).to_contain_text("ana saved")
    again = page.locator(".activity > li").nth(15)
    assert text.split("\n")[:2] == again.inner_text().split("\n")[:2]
    assert abs(again.bounding_box()["y"] - before) < 4


def test_a_page_that_is_read_says_that_there_is_news_and_does_not_change_by_itself(
    work: Any, opened: Callable[..., Any]
) -> None:
    page = opened("ben").see(f"/c/{work.id}/n/rain.ipynb")
    expect(page.get_by_role("heading", name="Rain", exact=True)).to_be_visible()
    work.save("ana", **START, a="rain = 7\nsun = 4\n")
    pill = page.get_by_role("button", name="new change")
    expect(pill).to_be_visible()
    expect(page.locator("#cell-a")).to_contain_text("rain = 3")
    pill.click()
    expect(page.locator("#cell-a")).to_contain_text("rain = 7")


def contest(work: Any) -> None:
    base = work.version("ben")
    work.save("ana", **START, a="rain = 1\nsun = 4\n")
    work.save("ben", base, **START, a="rain = 2\nsun = 4\n")


@pytest.mark.parametrize(
    ("button", "expected"),
    [("Keep the shared one", "rain = 1"), ("Take ben", "rain = 2"), ("Keep both", "rain = 1rain = 2")],
)
def test_a_contested_cell_is_decided_by_a_button(
    button: str, expected: str, work: Any, opened: Callable[..., Any]
) -> None:
    contest(work)
    page = opened("ana").see(f"/c/{work.id}")
    expect(page.locator("#notice")).to_contain_text("1 contested cell waits")
    page.locator("#notice").get_by_role("link", name="Decide").click()
    expect(page.locator(".pane").nth(0)).to_contain_text("rain = 3")
    expect(page.locator(".pane").nth(1)).to_contain_text("rain = 1")
    expect(page.locator(".pane").nth(2)).to_contain_text("rain = 2")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("Nothing is contested")).to_be_visible()
    page.goto(page.url.replace("/contested", "/n/rain.ipynb"))
    shown = page.locator("#cell-a .lines").inner_text().replace("\n", "")
    assert expected in shown


def test_a_contested_cell_is_written_anew(work: Any, opened: Callable[..., Any]) -> None:
    contest(work)
    page = opened("ben").see(f"/c/{work.id}/contested")
    page.get_by_text("Write it anew").click()
    expect(page.locator("textarea")).to_have_value("rain = 1\nsun = 4")
    page.locator("textarea").fill("rain = 1.5\nsun = 4")
    page.get_by_role("button", name="Give this to everybody").click()
    expect(page.get_by_text("Nothing is contested")).to_be_visible()
    page.goto(page.url.replace("/contested", "/n/rain.ipynb"))
    expect(page.locator("#cell-a")).to_contain_text("rain = 1.5")


def test_a_cell_that_moved_meanwhile_is_shown_again(work: Any, opened: Callable[..., Any]) -> None:
    contest(work)
    window = opened("ana")
    page = window.see(f"/c/{work.id}/contested")
    expect(page.locator(".pane").nth(2)).to_contain_text("rain = 2")
    work.save("ben", **START, a="rain = 22\nsun = 4\n")
    expect(page.get_by_role("button", name="new change")).to_be_visible()
    with window.expecting("409"):
        page.get_by_role("button", name="Take ben").click()
        expect(page.get_by_role("alert")).to_contain_text("changed this cell while you were deciding")
    expect(page.locator(".pane").nth(2)).to_contain_text("rain = 22")
    page.get_by_role("button", name="Take ben").click()
    expect(page.get_by_text("Nothing is contested")).to_be_visible()


def test_a_difference_is_walked_by_keys_and_shown_both_ways(work: Any, opened: Callable[..., Any]) -> None:
    first = work.version("ana")
    work.save("ana", **START, a="rain = 3\nsun = 44\n", c="wind = 1")
    page = opened("ben").see(f"/c/{work.id}/diff/{first}..main/rain.ipynb")
    expect(page.locator("table.split").first).to_be_visible()
    expect(page.locator(".change").nth(0)).to_contain_text("changed")
    expect(page.locator(".change").nth(1)).to_contain_text("added")
    expect(page.locator(".unchanged").first).to_contain_text("unchanged cell")
    page.keyboard.press("u")
    expect(page.locator(".change table.unified").first).to_be_visible()
    expect(page.locator("table.split")).to_have_count(0)
    page.wait_for_load_state()  # it hears keys once its scripts have run
    page.keyboard.press("j")
    page.keyboard.press("f")
    expect(page.locator(".unchanged .cell").first).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("j, n next")


def test_a_version_is_published_and_can_be_gone_back_to(work: Any, opened: Callable[..., Any]) -> None:
    page = opened("ana").see(f"/c/{work.id}/versions")
    expect(page.get_by_text("Nothing published yet")).to_be_visible()
    page.get_by_label("What is new").fill("The first <b>year</b>")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".versions .number")).to_have_text("1.0.0")
    expect(page.locator(".versions")).to_contain_text("The first <b>year</b>")
    work.save("ben", **START, a="rain = 8\n")
    page.goto(page.url)
    page.get_by_role("link", name="What is new since 1.0.0").click()
    expect(page.locator(".change")).to_have_count(1)
    page.get_by_role("link", name="version 1.0.0").click()
    expect(page.get_by_text("As it was at")).to_be_visible()
    expect(page.locator("#cell-a")).to_contain_text("rain = 3")


def test_an_invitation_brings_somebody_in_and_removal_closes_their_page(
    work: Any, opened: Callable[..., Any]
) -> None:
    ana, cleo = opened("ana"), opened("cleo")
    page = ana.see(f"/c/{work.id}/settings")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Invitation link", exact=True).input_value()
    theirs = cleo.see(link.removeprefix(cleo.town.url))
    theirs.get_by_role("button", name="Join").click()
    expect(theirs.locator("#people")).to_contain_text("cleo")
    expect(theirs.get_by_role("status")).to_have_text("live")
    ana.see(f"/c/{work.id}/settings")
    with cleo.expecting("404"):
        page.locator("tr", has_text="cleo").get_by_role("button", name="Remove").click()
        expect(theirs.get_by_role("heading", name="no such collab", exact=False)).to_be_visible()


@pytest.mark.parametrize(
    "options", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 700}}]
)
def test_every_page_shows_without_a_problem_and_fits(
    options: dict[str, Any], work: Any, opened: Callable[..., Any]
) -> None:
    contest(work)
    work.town.ana.save(work.id, "ana/default", "notes.md", b"# Notes\n\n- one\n")
    first = work.town.ana.log(work.id, path="rain.ipynb")[-1]["commit"]
    window = opened("ana", **options)
    for path in (
        "/", f"/c/{work.id}", f"/c/{work.id}/n/rain.ipynb", f"/c/{work.id}/n/rain.ipynb?at={first}",
        f"/c/{work.id}/n/notes.md",
        f"/c/{work.id}/diff/{first}..main", f"/c/{work.id}/diff/{first}..main/rain.ipynb",
        f"/c/{work.id}/diff/{first}..sessions/ben/default/rain.ipynb?view=unified", f"/c/{work.id}/contested",
        f"/c/{work.id}/versions", f"/c/{work.id}/settings", "/help", "/help/merging",
    ):  # fmt: skip
        page = window.see(path)
        expect(page.locator("main")).to_be_visible()
        assert page.title().endswith("gitcollab")
        assert page.locator("h1").count() == 1, path
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (path, wide)


def test_pages_read_without_script(work: Any, opened: Callable[..., Any]) -> None:
    contest(work)
    window = opened("ana", java_script_enabled=False)
    expect(window.see(f"/c/{work.id}").locator(".activity > li").first).to_contain_text("saved")
    page = window.see(f"/c/{work.id}/contested")
    page.get_by_role("button", name="Keep the shared one").click()
    expect(page.get_by_text("Nothing is contested")).to_be_visible()


def test_a_dead_address_says_where_to_go(work: Any, opened: Callable[..., Any]) -> None:
    window = opened("cleo")
    with window.expecting("404"):
        for path in (f"/c/{work.id}", "/c/caaaaaaaaa", "/nothing", "/join/gcl_unknown", "/help/nothing"):
            page = window.see(path)
            expect(page.get_by_role("link", name="All your collabs")).to_be_visible()


def test_an_older_state_is_brought_back_as_a_new_save(work: Any, opened: Callable[..., Any]) -> None:
    work.save("ben", **START, a="rain = 8\n")
    page = opened("ana").see(f"/c/{work.id}/n/rain.ipynb")
    expect(page.locator("#cell-a")).to_contain_text("rain = 8")
    page.locator(".history > li").last.get_by_role("link", name="ana").click()
    expect(page.locator("#cell-a")).to_contain_text("rain = 3")
    page.get_by_role("button", name="Bring this back").click()
    expect(page.get_by_text("As it is now")).to_be_visible()
    expect(page.locator("#cell-a")).to_contain_text("rain = 3")
    expect(page.locator(".history > li")).to_have_count(3)


def test_a_maintainer_says_what_it_is_about_and_the_others_read_it(
    work: Any, opened: Callable[..., Any]
) -> None:
    page = opened("ana").see(f"/c/{work.id}/settings")
    page.get_by_label("What it is about").fill("Rain in Kenya \U0001f30a")
    page.get_by_label("Task").fill("https://tasks.example.org/7")
    page.get_by_label("every cell was run").check()
    page.locator("form.about").get_by_role("button", name="Save").click()
    expect(page.get_by_label("every cell was run")).to_be_checked()
    theirs = opened("ben").see(f"/c/{work.id}")
    expect(theirs.get_by_role("complementary")).to_contain_text("Rain in Kenya \U0001f30a")
    expect(theirs.get_by_role("link", name="Task")).to_have_attribute("href", "https://tasks.example.org/7")
    theirs.get_by_role("link", name="Settings").click()
    expect(theirs.get_by_role("main")).to_contain_text("https://tasks.example.org/7")
    expect(theirs.locator("form.about")).to_have_count(0)


def test_a_token_made_in_the_browser_opens_the_api(town: Any, opened: Callable[..., Any]) -> None:
    page = opened("cleo").see("/me")
    page.get_by_label("What for").fill("a script")
    page.get_by_role("button", name="Make a token").click()
    secret = page.get_by_label("Token", exact=True).input_value()
    with Client(town.url, secret) as client:
        assert "cleo" == client.me()["name"]
    page.locator("li", has_text="a script").get_by_role("button", name="End it").click()
    expect(page.locator("li", has_text="a script")).to_have_count(0)
    with Client(town.url, secret) as client, pytest.raises(NotSignedIn):
        client.me()


def test_outputs_are_hidden_by_a_key_and_two_points_compared(work: Any, opened: Callable[..., Any]) -> None:
    made = book(**START, a="rain = 3\nsun = 4\n")
    made["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "it rains"}]
    work.save_bytes("ben", as_bytes(made))
    page = opened("ana").see(f"/c/{work.id}/n/rain.ipynb")
    page.get_by_label("From").select_option(index=1)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".outs")).to_contain_text("it rains")
    page.wait_for_load_state("load")  # modules run before it: keys are heard from then on
    page.keyboard.press("o")
    expect(page.get_by_text("Outputs changed, too")).to_be_visible()
    expect(page.locator(".outs")).to_have_count(0)
    page.wait_for_load_state("load")
    page.keyboard.press("u")
    expect(page.locator("[aria-current=true]").first).to_have_text("One below the other")
    expect(page.locator(".outs")).to_have_count(0)


def test_a_refused_stream_is_tried_again(work: Any, opened: Callable[..., Any]) -> None:
    window = opened("ana")
    refused = []

    def refuse_once(route: Any) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=503)

    window.page.route("**/events?*", refuse_once)
    with window.expecting("503"):
        page = window.see(f"/c/{work.id}")
        expect(page.locator("#live")).to_have_text("connecting again…")
        expect(page.locator("#live")).to_have_text("live")
    work.save("ben", **START, a="rain = 6\n")
    expect(page.locator(".activity > li").first).to_contain_text("ben saved")


def test_who_reads_without_a_connection_is_told_until_there_is_one(
    work: Any, opened: Callable[..., Any]
) -> None:
    window = opened("ana")
    window.page.route("**/events?*", lambda route: route.abort())
    with window.expecting("ERR_FAILED"):
        page = window.see(f"/c/{work.id}/n/rain.ipynb")
        expect(page.locator("#behind")).to_contain_text("this page may be out of date")
        page.unroute("**/events?*")
        expect(page.locator("#behind")).to_be_hidden()


def test_what_is_sent_twice_is_taken_once(work: Any, opened: Callable[..., Any]) -> None:
    page = opened("ben").see(f"/c/{work.id}/n/rain.ipynb")
    page.wait_for_load_state("load")
    page.locator("#cell-b .say").click()
    page.locator("#cell-b textarea").fill("Once")
    page.locator("#cell-b .saying").evaluate("(form) => { form.requestSubmit(); form.requestSubmit(); }")
    expect(page.locator("#cell-b .thread")).to_have_count(1)
    assert 1 == len(work.town.ana.threads(work.id))


def test_who_signs_out_elsewhere_is_asked_to_sign_in(
    town: Any, work: Any, opened: Callable[..., Any]
) -> None:
    made = town.cleo.create_token("a browser")
    town.ana.set_member(work.id, "cleo", "viewer")
    window = opened()
    form = {"token": made["secret"]}
    window.context.request.post(f"{town.url}/signin", form=form, max_redirects=0)
    page = window.see(f"/c/{work.id}")
    expect(page.locator("#live")).to_have_text("live")
    town.cleo.revoke_token(made["id"])
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
