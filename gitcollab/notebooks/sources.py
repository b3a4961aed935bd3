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

from gitcollab.notebooks.lines import Clash, Clean, Hunk, hunks, split, weave
from gitcollab.notebooks.parsing import is_broken
from gitcollab.notebooks.spacing import PARSED, is_layout
from gitcollab.notebooks.touching import TELLING, by_line, holds, includes
from gitcollab.notebooks.wording import LONG_LINE

LAID_OUT = "the other side only laid it out anew"
"""Why a side's lines are not in a merged source that nobody has to decide."""

_import = re.compile(r"\s*(?:from\s+\S+\s+)?import\s+([^#;]+)")
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
        return None if _import_twice(base, ours, theirs) else Sourced(_decoded(woven.text("ours")))
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
            found, reason = _said_by_one(segment, old, looks * len(base) <= 2 * PARSED), LAID_OUT
        if found is None:
            return None
        parts.append(found)
    merged = _decoded(b"".join(parts))
    if _says_twice(merged, base, ours, theirs) or (
        is_broken(merged) and not (is_broken(ours) or is_broken(theirs))
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
    texts = [split(text) for text in (clash.base, clash.ours, clash.theirs)]
    for large, small in ((texts[1], texts[2]), (texts[2], texts[1])):
        if holds(texts[0], large, small) or includes(texts[0], large, small):
            return b"".join(large)
    more = _more_words(_decoded(clash.base), _decoded(clash.ours), _decoded(clash.theirs))
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
            return Sourced(other, LAID_OUT)
    return None


def _said_by_one(clash: Clash, old: list[bytes], is_parsed: bool) -> bytes | None:
    """What the one side wrote, where the other one only changed space, blank lines or the layout."""
    for one, other in ((clash.ours, clash.theirs), (clash.theirs, clash.ours)):
        if _bare(clash.base) == _bare(one):
            return other
    whole = _decoded(b"".join(old))
    for one, other in ((clash.ours, clash.theirs), (clash.theirs, clash.ours)) if is_parsed else ():
        end = clash.start + len(split(clash.base))
        alone = _decoded(b"".join([*old[: clash.start], one, *old[end:]]))
        if is_layout(_decoded(clash.base), _decoded(one), (whole, alone)):
            return other
    return None


def _bare(text: bytes) -> list[bytes]:
    return [line for line in (line.rstrip() for line in text.rstrip().split(b"\n")) if line]


def _import_twice(base: str, ours: str, theirs: str) -> bool:
    """Whether each side added an import of its own that gives the same name: one of them is meant."""
    if "import" not in ours or "import" not in theirs:
        return False
    old = set(base.split("\n"))
    new = [set(text.split("\n")) - old for text in (ours, theirs)]
    names = [
        {name for line in lines for name in _imported(line)} for lines in (new[0] - new[1], new[1] - new[0])
    ]
    return not names[0].isdisjoint(names[1])


def _imported(line: str) -> list[tuple[int, str]]:
    """The names that a line imports, each with the indentation: in a function it is another name."""
    found = _import.match(line)
    indent = len(line) - len(line.lstrip())
    names = found[1].strip("()").split(",") if found else []
    return [(indent, name.split()[-1]) for name in names if name.split()]


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
    texts = ["".join(f"{word}\n" for word in words).encode("utf-8", "replace") for words in (old, new)]
    return hunks(texts[0], texts[1])
