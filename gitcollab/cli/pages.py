"""The manual's pages, as the program prints them."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from gitcollab.errors import BadInput


def pages() -> dict[str, Traversable]:
    """Returns the manual's pages by name, decisions too (``decisions/NAME``)."""
    manual = resources.files("gitcollab") / "manual"
    found = {
        entry.name.removesuffix(".md"): entry for entry in manual.iterdir() if entry.name.endswith(".md")
    }
    decisions = manual / "decisions"
    if decisions.is_dir():
        found |= {
            f"decisions/{entry.name.removesuffix('.md')}": entry
            for entry in decisions.iterdir()
            if entry.name.endswith(".md")
        }
    return dict(sorted(found.items()))


def page(name: str) -> str:
    """Returns a page's text; BadInput with the names there are."""
    found = pages().get(name.lower().removesuffix(".md"))
    if found is None:
        raise BadInput(f"the manual has no page {name!r}", "its pages are below", candidates=list(pages()))
    return found.read_text(encoding="utf-8")


def first_words(text: str) -> str:
    """Returns a page's title."""
    return text.partition("\n")[0].lstrip("# ")
