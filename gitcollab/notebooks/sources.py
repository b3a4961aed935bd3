"""Layer 5: the source of one cell. git's own verdict first, then a second look at what git only says touches.

git contests two edits as soon as their lines touch. People who resolve such merges keep both edits where each has
lines of its own, or words of its own in one line; where both wrote something new at the same place they choose.
The second look does the former and leaves the latter contested.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from gitcollab.notebooks.lines import Clash, Clean, Hunk, hunks, split, weave
from gitcollab.notebooks.parsing import is_broken

LONG_LINE = 4000
"""Characters of a line beyond which nobody can see that two edits in it are apart: such a line is contested."""
LARGE = 1600
"""Pairs of lines in one changed stretch up to which each is compared with each."""
TELLING = 12
"""Characters from which on a line is taken to occur once by intention."""
ALIKE = 0.5
"""Likeness from which one line of a changed stretch is another one edited."""

_tokens = re.compile(r"\w+|\s+|[^\w\s]")
_import = re.compile(r"\s*(?:from\s+\S+\s+)?import\s+([^#;]+)")
_words = re.compile(r"\w+|[^\w\s]")


def merged_source(base: str, ours: str, theirs: str) -> str | None:
    """Returns the merged source, None where a person has to decide."""
    texts = [text.encode("utf-8", "surrogatepass") for text in (base, ours, theirs)]
    woven = weave(texts[0], texts[1], texts[2])
    if woven.is_clean:
        return (
            None if _import_twice(base, ours, theirs) else woven.text("ours").decode("utf-8", "surrogatepass")
        )
    parts = []
    for segment in woven.segments:
        found = segment.lines if isinstance(segment, Clean) else _looked_at_again(segment)
        if found is None:
            return None
        parts.append(found)
    merged = b"".join(parts).decode("utf-8", "surrogatepass")
    if _says_twice(merged, base, ours, theirs) or (
        is_broken(merged) and not (is_broken(ours) or is_broken(theirs))
    ):
        return None
    return merged


def _says_twice(merged: str, base: str, ours: str, theirs: str) -> bool:
    """Whether a telling line that a side wrote occurs more often than on either side."""
    counts = [Counter(text.split("\n")) for text in (merged, ours, theirs)]
    old = set(base.split("\n"))
    new = (line for line in counts[1] | counts[2] if line not in old and len(line.strip()) >= TELLING)
    return any(counts[0][line] > max(counts[1][line], counts[2][line]) for line in new)


def _looked_at_again(clash: Clash) -> bytes | None:
    """The lines that a clash becomes, None if it is one."""
    for one, other in ((clash.ours, clash.theirs), (clash.theirs, clash.ours)):
        if _is_space_only(clash.base, one):
            return other
    texts = [split(text) for text in (clash.base, clash.ours, clash.theirs)]
    for large, small in ((texts[1], texts[2]), (texts[2], texts[1])):
        if _holds(texts[0], large, small):
            return b"".join(large)
    more = _more_words(
        *(text.decode("utf-8", "surrogatepass") for text in (clash.base, clash.ours, clash.theirs))
    )
    if more is not None:
        return more.encode("utf-8", "surrogatepass")
    is_ended = all(text[-1].endswith(b"\n") for text in texts if text)
    lines = _by_line(*map(_ended, texts))
    if lines is None:
        return None
    found = b"".join(lines)
    return found if is_ended or not found.endswith(b"\n") else found[:-1]


def _ended(text: list[bytes]) -> list[bytes]:
    return [*text[:-1], text[-1] + b"\n"] if text and not text[-1].endswith(b"\n") else text


def _is_space_only(base: bytes, side: bytes) -> bool:
    """Whether a side changed nothing but blank lines, space at line ends, or a semicolon at the very end."""
    return _bare(base) == _bare(side)


def _bare(text: bytes) -> list[bytes]:
    return [line for line in (line.rstrip() for line in text.rstrip(b"; \t\r\n").split(b"\n")) if line]


def _holds(base: list[bytes], large: list[bytes], small: list[bytes]) -> bool:
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
    return at == len(rest) and not any(_is_from(line, old) for line in more)


def _is_from(line: bytes, old: set[bytes]) -> bool:
    words = _counted(line)
    for other in old:
        was_commented_out = line.strip().startswith(b"#") and line.strip().lstrip(b"# ") == other.strip()
        if not was_commented_out and _likeness(words, _counted(other)) >= ALIKE:
            return True
    return False


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


def _imported(line: str) -> list[str]:
    found = _import.match(line)
    return [part.split()[-1] for part in found[1].strip("()").split(",") if part.split()] if found else []


def _more_words(base: str, ours: str, theirs: str) -> str | None:
    """The side that made the other one's edit, word for word, and wrote more; None if neither did.

    Of two that differ in space alone it is the longer, unless the space is indentation.
    """
    if len(base) + len(ours) + len(theirs) > 3 * LONG_LINE:
        return None
    words = [_words.findall(text) for text in (base, ours, theirs)]
    if words[1] == words[2]:
        stripped = [[line.strip() for line in text.split("\n") if line.strip()] for text in (ours, theirs)]
        return None if stripped[0] == stripped[1] else max(ours, theirs, key=lambda text: (len(text), text))
    for large, small, text in ((words[1], words[2], ours), (words[2], words[1], theirs)):
        if _includes(words[0], large, small):
            return text
    return None


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


# --- line by line --------------------------------------------------------------------------------------------------


class _Side(NamedTuple):
    """One side of a clash, seen from the base: what each base line became (None: it went), and what is new between.

    ``busy`` holds the gaps at which it wrote something or took something out, and those where it might as well have.
    """

    lines: list[bytes | None]
    added: dict[int, list[bytes]]
    busy: set[int]


def _by_line(base: list[bytes], ours: list[bytes], theirs: list[bytes]) -> list[bytes] | None:
    shared = (set(ours) & set(theirs)) - set(base)
    one, two = _seen_from(base, ours, shared), _seen_from(base, theirs, shared)
    found: list[bytes] = []
    for gap in range(len(base) + 1):
        added = _between(one, two, gap)
        if added is None:
            return None
        found += added
        if gap < len(base):
            line = _line(base[gap], one.lines[gap], two.lines[gap])
            if line is None:
                return None
            found.append(line)
    return found


def _between(one: _Side, two: _Side, gap: int) -> list[bytes] | None:
    mine, other = one.added.get(gap, []), two.added.get(gap, [])
    if mine == other or not (gap in one.busy and gap in two.busy):
        return mine or other
    if not mine or not other:
        return None  # written by one where the other one took out lines
    for large, small in ((mine, other), (other, mine)):
        if small and _holds([], large, small):
            return large
    if all(_import.fullmatch(line.decode("utf-8", "replace").rstrip()) for line in mine + other):
        return sorted(set(mine + other))  # whose order means nothing
    return None


def _line(base: bytes, ours: bytes | None, theirs: bytes | None) -> bytes | None:
    """One line that both sides have; empty if it goes, None if they disagree."""
    if ours == theirs or theirs == base:
        return ours or b""
    if ours == base:
        return theirs or b""
    return None if ours is None or theirs is None else _by_word(base, ours, theirs)


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
    for i in range(len(old) - 1, -1, -1):
        for k in range(len(new) - 1, -1, -1):
            score = 0.0 if new[k] in apart and len(old) < len(new) else _likeness(words[0][i], words[1][k])
            best[i][k] = max(best[i + 1][k], best[i][k + 1])
            if score >= ALIKE:
                likeness[i, k] = score + best[i + 1][k + 1]
                best[i][k] = max(best[i][k], likeness[i, k])
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


def _counted(line: bytes) -> Counter[str]:
    if len(line) > LONG_LINE:
        return Counter([line.decode("utf-8", "replace")])
    return Counter(_words.findall(line.decode("utf-8", "replace")))


def _likeness(a: Counter[str], b: Counter[str]) -> float:
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0


# --- word by word --------------------------------------------------------------------------------------------------


def _by_word(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """One line edited by both, where a word that both left alone stands between any two edits."""
    if max(map(len, (base, ours, theirs))) > LONG_LINE:
        return None
    texts = [_tokens.findall(line.decode("utf-8", "surrogateescape")) for line in (base, ours, theirs)]
    tokens = [
        b"".join(t.replace("\n", "\v").encode("utf-8", "surrogateescape") + b"\n" for t in text)
        for text in texts
    ]
    sides = hunks(tokens[0], tokens[1]), hunks(tokens[0], tokens[2])
    edits = sorted([(h, 1) for h in sides[0]] + [(h, 2) for h in sides[1]])
    found: list[str] = []
    at = 0
    last: tuple[Hunk, int] | None = None
    for hunk, side in edits:
        new = texts[side][hunk.new_start : hunk.new_end]
        if last is not None and last[1] != side:
            if last[0][:2] == hunk[:2] and new == texts[last[1]][last[0].new_start : last[0].new_end]:
                continue
            if not _has_word(texts[0][last[0].end : hunk.start]):
                return None
        found += texts[0][at : hunk.start] + new
        at = hunk.end
        last = hunk, side
    return "".join(found + texts[0][at:]).encode("utf-8", "surrogateescape")


def _has_word(tokens: list[str]) -> bool:
    return any(token[0].isalnum() or token[0] == "_" for token in tokens)
