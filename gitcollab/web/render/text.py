"""Text: the one function by which notebook text becomes HTML, and what makes hidden characters visible."""

from __future__ import annotations

import html
import re

HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Characters that reorder, hide or break text: control characters, bidi marks, zero widths, lone surrogates."""


def visible(text: str) -> str:
    """``text`` with every hidden character as its number in brackets, and line ends as newlines.

    What stands in a reader's way is shown instead of obeyed (Trojan Source, CVE-2021-42574). The result holds no
    character that is special in HTML but those ``text`` held.
    """
    return HIDDEN.sub(named, text.replace("\r\n", "\n").replace("\r", "⟦CR⟧\n"))


def named(found: re.Match[str]) -> str:
    """A hidden character's number, ``⟦U+202E⟧``."""
    return f"⟦U+{ord(found[0]):04X}⟧"


def escape(text: str) -> str:
    """``text`` as HTML that shows exactly it."""
    return html.escape(visible(text), quote=True)


def joined(value: object) -> str:
    """A notebook's text: a string, or lines of it; anything else is no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""


def cut(text: str, limit: int) -> tuple[str, int]:
    """The first ``limit`` characters, and how many are left out."""
    return text[:limit], max(0, len(text) - limit)


def size(number: int) -> str:
    """A number of bytes as people say it."""
    if number < 1000:
        return f"{number} bytes"
    return f"{number / 1000:,.0f} kB" if number < 1_000_000 else f"{number / 1_000_000:,.1f} MB"
