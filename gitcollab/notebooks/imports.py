"""Imports: statements whose order means nothing, compared by the names that they give."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from gitcollab.notebooks.parsing import LONG
from gitcollab.notebooks.wording import worded_in

_statement = re.compile(
    r"^([ \t]*)(?:from[ \t]+(\S+)[ \t]+)?import[ \t]+(?:\(([^()#;]*)\)|([^()#;\n]+?))[ \t]*$", re.MULTILINE
)


class Imported(NamedTuple):
    """One name of an import statement: the module it is from (empty if it is one), itself, and what it is called."""

    indent: str
    module: str
    name: str
    called: str


def imports_in(text: str) -> list[tuple[Imported, ...]]:
    """Returns the import statements of a source, each with its names; statements with comments are left out."""
    return [_read(found) for found in _statement.finditer(text)] if "import" in text else []


def is_imported_twice(merged: str, ours: str, theirs: str) -> bool:
    """Whether a merged source imports a name more often than either side does: one of the imports is meant."""
    if "import" not in ours or "import" not in theirs:
        return False
    given = [_given(text) for text in (merged, ours, theirs)]
    return any(times > max(given[1][name], given[2][name]) for name, times in given[0].items())


def _given(text: str) -> Counter[tuple[str, str]]:
    """How often a source imports each name, those in a function apart."""
    return Counter((one.indent, one.called) for statement in imports_in(text) for one in statement)


def one_side_of(base: str, ours: str, theirs: str) -> str | None:
    """Returns the side that holds what both did to a stretch of nothing but imports; None if neither does.

    Where they give the same names, it is the one whose statements are the least like the base's in number: the
    layout is its work.
    """
    if "import" not in ours or "import" not in theirs:
        return None
    names = [_names(text) for text in (base, ours, theirs)]
    if names[0] is None or names[1] is None or names[2] is None:
        return None
    meant = (names[1] & names[2]) | (names[1] - names[0]) | (names[2] - names[0])
    if len({(one.indent, one.called) for one in meant}) < len(meant):
        return None  # one name for two things
    if _is_moved_and_gone(names[0], names[1], names[2]) or _is_moved_and_gone(names[0], names[2], names[1]):
        return None
    found = [text for text, given in ((ours, names[1]), (theirs, names[2])) if given == meant]
    if len(found) == 1 and names[0] in names[1:]:  # the other one only laid them out anew
        both = worded_in(base, ours if found[0] == theirs else theirs, found[0])
        return both if _names(both) == meant else found[0]
    old = len(imports_in(base))
    return max(found, key=lambda text: (abs(len(imports_in(text)) - old), text), default=None)


def _is_moved_and_gone(base: set[Imported], one: set[Imported], other: set[Imported]) -> bool:
    """Whether one side no longer imports a name that the other one imports from elsewhere now."""
    gone = {each.called for each in base} - {each.called for each in one}
    return not gone.isdisjoint(each.called for each in other - base)


def _names(text: str) -> set[Imported] | None:
    """The names that a text imports; None if it holds anything else, too."""
    if len(text) > LONG or _statement.sub("", text).strip():
        return None
    return {one for statement in imports_in(text) for one in statement}


def _read(found: re.Match[str]) -> tuple[Imported, ...]:
    indent, module, inside, plain = found.groups()
    names = [name.split() for name in (inside or plain or "").replace("\\", " ").split(",")]
    return tuple(Imported(indent, module or "", name[0], name[-1]) for name in names if name)
