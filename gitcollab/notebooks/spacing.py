"""Space and style: whether a side only laid a text out anew, as formatters do, and said nothing."""

from __future__ import annotations

import re
import warnings

from gitcollab.notebooks.parsing import as_python
from gitcollab.notebooks.wording import worded_in

PARSED = 10_000
"""Characters of a source up to which it is told whether it was only laid out anew."""

_comma = re.compile(r",(\s*[)\]}])")
_sign = re.compile(r"\w+|[^\w\s]")


def is_layout(before: str, after: str, wholes: tuple[str, str], *, must_parse: bool = False) -> bool:
    """Whether a stretch of a source says what it said: the same words and signs but for the space between, kinds of
    quotes and commas before a closing bracket.

    Indentation means something in Python: ``wholes``, the source without and with this change alone, must parse to
    one tree. Where they do not parse (prose does not), the lines must begin as they did, unless they ``must_parse``.
    Of a source of more than PARSED characters it is never said: to parse it twice takes too long.
    """
    if before == after or max(map(len, wholes)) > PARSED or _said(_plain(before)) != _said(_plain(after)):
        return False
    trees = [_tree(whole) for whole in wholes]
    if None in trees:
        return not must_parse and _said(before) == _said(after) and _begun(before) == _begun(after)
    return trees[0] == trees[1]


def laid_out_like(before: str, laid_out: str, edited: str, rest: tuple[str, str] = ("", "")) -> str | None:
    """Returns a stretch as one side edited it in the layout that the other one gave it; None if there is no such.

    ``rest`` is what stands before and behind it in the source. Nothing but the layout may differ from ``edited``: the
    same words and signs, and in Python the same tree.
    """
    if sum(map(len, (laid_out, edited, *rest))) > PARSED or _said(_plain(edited)) == _said(_plain(before)):
        return None  # of two layouts one is taken as it is, never half of each
    found = worded_in(before, laid_out, edited)
    if _said(_plain(found)) != _said(_plain(edited)):
        return None
    wholes = [text.join(rest) for text in (edited, found)]
    trees = [_tree(whole) for whole in wholes]
    if trees[0] is None and _begun(edited) != _begun(found):
        return None
    return found if trees[0] == trees[1] else None


def _plain(text: str) -> str:
    """The text with one kind of quotes, without commas before closing brackets."""
    return _comma.sub(r"\1", text.replace("\\\n", "\n").replace("'", '"'))


def _said(text: str) -> list[str]:
    return _sign.findall(text)


def _begun(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.split("\n") if line.strip()]
    return [(line[: len(line) - len(line.lstrip())], line.split()[0]) for line in lines]


def _tree(source: str) -> str | None:
    import ast  # heavy, and only asked for where two edits touch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(as_python(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
