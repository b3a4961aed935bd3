"""Word by word: one line that both sides edited, where each has words of its own in it.

Words and signs are compared, the space between them apart: who only spaced a line out anew has said nothing, and who
added a word has said nothing about the space.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate
from typing import NamedTuple

from gitcollab.notebooks.lines import Hunk, hunks

LONG_LINE = 4000
"""Characters of a line beyond which nobody can see that two edits in it are apart: such a line is contested."""

# A number with its points (a version, an address) is one word, an operator one sign: half of either means nothing.
_token = re.compile(r"(\s*)(\d+(?:\.\w+)*|\w+|[-+*/%@&|^=!<>]=|->|\*\*|//|<<|>>|[^\w\s])")
_formula = re.compile(r"\$|\\[a-zA-Z]")
_string = re.compile(r"'[^']*'|\"[^\"]*\"")
# An address, or a name or path in quotes.
_unit = re.compile(r"\w+://[^\s'\"<>()\[\]]+|'[^'\s]+'|\"[^\"\s]+\"")
TELLING = 3
"""Letters from which on a word that both sides wrote is taken to be meant once."""

_END = "\n"
"""Stands for the end of the line, before which there is space as before a word."""


class _Text(NamedTuple):
    """The words and signs of a line, and the space before each; the last one is the end."""

    words: list[str]
    spaces: list[str]


class _Edit(NamedTuple):
    hunk: Hunk
    side: int


def merged_words(base: str, ours: str, theirs: str) -> str | None:
    """Returns a line with both sides' edits, None where they touch: a word or a sign that both left alone must stand
    between any two edits (in a formula, where each sign means much, a word)."""
    if max(map(len, (base, ours, theirs))) > LONG_LINE:
        return None
    texts = [_read(text) for text in (base, ours, theirs)]
    changes = [_changes(texts[0], texts[k]) for k in (1, 2)]
    is_formula = any(_formula.search(text) for text in (base, ours, theirs))
    edits = _apart(sorted(_Edit(h, k) for k in (1, 2) for h in changes[k - 1]), texts, is_formula)
    if edits is None or _is_in_one_unit(base, texts, changes):
        return None
    found = _written(texts, changes, edits)
    if found is not None and _says_twice(found, texts):
        return None
    if found is not None and all(any(_is_quoting(texts, hunk, k) for hunk in changes[k - 1]) for k in (1, 2)):
        said = {text for side in (base, ours, theirs) for text in _quoted(side)}
        return (
            found if said.issuperset(_quoted(found)) else None
        )  # the one's quotes end what the other's begin
    return found


def worded_in(base: str, laid_out: str, edited: str) -> str:
    """Returns the words of an edited text in the layout that the other side gave to the base, as far as that goes.

    Where both did something to the same words, the layout gives way.
    """
    texts = [_read(text) for text in (base, laid_out, edited)]
    changes = [_changes(texts[0], texts[k]) for k in (1, 2)]
    kept = [hunk for hunk in changes[0] if not any(_is_over(hunk, other) for other in changes[1])]
    edits = sorted([*(_Edit(hunk, 1) for hunk in kept), *(_Edit(hunk, 2) for hunk in changes[1])])
    return _written(texts, changes, edits, is_layout=True) or edited


def _is_in_one_unit(base: str, texts: list[_Text], changes: list[list[Hunk]]) -> bool:
    """Whether both sides edited one address, or one name or path in quotes, each in its way: half of either is none."""
    ends = list(accumulate(len(part) for pair in zip(*texts[0][::-1], strict=True) for part in pair))
    for unit in _unit.finditer(base):
        inside = [[h for h in hunks if _reaches(h, ends, unit.span())] for hunks in changes]
        came = [[(h[:2], _new(_Edit(h, k + 1), texts)) for h in inside[k]] for k in (0, 1)]
        if came[0] and came[1] and came[0] != came[1]:
            return True
    return False


def _reaches(hunk: Hunk, ends: list[int], span: tuple[int, int]) -> bool:
    """Whether an edit changes what stands between two characters; ``ends`` are where each space and each word end."""
    start = ends[2 * hunk.start]
    end = ends[2 * hunk.end - 1] if hunk.end > hunk.start else start
    return start < span[1] and end > span[0] if hunk.end > hunk.start else span[0] < start < span[1]


def _says_twice(found: str, texts: list[_Text]) -> bool:
    """Whether a new word that both sides wrote, each elsewhere, is there oftener than on either side."""
    counts = [Counter(text.words) for text in (*texts, _read(found))]
    both = (counts[1].keys() & counts[2].keys()) - counts[0].keys()
    return any(
        counts[3][word] > max(counts[1][word], counts[2][word]) for word in both if len(word) >= TELLING
    )


def _is_quoting(texts: list[_Text], hunk: Hunk, side: int) -> bool:
    words = texts[0].words[hunk.start : hunk.end] + texts[side].words[hunk.new_start : hunk.new_end]
    return not {"'", '"'}.isdisjoint(words)


def _quoted(text: str) -> list[str]:
    return [found[1:-1] for found in _string.findall(text)]


def _is_over(one: Hunk, other: Hunk) -> bool:
    """Whether two edits are of the same words, or write at the same place."""
    return one[:2] == other[:2] or (one.start < other.end and other.start < one.end)


def _read(text: str) -> _Text:
    words, spaces = [], []
    at = 0
    for found in _token.finditer(text):
        spaces.append(found[1])
        words.append(found[2])
        at = found.end()
    return _Text([*words, _END], [*spaces, text[at:]])


def _changes(old: _Text, new: _Text) -> list[Hunk]:
    encoded = ["\n".join([*text.words[:-1], ""]).encode("utf-8", "surrogateescape") for text in (old, new)]
    return hunks(encoded[0], encoded[1])


def _apart(edits: list[_Edit], texts: list[_Text], is_formula: bool) -> list[_Edit] | None:
    """The edits of both sides, what both did once; None if two of different sides are too close."""
    found: list[_Edit] = []
    for edit in edits:
        last = found[-1] if found else None
        if last is not None and last.side != edit.side:
            if last.hunk[:2] == edit.hunk[:2] and _new(last, texts) == _new(edit, texts):
                continue
            if not _is_between(texts[0].words[last.hunk.end : edit.hunk.start], is_formula):
                return None
        found.append(edit)
    return found


def _new(edit: _Edit, texts: list[_Text]) -> list[str]:
    return texts[edit.side].words[edit.hunk.new_start : edit.hunk.new_end]


def _is_between(words: list[str], is_formula: bool) -> bool:
    if not is_formula:
        return bool(words)
    return any(word[0].isalnum() or word[0] == "_" for word in words)


def _written(
    texts: list[_Text], changes: list[list[Hunk]], edits: list[_Edit], *, is_layout: bool = False
) -> str | None:
    """The base with the edits, each word with the space that a side gave it; None if they touch in the space.

    With ``is_layout`` the space is as the first side has it, wherever it changed that.
    """
    places = [_places(texts[0], texts[k], changes[k - 1]) for k in (1, 2)]
    size = len(texts[0].words)
    found: list[str | None] = []
    at = 0
    for hunk, side in [*edits, _Edit(Hunk(size, size, 0, 0), 1)]:
        for k in range(at, hunk.start):
            found += [_space(texts, places, [[], []] if is_layout else changes, k), texts[0].words[k]]
        for k in range(hunk.new_start, hunk.new_end):
            found += [texts[side].spaces[k], texts[side].words[k]]
        other = places[2 - side].get(hunk.start)
        if hunk.start < hunk.end and hunk.new_start < hunk.new_end and other is not None:
            old, mine = texts[0].spaces[hunk.start], texts[side].spaces[hunk.new_start]
            first = 2 * (hunk.new_start - hunk.new_end)
            spaces = mine, texts[3 - side].spaces[other]
            if is_layout and spaces[side - 1] != old:
                spaces = spaces[side - 1], spaces[side - 1]
            found[first] = _of_three(old, *spaces)
        at = hunk.end
    return None if None in found else "".join(part for part in found[:-1] if part)


def _places(old: _Text, new: _Text, changes: list[Hunk]) -> dict[int, int]:
    """Where each word of the old line that is still there stands in the new one."""
    found = {}
    i = j = 0
    for hunk in [*changes, Hunk(len(old.words), len(old.words), len(new.words), len(new.words))]:
        while i < hunk.start:
            found[i] = j
            i, j = i + 1, j + 1
        i, j = hunk.end, hunk.new_end
    return found


def _space(texts: list[_Text], places: list[dict[int, int]], changes: list[list[Hunk]], k: int) -> str | None:
    """The space before a word that both sides left alone; None if one changed it where the other one edited."""
    old = texts[0].spaces[k]
    new = [texts[n + 1].spaces[places[n][k]] for n in (0, 1)]
    ends = [any(hunk.end == k for hunk in hunks) for hunks in changes]
    if new[0] != new[1] and any(ends[n] and not ends[1 - n] and new[1 - n] != old for n in (0, 1)):
        return None
    return _of_three(old, new[0], new[1])


def _of_three(old: str, one: str, two: str) -> str:
    """The space as the one has it that changed it, of two the longer."""
    if one == two or two == old:
        return one
    return two if one == old else max(one, two, key=lambda space: (len(space), space))
