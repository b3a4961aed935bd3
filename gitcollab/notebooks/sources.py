"""Layer 5: the source of one cell. git's own verdict first, then a second look at what git only says touches.

git contests two edits as soon as their lines touch. People who resolve such merges keep both edits where each has
lines of its own, or words of its own in one line; where both wrote something new at the same place they choose, and
where one side only laid the text out anew they take the other. The second look does the former and the last, and
leaves the rest contested.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from gitcollab.notebooks.imports import is_imported_twice, one_side_of
from gitcollab.notebooks.lines import Clash, Clean, Hunk, hunks, split, weave
from gitcollab.notebooks.parsing import is_broken
from gitcollab.notebooks.spacing import PARSED, is_layout, laid_out_like
from gitcollab.notebooks.touching import TELLING, by_line, holds, includes
from gitcollab.notebooks.wording import LONG_LINE

LAID_OUT = "the other side only laid it out anew"
"""Why a side's lines are not in a merged source that nobody has to decide."""

_words = re.compile(r"\w+|[^\w\s]")


class Sourced(NamedTuple):
    """A merged source, and why one side's lines are not in it, where that is so."""

    text: str
    reason: str = ""


def merged_source(base: str, ours: str, theirs: str) -> str | None:
    """Returns the merged source, None where a person has to decide."""
    found = sourced(base, ours, theirs)
    return None if found is None else found.text


def sourced(base: str, ours: str, theirs: str) -> Sourced | None:
    """Returns the merged source with what there is to note, None where a person has to decide."""
    texts = [text.encode("utf-8", "surrogatepass") for text in (base, ours, theirs)]
    woven = weave(texts[0], texts[1], texts[2])
    if woven.is_clean:
        merged = _decoded(woven.text("ours"))
        return None if is_imported_twice(merged, ours, theirs) else Sourced(merged)
    old = split(texts[0])
    parts = []
    reason = ""
    looks = 0  # each parses the whole source, so there may be only so many of them
    for segment in woven.segments:
        if isinstance(segment, Clean):
            parts.append(segment.lines)
            continue
        found = _looked_at_again(segment, old)
        if found is None:
            if looks == 0 and (whole := _edited_by_one(base, ours, theirs)) is not None:
                return whole
            looks += 1
            one = _said_by_one(segment, old, looks * len(base) <= 2 * PARSED)
            if one is None:
                return None
            found, reason = one.text.encode("utf-8", "surrogatepass"), reason or one.reason
        parts.append(found)
    merged = _decoded(b"".join(parts))
    if (
        _says_twice(merged, base, ours, theirs)
        or is_imported_twice(merged, ours, theirs)
        or (is_broken(merged) and not (is_broken(ours) or is_broken(theirs)))
    ):
        return None
    return Sourced(merged, reason)


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogatepass")


def _says_twice(merged: str, base: str, ours: str, theirs: str) -> bool:
    """Whether a telling line that a side wrote occurs more often than on either side."""
    counts = [Counter(text.split("\n")) for text in (merged, ours, theirs)]
    old = set(base.split("\n"))
    new = (line for line in counts[1] | counts[2] if line not in old and len(line.strip()) >= TELLING)
    return any(counts[0][line] > max(counts[1][line], counts[2][line]) for line in new)


def _looked_at_again(clash: Clash, old: list[bytes]) -> bytes | None:
    """The lines that a clash becomes, None if it is one."""
    plain = [_decoded(text) for text in (clash.base, clash.ours, clash.theirs)]
    imports = one_side_of(*plain)
    if imports is not None:
        return imports.encode("utf-8", "surrogatepass")
    texts = [split(text) for text in (clash.base, clash.ours, clash.theirs)]
    for large, small in ((texts[1], texts[2]), (texts[2], texts[1])):
        if holds(texts[0], large, small) or includes(*map(_ended, (texts[0], large, small))):
            return b"".join(large)
    more = _more_words(*plain)
    if more is not None:
        return more.encode("utf-8", "surrogatepass")
    is_ended = all(text[-1].endswith(b"\n") for text in texts if text)
    around = (old[: clash.start], old[clash.start + len(texts[0]) :])
    lines = by_line(*map(_ended, texts), around=around)
    if lines is None:
        return None
    found = b"".join(lines)
    return found if is_ended or not found.endswith(b"\n") else found[:-1]


def _ended(text: list[bytes]) -> list[bytes]:
    return [*text[:-1], text[-1] + b"\n"] if text and not text[-1].endswith(b"\n") else text


def _edited_by_one(base: str, ours: str, theirs: str) -> Sourced | None:
    """The source as the one side edited it, where the other one only wrapped it anew: half of that helps nobody."""
    for one, other in ((ours, theirs), (theirs, ours)):
        if one.count("\n") != base.count("\n") and is_layout(base, one, (base, one), must_parse=True):
            both = laid_out_like(base, one, other)
            return Sourced(other, LAID_OUT) if both is None else Sourced(both)
    return None


def _said_by_one(clash: Clash, old: list[bytes], is_parsed: bool) -> Sourced | None:
    """What the one side wrote, where the other one only changed space, blank lines or the layout, and in its layout
    where that can be."""
    base, ours, theirs = map(_decoded, (clash.base, clash.ours, clash.theirs))
    ends = old[: clash.start], old[clash.start + len(split(clash.base)) :]
    rest = _decoded(b"".join(ends[0])), _decoded(b"".join(ends[1]))
    for one, other in ((ours, theirs), (theirs, ours)):
        if _bare(base) == _bare(one):
            return _in_layout_of(one, base, other, rest)
    for one, other in ((ours, theirs), (theirs, ours)) if is_parsed else ():
        if is_layout(base, one, (base.join(rest), one.join(rest))):
            return _in_layout_of(one, base, other, rest)
    return None


def _in_layout_of(one: str, base: str, other: str, rest: tuple[str, str]) -> Sourced:
    both = laid_out_like(base, one, other, rest)
    return Sourced(other, LAID_OUT) if both is None else Sourced(both)


def _bare(text: str) -> list[str]:
    return [line for line in (line.rstrip() for line in text.rstrip().split("\n")) if line]


def _more_words(base: str, ours: str, theirs: str) -> str | None:
    """The side that made the other one's edit, word for word, and wrote more; None if neither did.

    Of two that differ in space alone it is the longer, unless the space is indentation.
    """
    if len(base) + len(ours) + len(theirs) > 3 * LONG_LINE:
        return None
    words = [_words.findall(text) for text in (base, ours, theirs)]
    if words[1] == words[2]:
        return _laid_out(base, ours, theirs)
    for large, small, text in ((words[1], words[2], ours), (words[2], words[1], theirs)):
        if _includes(words[0], large, small):
            return text
    return None


def _laid_out(base: str, ours: str, theirs: str) -> str | None:
    """Which of two texts that say the same: the one that has less of the base's own lines, for the layout is its work;
    else the longer one, unless they differ in indentation."""
    stripped = [[line.strip() for line in text.split("\n") if line.strip()] for text in (ours, theirs)]
    if stripped[0] == stripped[1]:
        return None
    old = {line.rstrip() for line in base.split("\n") if line.strip()}
    kept = [sum(line.rstrip() in old for line in text.split("\n")) for text in (ours, theirs)]
    if kept[0] != kept[1]:
        return ours if kept[0] < kept[1] else theirs
    return max(ours, theirs, key=lambda text: (len(text), text))


def _includes(base: list[str], large: list[str], small: list[str]) -> bool:
    """Whether the larger rewording holds the smaller one: it took out the same and more, it wrote the same and more,
    it left alone what the smaller one wrote, and it took out no more without writing something there."""
    gone, came = _rewording(base, small)
    if not {small[n] for n in came}.issubset(large):
        return False
    all_gone, all_came = _rewording(base, large)
    rest = iter([large[n] for n in sorted(all_came)])
    if not came or not gone <= all_gone or not all(word in rest for word in (small[n] for n in sorted(came))):
        return False
    further = _word_hunks(small, large)
    return all(
        hunk.new_end > hunk.new_start and came.isdisjoint(range(hunk.start, hunk.end)) for hunk in further
    )


def _rewording(old: list[str], new: list[str]) -> tuple[set[int], set[int]]:
    """Which words of the old text went, and which of the new one came."""
    changed = _word_hunks(old, new)
    gone = {n for hunk in changed for n in range(hunk.start, hunk.end)}
    return gone, {n for hunk in changed for n in range(hunk.new_start, hunk.new_end)}


def _word_hunks(old: list[str], new: list[str]) -> list[Hunk]:
    texts = ["\n".join([*words, ""]).encode("utf-8", "replace") for words in (old, new)]
    return hunks(texts[0], texts[1])
