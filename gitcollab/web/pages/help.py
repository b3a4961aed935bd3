"""The manual, as it ships with the program."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.responses import Response

from gitcollab.errors import NotFound
from gitcollab.web.pages.frame import Page, View
from gitcollab.web.render.markup import EMPTY_HEADER

HEADING = re.compile(r"<h([23])>(.*?)</h\1>")
"""A heading below a page's title, which can be linked to by its words."""

MANUAL = Path(__file__).parents[2] / "manual"
FIRST = "start"
ORDER = (
    "start",
    "sharing",
    "merging",
    "settling",
    "viewing",
    "held",
    "publishing",
    "jupyter",
    "jupyterhub",
    "git",
    "running",
    "http",
    "glossary",
)
"""How the manual is read; what is not named here comes at the end."""


class Manual:
    """Every page of the manual as HTML, made once at start. It is ours, and still goes through the same cleaning."""

    def __init__(self) -> None:
        found = sorted(MANUAL.glob("*.md"), key=place)
        self.pages = {path.stem: formatted(path.read_text(encoding="utf-8")) for path in found}

    async def first(self, view: View) -> Response:
        """Shows where to begin."""
        return self.show(view, FIRST)

    async def page(self, view: View) -> Response:
        """Shows one page."""
        return self.show(view, view.part("page").removesuffix(".md"))

    def show(self, view: View, name: str) -> Response:
        """The page ``name``; NotFound if there is none."""
        if name not in self.pages:
            raise NotFound("There is no such page in the manual", "see /help")
        titles = {key: title for key, (title, _) in self.pages.items()}
        title, html = self.pages[name]
        return view.show("help.html", {"title": title, "html": html, "titles": titles, "name": name})

    def routes(self) -> tuple[Page, ...]:
        """The pages."""
        return Page("/help", self.first), Page("/help/{page}", self.page)


def place(path: Path) -> tuple[int, str]:
    """Where a page of the manual stands."""
    return ORDER.index(path.stem) if path.stem in ORDER else len(ORDER), path.stem


def formatted(text: str) -> tuple[str, str]:
    """A page's title and its HTML, with links to other pages kept."""
    from markdown_it import MarkdownIt

    title = text.lstrip("# ").partition("\n")[0].strip()
    made = MarkdownIt("commonmark", {"html": False}).enable(["table"])
    html = HEADING.sub(_named, str(made.render(text)))
    html = EMPTY_HEADER.sub("<td></td>", html.replace('.md"', '"'))
    html = html.replace("<pre>", '<pre tabindex="0">')
    return title, html.replace("<table>", '<div class="wide" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )


def _named(heading: re.Match[str]) -> str:
    level, html = heading.groups()
    name = "-".join(re.findall(r"[a-z0-9]+", re.sub(r"<[^>]*>|&[a-z]+;", " ", html.lower())))
    return f'<h{level} id="{name}">{html}</h{level}>'
