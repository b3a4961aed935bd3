"""Markup that came from notebooks: Markdown and HTML tables, made harmless by nh3 and kept from loading anything."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitcollab.web.render.text import escape, named, visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

LONGEST = 60_000
"""Characters of Markdown that are formatted; a longer text is shown as it was written."""
KEPT = 8_000
"""Characters of Markdown up to which what was made of it is remembered."""
BRACKETS = 3_000
"""Opening brackets, stars and the like up to which formatting is known to be quick."""
TABLE = 1_000_000
"""Characters of an HTML output that are shown."""
TAGS = frozenset(
    """
    a abbr b blockquote br caption code col colgroup dd del div dl dt em hr i img ins kbd li
    ol p pre s small span strong sub sup table tbody td tfoot th thead tr u ul
    """.split()  # noqa: SIM905  # a list of words is read as one
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]{1,14000000}")
LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"']{1,2000}", re.IGNORECASE)
EMPTY_HEADER = re.compile(r"<th(?: [^>]*)?></th>")
"""A header that heads nothing, as in the corner of every table that pandas makes."""
SPAN = re.compile(r"[0-9]{1,3}")
AFTER_CLEANING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def markdown(source: str, attachments: Mapping[str, str]) -> str:
    """Markdown as harmless HTML. ``attachments`` are the addresses of pictures by name. Headings begin at h2, below the
    page's own."""
    if attachments or len(source) > KEPT:
        return formatted(source, attachments)
    return kept_formatted(source)


@functools.lru_cache(maxsize=1_000)
def kept_formatted(source: str) -> str:
    """The same for a text of usual length without pictures: most are looked at again."""
    return formatted(source, {})


def formatted(source: str, attachments: Mapping[str, str]) -> str:
    """Markdown as harmless HTML, made anew."""
    text = visible(source)
    if len(text) > LONGEST or sum(map(text.count, "[*_`!<>")) > BRACKETS:
        return f'<pre class="plain">{escape(source)}</pre>'
    html = parser().render(text, {"attachments": attachments})
    return cleaned(html, TAGS | HEADINGS, frozenset(attachments.values()))


def table(source: str) -> str:
    """An HTML output as harmless HTML; empty if nothing of it can be shown."""
    unclosed = source.count("<") - 2 * source.count("</")
    is_quick = (
        len(source) <= TABLE and source.count("<") < 50_000 and unclosed < 10_000
    )  # deep nesting is quadratic
    return cleaned(source, TAGS) if is_quick else ""


def cleaned(source: str, tags: frozenset[str], own: frozenset[str] = frozenset()) -> str:
    """``source`` with ``tags`` alone, none of which names or styles itself, or loads anything but ``own``."""
    import nh3

    def kept_here(tag: str, name: str, value: str) -> str | None:
        return value if name == "src" and value in own else kept(tag, name, value)

    clean = nh3.clean(
        source.encode("utf-8", "replace").decode(),
        tags=set(tags),
        clean_content_tags={
            "script",
            "style",
            "template",
            "title",
            "iframe",
            "object",
            "svg",
            "math",
            "noscript",
        },
        attributes=ATTRIBUTES,
        attribute_filter=kept_here,
        allowed_classes={"span": {"math"}, "div": {"math"}},
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return EMPTY_HEADER.sub("<td></td>", AFTER_CLEANING.sub(named, clean))


def kept(tag: str, name: str, value: str) -> str | None:
    """An attribute's value, or None if it may not stand: only pictures within, only links out, only small spans."""
    if name == "src":
        return value if PICTURE.fullmatch(value) else None
    if name == "href":
        return value if LINK.fullmatch(value) else None
    if name in {"colspan", "rowspan", "start"}:
        return value if SPAN.fullmatch(value) else None
    return value[:500]


@functools.cache
def parser() -> MarkdownIt:
    """CommonMark with tables and formulas, raw HTML as text."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.use(dollarmath_plugin, renderer=formula, allow_space=False, double_inline=True)
    made.core.ruler.push("lower_headings", lower_headings)
    made.core.ruler.push("place_pictures", place_pictures)
    return made


def formula(content: str, options: object) -> str:
    """A formula as its TeX: nothing of a notebook is run, a typesetter neither."""
    return escape(content)


def lower_headings(state: object) -> None:
    """Moves headings one level down."""
    for token in state.tokens:  # type: ignore[attr-defined]
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"


def place_pictures(state: object) -> None:
    """Puts attached pictures in; a picture from elsewhere becomes a link to it, for nothing is loaded by looking."""
    from markdown_it.token import Token

    attachments: Mapping[str, str] = state.env.get("attachments", {})  # type: ignore[attr-defined]
    for token in state.tokens:  # type: ignore[attr-defined]
        for child in token.children or ():
            if child.type != "image":
                continue
            address = str(child.attrs.get("src", ""))
            if address.startswith("attachment:") and address[11:] in attachments:
                child.attrs["src"] = attachments[address[11:]]
            elif not PICTURE.fullmatch(address):
                words = Token("text", "", 0)
                words.content = f"[picture: {child.content or 'without a name'}, at {address[:300]}]"
                child.type, child.tag, child.children = "text", "", []
                child.content = words.content
