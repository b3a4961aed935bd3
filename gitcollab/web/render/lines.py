"""Two texts side by side: which lines match, and which words of a changed line are new."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gitcollab.web.render import code

MOST_LINES = 20_000
"""Lines of a side up to which it is compared; beyond, everything counts as changed."""
MOST_WORDS = 1_500
"""Words of a line up to which they are compared."""
ALIKE = 0.35
"""How alike two lines must be for their words to be marked, from 0 to 1."""
WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Row(NamedTuple):
    """A line on each side; ``kind`` is same, added, removed or changed. Numbers count from 1, None: no line."""

    kind: str
    old: int | None
    old_html: str
    new: int | None
    new_html: str


def rows(before: str, after: str, language: str = "") -> list[Row]:
    """The lines of both texts, matching ones beside each other."""
    if before == after:
        return [same(i, i, spans) for i, spans in enumerate(code.lines_of(after, language))] if after else []
    old, new = (code.lines_of(text, language) if text else [] for text in (before, after))
    found: list[Row] = []
    for tag, i, i_end, j, j_end in matched([plain(line) for line in old], [plain(line) for line in new]):
        if tag == "equal":
            found += [same(i + k, j + k, new[j + k]) for k in range(i_end - i)]
        else:
            found += changed(old[i:i_end], new[j:j_end], i, j)
    return found


def plain(line: Sequence[code.Span]) -> str:
    """A line's text."""
    return "".join(text for _, text in line)


def same(old: int, new: int, line: Sequence[code.Span]) -> Row:
    """A line that both sides have."""
    html = code.html_of(line)
    return Row("same", old + 1, html, new + 1, html)


def matched(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Stretches of equal and of replaced lines, in order."""
    if max(len(old), len(new)) > MOST_LINES:
        return [("replace", 0, len(old), 0, len(new))]
    from rapidfuzz.distance import Indel

    found: list[tuple[str, int, int, int, int]] = []
    for step in Indel.opcodes(old, new):
        tag, i, i_end, j, j_end = step.tag, step.src_start, step.src_end, step.dest_start, step.dest_end
        if tag != "equal" and found and found[-1][0] != "equal":
            last = found.pop()
            found.append(("replace", last[1], i_end, last[3], j_end))
        else:
            found.append(("equal" if tag == "equal" else "replace", i, i_end, j, j_end))
    return found


def changed(old: list[list[code.Span]], new: list[list[code.Span]], i: int, j: int) -> list[Row]:
    """Lines that were replaced: pairs that are alike with their words marked, the others one by one."""
    if len(old) * len(new) == 0 or len(old) + len(new) > 400:
        return [*removed(old, i), *added(new, j)]
    found: list[Row] = []
    pairs = min(len(old), len(new))
    for k in range(pairs):
        found += paired(old[k], new[k], i + k, j + k)
    return [*found, *removed(old[pairs:], i + pairs), *added(new[pairs:], j + pairs)]


def removed(lines: list[list[code.Span]], start: int) -> list[Row]:
    """Lines that only the older side has."""
    return [Row("removed", start + k + 1, code.html_of(line), None, "") for k, line in enumerate(lines)]


def added(lines: list[list[code.Span]], start: int) -> list[Row]:
    """Lines that only the newer side has."""
    return [Row("added", None, "", start + k + 1, code.html_of(line)) for k, line in enumerate(lines)]


def paired(old: list[code.Span], new: list[code.Span], i: int, j: int) -> list[Row]:
    """Two lines in one another's place, with the words marked that differ, if they are alike."""
    marks = words(plain(old), plain(new))
    if marks is None:
        return [*removed([old], i), *added([new], j)]
    return [Row("changed", i + 1, code.html_of(old, marks[0]), j + 1, code.html_of(new, marks[1]))]


def words(old: str, new: str) -> tuple[code.Marks, code.Marks] | None:
    """The ranges of characters that differ, on each side; None if the lines are not alike."""
    from rapidfuzz.distance import Indel

    pieces = WORD.findall(old), WORD.findall(new)
    if max(map(len, pieces)) > MOST_WORDS or Indel.normalized_similarity(*pieces) < ALIKE:
        return None
    was, now = (offsets(side) for side in pieces)
    changes = [step for step in Indel.opcodes(*pieces) if step.tag != "equal"]
    return (
        [(was[step.src_start], was[step.src_end]) for step in changes if step.src_end > step.src_start],
        [(now[step.dest_start], now[step.dest_end]) for step in changes if step.dest_end > step.dest_start],
    )


def offsets(pieces: Sequence[str]) -> list[int]:
    """Where each piece begins, and where the last one ends."""
    found = [0]
    for piece in pieces:
        found.append(found[-1] + len(piece))
    return found
