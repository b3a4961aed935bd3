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
    ana.page.goto("about:blank")
    expect(page.locator("#here .face")).to_have_count(0)


def test_an_output_is_spoken_of_where_it_is_shown(gallery: Any, opened: Callable[..., Any]) -> None:
    page = opened("ben").see(gallery.pages()["notebook"])
    page.locator("#cell-amplitudes .output").hover()
    page.locator("#cell-amplitudes .output .say").click()
    expect(page.locator("#cell-amplitudes .output .saying [name=line]")).to_have_count(0)
    page.locator("#cell-amplitudes .output textarea").fill("Is N2 new?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#cell-amplitudes .thread")).to_contain_text("On output 1 of")
    page.goto(page.url.split("/n/")[0] + "/" + gallery.pages()["difference"].split("/", 3)[3])
    expect(page.locator("#cell-amplitudes .thread")).to_contain_text("Is N2 new?")
    page.locator("#cell-amplitudes").get_by_role("button", name="Resolve").click()
    expect(page.locator("#cell-amplitudes .thread.resolved")).to_contain_text("ben resolved")
    assert "/diff/" in page.url


def test_changes_are_spoken_of_line_by_line_and_by_keys_alone(work: Any, opened: Callable[..., Any]) -> None:
    first = work.version("ana")
    second = work.save("ben", **START, a="rain = 3\nsun = 44\n", c="wind = 1")
    work.save("ana", work.version("ana"), **START, a="snow = 0\nrain = 3\nsun = 44\n", c="wind = 1")
    page = opened("ana").see(f"/c/{work.id}/diff/{first}..{second}/rain.ipynb?view=unified")
    page.wait_for_load_state("load")
    page.locator("#cell-a td.w", has_text="2").click()
    expect(page.locator("#cell-a [name=line]")).to_have_value("2")
    page.keyboard.type("Why so much?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#cell-a .thread")).to_contain_text("Line 3: sun = 44")
    expect(page.locator("[aria-current=true]").first).to_have_text("One below the other")
    page.wait_for_load_state("load")
    page.locator("#cell-c").focus()
    page.keyboard.press("w")
    page.keyboard.type("And from where?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#cell-c .thread")).to_contain_text("And from where?")
    assert {2, None} == {each["line"] for each in work.town.ben.threads(work.id)}
