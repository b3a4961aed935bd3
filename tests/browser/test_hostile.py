"""Hostile notebooks in every view: nothing runs, nothing leaves, nothing appears outside its place."""

from __future__ import annotations

import copy
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import as_bytes, book  # type: ignore[import-not-found]

HOSTILE = Path(__file__).parents[2] / "fixtures" / "hostile" / "pages.py"
NOTEBOOKS: dict[str, dict[str, Any]] = dict(runpy.run_path(str(HOSTILE))["together"]())
"""One notebook for each group of classes; tests/web/render has each class by itself, without a browser."""
OVER = """() => [...document.querySelectorAll(".top, .tabs")].every((part) => {
  const box = part.getBoundingClientRect();
  const found = document.elementFromPoint(box.right - 12, (box.top + box.bottom) / 2);
  return box.bottom < 0 || part.contains(found) || found?.contains(part);
})"""
"""Whether the frame of the page is not covered."""


def place(town: Any, title: str) -> str:
    """A collab of Ana's and Ben's."""
    made = town.ana.create(title)
    town.ana.set_member(made["id"], "ben", "editor")
    for name in ("ana", "ben"):
        town.clients[name].open_session(made["id"])
    return str(made["id"])


def views(home: str, base: str, first: str) -> Iterator[str]:
    """Every view that shows the notebook."""
    file = "a.ipynb"
    yield from (home, f"{home}/n/{file}", f"{home}/n/{file}?at=sessions/ben/default")
    yield from (f"{home}/diff/{base}..{first}/{file}", f"{home}/diff/{first}..{base}/{file}?view=unified")
    yield from (f"{home}/diff/{first}..sessions/ben/default/{file}", f"{home}/contested")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", NOTEBOOKS)
def test_a_hostile_notebook_is_harmless_in_every_view(
    kind: str, town: Any, opened: Callable[..., Any]
) -> None:
    id, notebook = place(town, kind), NOTEBOOKS[kind]
    base = town.ben.save(id, "ben/default", "a.ipynb", as_bytes(book(b="x = 1")))["version"]
    first = town.ana.save(id, "ana/default", "a.ipynb", as_bytes(notebook))["version"]
    changed = copy.deepcopy(notebook)
    for each in changed["cells"]:
        each["source"] += "\nmore"
    town.ben.save(id, "ben/default", "a.ipynb", as_bytes(changed), base=base)
    window = opened("ana")
    for path in views(f"/c/{id}", base, first):
        page = window.see(path)
        page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
        expect(page.locator(".tabs")).to_be_visible()
        assert page.evaluate("window.canary === undefined && document.baseURI === location.href"), path
        assert page.locator("main :is(script, iframe, object, embed, base, link, style, svg)").count() == 0
        assert (
            page.locator("main [style], main [onload], main [onerror], main form[action^=http]").count() == 0
        )
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), path
        assert page.evaluate(OVER), path
    run_in_sandboxes(window, f"/c/{id}/n/a.ipynb")


def run_in_sandboxes(window: Any, path: str) -> None:
    """Runs whatever the page offers to run: it reaches neither the page nor any other server."""
    page = window.see(path)
    buttons = page.get_by_role("button", name="Run it in a sandbox")
    for _ in range(min(24, buttons.count())):
        buttons.first.click()
    frames = page.locator("main iframe")
    for k in range(frames.count()):
        expect(frames.nth(k)).to_have_attribute("sandbox", "allow-scripts")
        frames.nth(k).content_frame.locator("body").wait_for(state="attached")
    expect(page.locator(".tabs")).to_be_visible()
    assert page.evaluate("window.canary === undefined && location.pathname.includes('/n/')")
    assert page.evaluate(OVER)
    window.problems = [problem for problem in window.problems if not is_from_a_frame(problem)]


def is_from_a_frame(problem: str) -> bool:
    """Whether a console line says what a sandbox forbade, or tells an error of what ran in it."""
    said = (
        "Content Security Policy",
        "sandboxed",
        "Blocked",
        "is not defined",
        "SyntaxError",
        "Unsafe attempt",
    )
    return any(each in problem for each in said) or "Failed to load resource" in problem


def test_a_sandbox_can_do_nothing_but_draw(town: Any, opened: Callable[..., Any]) -> None:
    id = place(town, "Sandbox")
    made = book(a="x")
    text = """<p id=p>waiting</p><script>
      const tries = [() => parent.document.body, () => document.cookie, () => localStorage.length];
      const failed = tries.map((each) => { try { each(); return "got in"; } catch (error) { return "kept out"; } });
      fetch("/api/me").then(() => "got in", () => "kept out").then((last) => { p.textContent = [...failed, last]; });
    </script>"""
    made["cells"][0]["outputs"] = [
        {"output_type": "display_data", "data": {"text/html": text}, "metadata": {}}
    ]
    town.ana.save(id, "ana/default", "sandbox.ipynb", as_bytes(made))
    window = opened("ana")
    page = window.see(f"/c/{id}/n/sandbox.ipynb")
    page.get_by_role("button", name="Run it in a sandbox").click()
    inside = page.locator("main iframe").content_frame
    expect(inside.locator("#p")).to_have_text("kept out,kept out,kept out,kept out")
    address = page.locator("main iframe").get_attribute("src")
    page.get_by_role("button", name="Take it away").click()
    expect(page.locator("main iframe")).to_have_count(0)
    window.problems.clear()
    with window.expecting("403"):
        assert page.goto(town.url + address).status == 403


def test_hostile_names_stay_names(town: Any, opened: Callable[..., Any]) -> None:
    made = town.ana.create("<b onmouseover=canary=1>evil\"'>")
    town.ana.open_session(made["id"])
    for path in (
        "<img src=x onerror=canary=1>.md",
        "a\u202ecod.ipynb",
        "'\";--><script>canary=1</script>.ipynb",
        "a#b?c%2e.ipynb",
    ):
        data = b"# x\n" if path.endswith(".md") else as_bytes(book(a="x = 1"))
        town.ana.save(made["id"], "ana/default", path, data)
    window = opened("ana")
    for part in ("", "/contested", "/versions", "/settings"):
        page = window.see(f"/c/{made['id']}{part}")
        expect(page.locator(".head .title")).to_contain_text("<b onmouseover=canary=1>evil")
        assert page.locator("main :is(script, img[src=x]), [onmouseover]").count() == 0
    window.see(f"/c/{made['id']}")
    links = [each.get_attribute("href") for each in page.locator("#files .main").all()]
    assert len(links) == 4
    for link in links:
        page = window.see(link)
        expect(page.locator("article")).to_be_visible()
        page.locator(".history a").last.click()
        expect(page.locator("main")).to_be_visible()
        assert page.evaluate("window.canary === undefined")
    page = window.see(f"/c/{made['id']}/versions")
    page.get_by_label("Notebook").select_option(index=0)
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".versions .number")).to_have_text("1.0.0")
