"""People talk about cells, each in their own browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

START = {"md1": "# Rain\n\nHow much, and when?", "b": "print(rain)"}


def test_two_people_talk_about_a_line_and_the_thread_stays_beside_its_cell(
    work: Any, opened: Callable[..., Any]
) -> None:
    ana, ben = opened("ana"), opened("ben")
    page = ana.see(f"/c/{work.id}/n/rain.ipynb")
    theirs = ben.see(f"/c/{work.id}/n/rain.ipynb")
    page.locator("#cell-a").hover()
    page.locator("#cell-a .say").click()
    page.locator("#cell-a .saying textarea").fill("Why <b>3</b>, @ben?")
    page.locator("#cell-a [name=line]").fill("1")
    page.get_by_role("button", name="Comment", exact=True).click()
    thread = page.locator("#cell-a .thread")
    expect(thread).to_contain_text("Why <b>3</b>, @ben?")
    expect(thread).to_contain_text("Line 1: rain = 3")
    expect(thread.locator(".mention")).to_have_text("@ben")

    theirs.get_by_role("button", name="new change").click()
    theirs.locator("#cell-a .thread").get_by_placeholder("Answer").fill("It rained three days.")
    theirs.get_by_role("button", name="Answer").click()
    expect(theirs.locator("#cell-a .remark")).to_have_count(2)

    work.save("ben", b="print(rain)", a="sun = 4\nrain = 3\n", md1="# Rain")
    page = ana.see(f"/c/{work.id}/n/rain.ipynb")
    expect(page.locator("#cell-a .thread")).to_contain_text("Line 2: rain = 3")
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#cell-a .thread.resolved summary")).to_contain_text("ana resolved")
    work.save("ben", b="print(rain)", md1="# Rain")
    page = ana.see(f"/c/{work.id}/n/rain.ipynb")
    expect(page.locator("#talk .thread.resolved")).to_have_count(1)
    expect(ana.see(f"/c/{work.id}").locator("#activity")).to_contain_text("It rained three days.")


def test_a_comment_needs_no_script_and_may_be_on_the_whole_file(
    work: Any, opened: Callable[..., Any]
) -> None:
    page = opened("ben", java_script_enabled=False).see(f"/c/{work.id}/n/rain.ipynb")
    page.locator("#cell-b .say").click()
    page.get_by_placeholder("What do you want to say?").first.fill("Without script")
    page.get_by_role("button", name="Comment", exact=True).first.click()
    expect(page.locator("#cell-b .thread")).to_contain_text("Without script")
    page.get_by_text("Comment on the file as a whole").click()
    page.locator("#talk textarea[name=text]").last.fill("A fine notebook")
    page.locator("#talk").get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("#talk .thread").first).to_contain_text("A fine notebook")
    assert 2 == len(work.town.ana.threads(work.id, "rain.ipynb"))
    work.town.ana.resolve_comment(work.id, work.town.ana.threads(work.id)[0]["id"])
    work.town.ana.comment(work.id, "rain.ipynb", "From a program", "a", line=1)
    work.town.ben.reply(work.id, work.town.ana.threads(work.id)[2]["id"], "From another")
    assert [1, 1, 2] == [len(each["remarks"]) for each in work.town.ben.threads(work.id)]


def test_who_is_here_is_seen_beside_the_cell_they_look_at(work: Any, opened: Callable[..., Any]) -> None:
    ana, ben = opened("ana"), opened("ben")
    with ana.page.expect_response("**/here"):
        ana.see(f"/c/{work.id}/n/rain.ipynb")
    page = ben.see(f"/c/{work.id}/n/rain.ipynb")
    expect(page.locator("#here")).to_have_attribute("aria-label", "ana is here, on rain.ipynb")
    expect(page.locator(".cell .face")).to_have_text("AN")
