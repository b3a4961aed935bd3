"""A notebook's page: its history as a slider, one cell brought back, news shown in place, unsaved work of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from .conftest import as_bytes, book  # type: ignore[import-not-found]

START = {"md1": "# Rain\n\nHow much, and when?", "b": "print(rain)"}


def test_history_is_a_slider_and_one_cell_is_brought_back(work: Any, opened: Callable[..., Any]) -> None:
    work.save("ben", md1="# Rain\n\nHow much?", b="print(rain)", a="rain = 8\n")
    page = opened("ana").see(f"/c/{work.id}/n/rain.ipynb")
    slider = page.get_by_label("Which save is shown")
    expect(page.locator(".timeline output")).to_contain_text("ben")
    slider.fill("0")
    expect(page.locator("#cell-a")).to_contain_text("rain = 3")
    expect(page.locator(".timeline output")).to_contain_text("ana")
    assert "?at=" in page.url
    page.locator("#cell-a").hover()
    page.locator("#cell-a").get_by_role("button", name="Bring this cell back").click()
    expect(page.get_by_text("As it is now")).to_be_visible()
    expect(page.locator("#cell-a")).to_contain_text("rain = 3")
    expect(page.locator("#cell-md1")).not_to_contain_text("and when")


def test_news_come_in_place_and_what_is_being_written_stays(work: Any, opened: Callable[..., Any]) -> None:
    page = opened("ana").see(f"/c/{work.id}/n/rain.ipynb")
    page.evaluate("window.kept = true")
    page.locator("#cell-b").hover()
    page.locator("#cell-b .say").click()
    page.locator("#cell-b textarea").fill("half a sen")
    work.save("ben", **START, a="rain = 5\n", c="wind = 1")
    page.get_by_role("button", name="new change").click()
    expect(page.locator("#cell-a")).to_contain_text("rain = 5")
    expect(page.locator("#cell-c")).to_contain_text("wind = 1")
    expect(page.locator("#cell-b textarea")).to_have_value("half a sen")
    expect(page.locator("#pill")).to_have_count(0)
    assert page.evaluate("window.kept")


def test_unsaved_work_of_others_is_shown_as_such(work: Any, opened: Callable[..., Any]) -> None:
    data = as_bytes(book(**START, a="rain = 3\nsun = 44\n"))
    work.town.ben.save(work.id, "ben/default", "rain.ipynb", data, base=work.version("ben"), is_draft=True)
    page = opened("ana").see(f"/c/{work.id}/n/rain.ipynb")
    expect(page.locator(".draft")).to_contain_text("ben is working on this, not saved yet")
    page.get_by_role("link", name="See the draft").click()
    expect(page.locator(".change")).to_contain_text("sun = 44")
    work.save("ben", **START, a="rain = 3\nsun = 44\n")
    page.goto(f"{work.town.url}/c/{work.id}/n/rain.ipynb")
    expect(page.locator(".draft")).to_have_count(0)


def test_pictures_are_swiped_and_laid_over_each_other(gallery: Any, opened: Callable[..., Any]) -> None:
    page = opened("ana").see(gallery.pages()["difference"])
    change = page.locator("#cell-fortnight")
    change.get_by_role("button", name="Swipe").click()
    expect(change.get_by_label("How far the new picture is uncovered")).to_be_focused()
    expect(change.locator(".overlay.wipe img")).to_have_count(2)
    change.get_by_role("button", name="Onion skin").click()
    expect(change.get_by_label("How much of the new picture shines through")).to_be_visible()
    change.get_by_role("button", name="Side by side").click()
    expect(change.locator(".outs").first).to_be_visible()
    expect(change.locator(".overlay")).to_have_count(0)


def test_a_change_is_shown_as_it_is_written_and_filtered(gallery: Any, opened: Callable[..., Any]) -> None:
    page = opened("ana").see(gallery.pages()["difference"])
    page.get_by_role("link", name="JSON of Findings").click()
    expect(page.locator("#cell-findings .written pre")).to_have_count(2)
    expect(page.locator("#cell-findings .written")).to_contain_text('"cell_type": "markdown"')
    every = page.locator(".change").count()
    page.keyboard.press("c")
    expect(page.get_by_role("link", name="All changes")).to_be_visible()
    assert page.locator(".change").count() < every
    page.get_by_role("link", name="Show all").click()
    expect(page.locator(".change")).to_have_count(every)
    page.get_by_role("link", name="Cleo").or_(page.locator(".people a", has_text="cleo")).first.click()
    expect(page.locator(".change")).to_have_count(1)
    expect(page.locator(".change")).to_contain_text("99 % and more")
