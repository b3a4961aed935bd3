"""All that changed between two points on one page: by file, walked by keys, the rest fetched when opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import as_bytes, book  # type: ignore[import-not-found]

START = {"md1": "# Rain\n\nHow much, and when?", "b": "print(rain)"}


@pytest.fixture
def first(work: Any) -> str:
    """Since when a notebook has changed, another one with the same cell ids has come, and fourteen texts."""
    point = str(work.town.ana.resolve(work.id, "main"))
    work.save("ana", **START, a="rain = 33\nsun = 4\n")
    ana = work.town.ana
    ana.save(work.id, "ana/default", "sun.ipynb", as_bytes(book(md1="# Sun", a="sun = 1\n")))
    for number in range(14):
        text = f"reading {number}\n".encode()
        ana.save(work.id, "ana/default", f"texts/{number:02}.txt", text)
    return point


def test_all_files_are_on_one_page_and_keys_go_across_them(
    first: str, work: Any, opened: Callable[..., Any]
) -> None:
    page = opened("ben").see(f"/c/{work.id}/diff/{first}..main")
    page.wait_for_load_state("load")
    expect(page.locator(".manyfile")).to_have_count(16)
    expect(page.locator(".manyfile[open]")).to_have_count(12)
    expect(page.locator(".manyfile").first.locator(".change")).to_contain_text("rain = 33")
    ids = page.eval_on_selector_all("[id]", "(all) => all.map((each) => each.id)")
    assert len(set(ids)) == len(ids)
    outline = page.locator(".outline > ol > li > a")
    expect(outline).to_have_count(16)
    assert "~" == outline.nth(0).locator(".sign").inner_text()
    seen = []
    for key in "jjjj":
        page.keyboard.press(key)
        seen.append(
            page.evaluate("document.activeElement.closest('.manyfile').querySelector('h2').textContent")
        )
    assert ("rain.ipynb", "sun.ipynb") == (seen[0], seen[-1])
    page.keyboard.press("k")
    page.keyboard.press("u")
    expect(page.locator("table.split")).to_have_count(0)
    expect(page.locator(".change table.unified").first).to_be_visible()


def test_a_file_beyond_the_first_ones_is_fetched_when_it_is_opened(
    first: str, work: Any, opened: Callable[..., Any]
) -> None:
    page = opened("ben").see(f"/c/{work.id}/diff/{first}..main?view=unified")
    page.wait_for_load_state("load")
    last = page.locator(".manyfile").last
    expect(last).to_contain_text("texts/13.txt")
    expect(last.locator(".change")).to_have_count(0)
    last.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(last.locator(".change")).to_contain_text("reading 13")
    expect(last.locator("table.split")).to_have_count(0)


def test_it_reads_without_script(first: str, work: Any, opened: Callable[..., Any]) -> None:
    page = opened("ben", java_script_enabled=False).see(f"/c/{work.id}/diff/{first}..main")
    expect(page.locator(".manyfile").nth(1)).to_contain_text("sun = 1")
    last = page.locator(".manyfile").last
    last.locator("summary").click()
    last.get_by_role("link", name="See what changed in it").click()
    expect(page.locator("h1")).to_have_text("texts/13.txt")
    expect(page.locator(".change")).to_contain_text("reading 13")


def test_what_a_reader_has_opened_stays_open_when_news_come(
    first: str, work: Any, opened: Callable[..., Any]
) -> None:
    page = opened("ben").see(f"/c/{work.id}/diff/{first}..main")
    page.wait_for_load_state("load")
    last = page.locator(".manyfile").last
    last.locator("summary").first.click()
    expect(last.locator(".change")).to_contain_text("reading 13")
    work.save("ana", **START, a="rain = 34\nsun = 4\n")
    page.get_by_role("button", name="new change").click()
    expect(page.locator(".manyfile").first).to_contain_text("rain = 34")
    expect(page.locator(".manyfile").last.locator(".change")).to_contain_text("reading 13")


def reach(page: Any, wanted: Any, key: str = "Tab") -> None:
    """Goes on by ``key`` until the wanted thing has the focus, which must be seen, and presses Enter."""
    for _ in range(150):
        page.keyboard.press(key)
        if wanted.evaluate("(each) => each === document.activeElement"):
            assert "none" != wanted.evaluate("(each) => getComputedStyle(each).outlineStyle")
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no Tab leads to {wanted}")


def test_the_whole_way_is_gone_by_keyboard_alone(work: Any, opened: Callable[..., Any]) -> None:
    base = work.version("ben")
    work.save("ana", **START, a="rain = 1\nsun = 4\n")
    work.save("ben", base, **START, a="rain = 2\nsun = 4\n")
    page = opened("ana").see("/")
    reach(page, page.locator(f"a.main[href='/c/{work.id}']"))
    expect(page.locator("#files")).to_be_visible()
    reach(page, page.locator("#files").get_by_role("link", name="rain.ipynb"))
    expect(page.locator("#cell-a")).to_contain_text("rain = 1")
    reach(page, page.locator(".history").get_by_role("link", name="Changes").first)
    expect(page.locator(".change")).to_contain_text("rain = 1")
    page.wait_for_load_state("load")
    page.keyboard.press("j")
    expect(page.locator(".change").first).to_be_focused()
    reach(page, page.locator("#contested-tab"), "Shift+Tab")
    expect(page.locator(".question")).to_be_visible()
    reach(page, page.get_by_role("button", name="Keep the shared one"))
    expect(page.get_by_text("Nothing is contested")).to_be_visible()
