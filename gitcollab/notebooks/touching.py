"""Line by line: a stretch that both sides changed, where each may have changed lines of its own in it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise, takewhile
from typing import NamedTuple

from gitcollab.notebooks.lines import Hunk, hunks
from gitcollab.notebooks.wording import LONG_LINE, merged_words

LARGE = 1600
"""Pairs of lines in one changed stretch up to which each is compared with each."""
FEW = 8
"""Times that many pairs of lines may be compared once."""
LIST = 3
"""Items at the end of a list that show whether it is kept in order."""
TELLING = 12
"""Characters from which on a line is taken to occur once by intention."""
ALIKE = 0.5
"""Likeness from which one line of a changed stretch is another one edited."""

_import = re.compile(r"\s*(?:from\s+\S+\s+)?import\s+([^#;]+)")
_words = re.compile(r"\w+|[^\w\s]")
_Words = set[str | tuple[str, int]]
_item = re.compile(r"(\s*(?:[-*+]\s+)?[^\w\s]*)(\w.*)")


class _Side(NamedTuple):
    """One side of a clash, seen from the base: what each base line became (None: it went), and what is new between.

    ``busy`` holds the gaps at which it wrote something or took something out, and those where it might as well have.
    """

    lines: list[bytes | None]
    added: dict[int, list[bytes]]
    busy: set[int]


def by_line(
    base: list[bytes],
    ours: list[bytes],
    theirs: list[bytes],
    *,
    around: tuple[list[bytes], list[bytes]] = ([], []),
) -> list[bytes] | None:
    """Returns the lines with what each side did to them, None where both did something to one of them, or wrote
    something at one place. ``around`` holds the lines before the stretch and those behind it."""
    shared = (set(ours) & set(theirs)) - set(base)
    one, two = _seen_from(base, ours, shared), _seen_from(base, theirs, shared)
    found: list[bytes] = []
    for gap in range(len(base) + 1):
        added = _between(one, two, gap, ([*around[0], *base[:gap]], [*base[gap:], *around[1]]))
        if added is None:
            return None
        found += added
        if gap < len(base):
            line = _line(base[gap], one.lines[gap], two.lines[gap])
            if line is None:
                return None
            found.append(line)
    return found


def _between(one: _Side, two: _Side, gap: int, around: tuple[list[bytes], list[bytes]]) -> list[bytes] | None:
    mine, other = one.added.get(gap, []), two.added.get(gap, [])
    if mine == other or not (gap in one.busy and gap in two.busy):
        return mine or other
    if not mine or not other:
        return None  # written by one where the other one took out lines
    for large, small in ((mine, other), (other, mine)):
        if not any(line.strip() for line in small) or holds([], large, small):
            return large
    both = sorted({*mine, *other})
    return both if _is_unordered(both) or _is_sorted(mine, other, around) else None


def _is_unordered(lines: list[bytes]) -> bool:
    """Whether these are imports, whose order means nothing."""
    return all(_import.fullmatch(line.decode("utf-8", "replace").rstrip()) for line in lines)


def _is_sorted(mine: list[bytes], other: list[bytes], around: tuple[list[bytes], list[bytes]]) -> bool:
    """Whether both sides wrote items into a list that is kept in order, between two of its items, or at an end of it
    behind at least two."""
    new = sorted({*mine, *other})
    mark = _marked(new[0])[0]
    before, after = (
        list(takewhile(lambda item: item[0] == mark, map(_marked, lines)))
        for lines in (around[0][: -LIST - 1 : -1], around[1][:LIST])
    )
    if before and after:
        before, after = before[:1], after[:1]
    items = [*before[::-1], *map(_marked, new), *after]
    keys = [key for _, key in items]
    is_kept = mine == sorted(mine) and other == sorted(other) and len(before) + len(after) >= 2
    return is_kept and bool(mark) and {item[0] for item in items} == {mark} and keys == sorted(set(keys))


def _marked(line: bytes) -> tuple[str, str]:
    """The sign at the beginning of an item and what the list is ordered by; no sign if this is no item."""
    found = _item.match(line.decode("utf-8", "replace"))
    return ("", "") if found is None else (found[1], found[2].casefold())


def _line(base: bytes, ours: bytes | None, theirs: bytes | None) -> bytes | None:
    """One line that both sides have; empty if it goes, None if they disagree."""
    if ours == theirs or theirs == base:
        return ours or b""
    if ours == base:
        return theirs or b""
    if ours is None or theirs is None:
        return None
    if is_commented_out(base, ours) != is_commented_out(base, theirs):
        return None
    texts = [line.decode("utf-8", "surrogateescape") for line in (base, ours, theirs)]
    found = merged_words(*texts)
    return None if found is None else found.encode("utf-8", "surrogateescape")


def is_commented_out(line: bytes, new: bytes) -> bool:
    """Whether the new line is the old one made a comment, or that and a remark."""
    return (
        new.strip().startswith(b"#")
        and new.strip().lstrip(b"# ").startswith(line.strip().lstrip(b"# "))
        and (not line.strip().startswith(b"#"))
    )


def holds(base: list[bytes], large: list[bytes], small: list[bytes]) -> bool:
    """Whether one side wrote all that the other one did, and more, and the more is nothing that the other took out.

    An old line that was commented out beside the new one is more of that kind.
    """
    rest = [line.rstrip() for line in small if line.strip()]
    old = {line.rstrip() for line in base}
    if not rest or all(line in old for line in rest):
        return False
    more = []
    at = 0
    for line in (line.rstrip() for line in large):
        if at < len(rest) and line == rest[at]:
            at += 1
        elif line:
            more.append(line)
    if at < len(rest) or len(more) * len(old) > FEW * LARGE:
        return False
    known = [(line, _counted(line)) for line in old] if more else []
    return not any(_is_from(line, known) for line in more)


def includes(base: list[bytes], large: list[bytes], small: list[bytes]) -> bool:
    """Whether one side took out all lines that the other one did, wrote all that it did, one of them telling, and did
    more, none of it with a line that the other one took out for good."""
    gone, came = _changed(base, small)
    if not set(came).issubset(large) or not any(len(line) >= TELLING and line not in base for line in came):
        return False
    all_gone, all_came = _changed(base, large)
    rest = iter(all_came)
    return (
        not Counter(gone) - Counter(all_gone)
        and not any(line in large for line in gone)
        and all(line in rest for line in came)
        and not _is_kept_alive(gone, came, all_came)
    )


def _changed(old: list[bytes], new: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The lines that went, and those that came, blank ones aside."""
    changed = hunks(b"".join(old), b"".join(new))
    gone = [line for hunk in changed for line in old[hunk.start : hunk.end] if line.strip()]
    return gone, [line for hunk in changed for line in new[hunk.new_start : hunk.new_end] if line.strip()]


def _is_kept_alive(gone: list[bytes], came: list[bytes], all_came: list[bytes]) -> bool:
    """Whether a line that the smaller change took out, and wrote nothing for, was edited by the larger one."""
    edited = {i for i, _ in _paired(gone, came, set())}
    lost = [_counted(line) for i, line in enumerate(gone) if i not in edited]
    more = [_counted(line) for line in all_came if line not in came]
    if len(lost) * len(more) > FEW * LARGE:
        return True  # nobody looked
    return any(_likeness(one, other) >= ALIKE for one in lost for other in more)


def _is_from(line: bytes, old: list[tuple[bytes, _Words]]) -> bool:
    words = _counted(line)
    return any(
        _likeness(words, other_words) >= ALIKE and not is_commented_out(other, line)
        for other, other_words in old
    )


def _seen_from(base: list[bytes], side: list[bytes], shared: set[bytes]) -> _Side:
    """``shared`` are lines that both sides wrote: new ones, and no old line edited."""
    lines: list[bytes | None] = list(base)
    added: dict[int, list[bytes]] = {}
    busy: set[int] = set()
    for hunk in hunks(b"".join(base), b"".join(side)):
        pairs = _paired(base[hunk.start : hunk.end], side[hunk.new_start : hunk.new_end], shared)
        _note(hunk, pairs, side, (lines, added, busy))
    return _Side(lines, added, busy)


def _note(
    hunk: Hunk,
    pairs: list[tuple[int, int]],
    side: list[bytes],
    into: tuple[list[bytes | None], dict[int, list[bytes]], set[int]],
) -> None:
    lines, added, busy = into
    if hunk.end - hunk.start != hunk.new_end - hunk.new_start:  # which line became which is a guess
        busy.update(range(hunk.start + 1, hunk.end))
    ends = [(-1, -1), *pairs, (hunk.end - hunk.start, hunk.new_end - hunk.new_start)]
    for (i, k), (next_i, next_k) in pairwise(ends):
        new = side[hunk.new_start + k + 1 : hunk.new_start + next_k]
        gone = range(hunk.start + i + 1, hunk.start + next_i)
        for n in gone:
            lines[n] = None
        if new:
            added.setdefault(gone.start, []).extend(new)
        if new or gone:
            busy.update(range(gone.start, gone.stop + 1))
        if next_i < hunk.end - hunk.start:
            lines[hunk.start + next_i] = side[hunk.new_start + next_k]


def _paired(old: list[bytes], new: list[bytes], apart: set[bytes]) -> list[tuple[int, int]]:
    """Which line of a changed stretch is which, edited: in order, the likest together."""
    if not old or not new or len(old) * len(new) > LARGE:
        return []
    words = [list(map(_counted, lines)) for lines in (old, new)]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    likeness: dict[tuple[int, int], float] = {}
    is_new = [len(old) < len(new) and line in apart for line in new]
    for i in range(len(old) - 1, -1, -1):
        row, below = best[i], best[i + 1]
        for k in range(len(new) - 1, -1, -1):
            most = row[k + 1] if row[k + 1] > below[k] else below[k]
            score = 0.0 if is_new[k] else _likeness(words[0][i], words[1][k])
            if score >= ALIKE:
                likeness[i, k] = score + below[k + 1]
                most = max(most, likeness[i, k])
            row[k] = most
    found = []
    i = k = 0
    while i < len(old) and k < len(new):
        if likeness.get((i, k)) == best[i][k]:
            found.append((i, k))
            i, k = i + 1, k + 1
        elif best[i][k] == best[i + 1][k]:
            i += 1
        else:
            k += 1
    return found


def _counted(line: bytes) -> _Words:
    """The words and signs of a line as a set, each further occurrence with its number."""
    if len(line) > LONG_LINE:
        return {line.decode("utf-8", "replace")}
    words = _words.findall(line.decode("utf-8", "replace"))
    found: _Words = set(words)
    if len(found) < len(words):
        times: dict[str, int] = {}
        for word in words:
            times[word] = n = times.get(word, 0) + 1
            if n > 1:
                found.add((word, n))
    return found


def _likeness(a: _Words, b: _Words) -> float:
    total = len(a) + len(b)
    return 2 * len(a & b) / total if total else 1.0
