"""Deciding: several at once, with a preview; and what is new since somebody looked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

SAME = {"md1": "# Rain\n\nHow much, and when?"}


def test_several_cells_are_decided_at_once(work: Any, opened: Callable[..., Any]) -> None:
    base = work.version("ben")
    work.save("ana", **SAME, b="print(rain, 1)", a="rain = 1\nsun = 4\n")
    work.save("ben", base, **SAME, b="print(rain, 2)", a="rain = 2\nsun = 4\n")
    window = opened("ana")
    page = window.see(f"/c/{work.id}/contested")
    expect(page.locator(".pane h3").nth(1)).to_have_text("Shared, by ana")
    expect(page.locator(".waits").first).to_contain_text("ben keeps their own version until somebody decides")
    page.get_by_role("button", name="Take ben’s").first.click()  # noqa: RUF001
    with window.expecting("400"):
        expect(page.get_by_role("alert")).to_contain_text("Tick those")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.locator("#many").get_by_role("button", name="Take ben").click()
    expect(page.get_by_text("Nothing is contested")).to_be_visible()
    shown = page.goto(f"{work.town.url}/c/{work.id}/n/rain.ipynb")
    assert shown.ok
    expect(page.locator("#cell-a")).to_contain_text("rain = 2")
    expect(page.locator("#cell-b")).to_contain_text("print(rain, 2)")


def test_an_item_tells_how_it_came_and_who_disagrees(gallery: Any, opened: Callable[..., Any]) -> None:
    page = opened("ben").see(gallery.pages()["contested"])
    asked = page.locator(".question", has_text="The weather")
    expect(asked.locator("header")).to_contain_text("you and ana disagree about this cell")
    expect(asked.locator("header")).to_contain_text("You keep your own version")
    asked.get_by_text("How it came to this").click()
    expect(asked.locator(".story > li")).to_have_text(
        [re.compile("ben changed it"), re.compile("ana changed it"), re.compile("ana changed it")]
    )
    asked.locator(".story").get_by_role("link").first.click()
    expect(page.locator(".change:target")).to_have_count(1)


def test_what_is_written_anew_is_shown_as_it_is_written(work: Any, opened: Callable[..., Any]) -> None:
    base = work.version("ben")
    work.save("ana", **SAME, b="print(rain)", a="rain = 1\nsun = 4\n")
    work.save("ben", base, **SAME, b="print(rain)", a="rain = 2\nsun = 4\n")
    page = opened("ben").see(f"/c/{work.id}/contested")
    page.get_by_text("Write it anew").click()
    page.locator("textarea").fill("def rain():\n    return '<b>wet</b>'")
    expect(page.locator(".preview .k").first).to_have_text("def")
    expect(page.locator(".preview")).to_contain_text("<b>wet</b>")


def test_home_tells_what_is_new_since_somebody_looked(work: Any, opened: Callable[..., Any]) -> None:
    window = opened("ben")
    card = window.page.locator(".card", has=window.page.locator(f"a[href='/c/{work.id}']"))
    window.see("/")
    expect(card.locator(".fresh")).to_have_count(0)
    window.see(f"/c/{work.id}")
    window.see("/")  # who has the collab open sees what comes as it comes
    work.save("ana", **SAME, b="print(rain)", a="rain = 5\nsun = 4\n")
    work.town.ana.comment(work.id, "rain.ipynb", "Look, @ben", "a")
    window.see("/")
    expect(card.locator(".fresh")).to_contain_text("2 new changes")
    expect(card.locator(".fresh")).to_contain_text("you are called")
    expect(card.locator(".fresh")).to_contain_text("by ana")
    page = window.see(f"/c/{work.id}")
    expect(page.locator(".activity .seen")).to_contain_text("New since you last looked")
    window.see("/")
    expect(card.locator(".fresh")).to_have_count(0)
