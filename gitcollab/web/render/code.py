"""Code: coloured by its grammar, line by line, with the words that changed marked inside the colours."""

from __future__ import annotations

import functools
import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gitcollab.web.render import python
from gitcollab.web.render.text import visible

if TYPE_CHECKING:
    from pygments.lexer import Lexer  # type: ignore[import-untyped]

COLOURED = 60_000
"""Characters of one source that are coloured; a longer one is shown plain."""
KEPT = 8_000
"""Characters of a source up to which its coloured lines are remembered."""
LONG_LINE = 2_000
"""Characters of a line from which on a source is shown plain: grammars are quadratic on some of them."""

Span = tuple[str, str]
"""A class (empty: none) and text."""
Marks = Sequence[tuple[int, int]]
"""Ranges of characters of a line, in order and apart."""

GRAMMARS = frozenset(
    """
    python ipython3 r julia bash sql javascript typescript scala rust c cpp java go ruby lua
    haskell octave matlab stata markdown yaml toml json html css latex fortran perl csharp
    fsharp kotlin swift sas
    """.split()  # noqa: SIM905  # a list of words is read as one
)
NAMES = {
    "ir": "r",
    "python3": "python",
    "ipython3": "python",
    "ipython": "python",
    "sh": "bash",
    "c++": "cpp",
    "node": "javascript",
}
"""Languages by what kernels call them."""
CLASSES = (
    ("Comment", "c"),
    ("Keyword", "k"),
    ("Literal.String", "s"),
    ("Literal.Number", "m"),
    ("Name.Function", "f"),
    ("Name.Class", "f"),
    ("Name.Decorator", "d"),
    ("Name.Builtin", "b"),
    ("Operator.Word", "k"),
    ("Generic.Heading", "f"),
    ("Generic.Strong", "f"),
)


def lines_of(source: str, language: str) -> list[list[Span]]:
    """The lines of ``source`` in spans; hidden characters are already shown, nothing is escaped yet."""
    return kept_lines(source, language) if len(source) < KEPT else split(source, language)


@functools.lru_cache(maxsize=2_000)
def kept_lines(source: str, language: str) -> list[list[Span]]:
    """The same for a source of usual length: most are looked at again, in the next version or by somebody else."""
    return split(source, language)


def split(source: str, language: str) -> list[list[Span]]:
    """The lines of ``source`` in spans, made anew."""
    text = visible(source)
    rows = text.split("\n")
    if len(text) > COLOURED or any(len(row) > LONG_LINE for row in rows):
        return [[("", row)] for row in rows]
    lines: list[list[Span]] = [[]]
    for kind, value in tokens(text, language):
        first, *more = value.split("\n")
        lines[-1].append((kind, first))
        lines.extend([(kind, part)] for part in more)
    return lines[: len(rows)]


def tokens(text: str, language: str) -> Iterable[Span]:
    """The text in coloured pieces."""
    name = NAMES.get(language.lower(), language.lower())
    if name == "python":
        return python.spans(text)
    lexer = lexer_of(name)
    return ((class_of(kind), value) for kind, value in lexer.get_tokens(text)) if lexer else [("", text)]


@functools.lru_cache(maxsize=64)
def lexer_of(language: str) -> Lexer | None:
    """The grammar of a language; None if there is none that is known to be quick."""
    if language not in GRAMMARS:
        return None
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@functools.lru_cache(maxsize=512)
def class_of(kind: Any) -> str:
    """The stylesheet's class of a kind of token; empty for what is not coloured."""
    name = ".".join(kind)
    return next((short for prefix, short in CLASSES if name.startswith(prefix)), "")


def html_of(spans: Iterable[Span], marks: Marks = ()) -> str:
    """A line as HTML, with the marked ranges in ``<mark>``."""
    parts: list[str] = []
    at, open_marks = 0, list(marks)
    for kind, text in spans:
        while text:
            is_marked, length = ahead(open_marks, at, len(text))
            parts.append(dressed(kind, text[:length], is_marked))
            at, text = at + length, text[length:]
            while open_marks and open_marks[0][1] <= at:
                open_marks.pop(0)
    return "".join(parts).replace("</mark><mark>", "")


def ahead(marks: Marks, at: int, length: int) -> tuple[bool, int]:
    """Whether the character at ``at`` is marked, and for how many of ``length`` characters that stays so."""
    if not marks or marks[0][0] >= at + length:
        return False, length
    start, end = marks[0]
    return (False, start - at) if at < start else (True, min(end - at, length))


def dressed(kind: str, text: str, is_marked: bool) -> str:
    """Text in its colour, and marked if it is."""
    shown = html.escape(
        text, quote=False
    )  # hidden characters are shown already, and this is never an attribute
    body = f'<span class="{kind}">{shown}</span>' if kind else shown
    return f"<mark>{body}</mark>" if is_marked else body
