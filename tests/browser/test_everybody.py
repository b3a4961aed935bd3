"""Pages are for everybody: axe-core finds nothing on any of them, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.routing import compile_path

from gitcollab.web import pages

from . import axe

UNSEEN = {"/c/{id}/compare", "/c/{id}/o/{commit}/{spot}/{path:path}", "/c/{id}/who/{commit}/{path:path}"}
"""What only leads on, and pieces of pages."""


@pytest.fixture(scope="module")
def program() -> str:
    return axe.source()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(
    scheme: str, program: str, gallery: Any, opened: Callable[..., Any]
) -> None:
    """In the dark only what depends on colours is looked at again."""
    window = opened("ana", color_scheme=scheme)
    found = {}
    for name, address in gallery.pages().items():
        page = window.see(address)
        page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
        rules = () if scheme == "light" else ("color-contrast", "link-in-text-block")
        found[name] = axe.violations(page, program, rules)
    window.problems = [problem for problem in window.problems if "404" not in problem]
    assert {} == {name: each for name, each in found.items() if each}


def test_axe_finds_nothing_where_one_signs_in(program: str, opened: Callable[..., Any]) -> None:
    assert [] == axe.violations(opened().see("/signin"), program)


def test_every_page_hangs_in_the_gallery(gallery: Any) -> None:
    rooms = [each for each in vars(pages).values() if hasattr(each, "PAGES")]
    paths = {page.path for room in rooms for page in room.PAGES if page.method == "GET"} - UNSEEN
    shown = [address.partition("?")[0] for address in gallery.pages().values()]
    missing = {path for path in paths if not any(compile_path(path)[0].match(each) for each in shown)}
    assert set() == missing
    assert "/c/{id}/settings" in paths


def test_axe_finds_nothing_on_what_is_held_back(
    program: str, gallery: Any, opened: Callable[..., Any]
) -> None:
    page = opened("ana").see(gallery.pages()["collab"])
    assert page.get_by_role("heading", name="Waiting for you").is_visible()
    assert [] == axe.violations(page, program)
