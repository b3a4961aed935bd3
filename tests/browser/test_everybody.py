"""Pages are for everybody: axe-core finds nothing on any of them, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import axe


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
