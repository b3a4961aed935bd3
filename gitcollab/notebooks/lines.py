"""Lines: what changed between two texts, and the three-way merge of any text, with git's own verdicts."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

FIRST_LOOK = 8000
"""Bytes in which git looks for a NUL to tell binary from text (xdiff-interface.c, FIRST_FEW_BYTES)."""


class Hunk(NamedTuple):
    """Lines [start, end) of the old text became lines [new_start, new_end) of the new one."""

    start: int
    end: int
    new_start: int
    new_end: int


class Clean(msgspec.Struct, frozen=True, tag=True):
    """A stretch on which the sides agree, or that only one of them changed."""

    lines: bytes


class Clash(msgspec.Struct, frozen=True, tag=True):
    """A stretch that both sides changed differently. ``start`` is its first line in the base, from 0."""

    base: bytes
    ours: bytes
    theirs: bytes
    start: int


class Weave(msgspec.Struct, frozen=True):
    """A line merge of a text: stretches in order."""

    segments: tuple[Clean | Clash, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing clashes."""
        return not any(isinstance(segment, Clash) for segment in self.segments)

    def text(self, side: str) -> bytes:
        """Joins all stretches, each clash as ``side`` (base, ours or theirs) has it."""
        return b"".join(s.lines if isinstance(s, Clean) else getattr(s, side) for s in self.segments)


def is_text(data: bytes) -> bool:
    """Whether git would merge these bytes by line: no NUL near the beginning."""
    return b"\0" not in data[:FIRST_LOOK]


def split(data: bytes) -> list[bytes]:
    """Splits into lines that keep their ends; only ``\\n`` ends a line (splitlines knows ten more ends)."""
    lines = data.split(b"\n")
    last = lines.pop()
    whole = [line + b"\n" for line in lines]
    return [*whole, last] if last else whole


def hunks(old: bytes, new: bytes) -> list[Hunk]:
    """Lists the changed stretches in order, as git's differ sees them."""
    if old == new:
        return []
    if not old or not new:
        return [Hunk(0, len(split(old)), 0, len(split(new)))]
    if old.find(b"\n", 0, -1) < 0 and new.find(b"\n", 0, -1) < 0:
        return [Hunk(0, 1, 0, 1)]  # one line each, however long
    import pygit2  # heavy, and most merges never compare two texts

    flags = pygit2.enums.DiffOption.FORCE_TEXT  # without it a NUL gives no hunks at all
    patch = pygit2.Patch.create_from(old, new, flag=flags, context_lines=0, interhunk_lines=0)
    return [_hunk(h.old_start, h.old_lines, h.new_start, h.new_lines) for h in patch.hunks]


def _hunk(old_start: int, old_lines: int, new_start: int, new_lines: int) -> Hunk:
    # In a patch an empty range is numbered by the line before it, another one by its first line.
    start = old_start - 1 if old_lines else old_start
    new = new_start - 1 if new_lines else new_start
    return Hunk(start, start + old_lines, new, new + new_lines)


def weave(base: bytes, ours: bytes, theirs: bytes) -> Weave:
    """Merges three texts by line; stretches that touch or overlap clash unless both sides are equal there.

    Same verdict and bytes as ``git merge-file``.
    """
    for one, other in ((ours, theirs), (theirs, base)):
        if one == other:
            return Weave((Clean(ours),) if ours else ())
    if ours == base:
        return Weave((Clean(theirs),) if theirs else ())
    sides = hunks(base, ours), hunks(base, theirs)
    return Weave(tuple(_segments(split(base), (split(ours), split(theirs)), sides)))


def _segments(
    base: list[bytes], texts: tuple[list[bytes], list[bytes]], sides: tuple[list[Hunk], list[Hunk]]
) -> list[Clean | Clash]:
    found: list[Clean | Clash] = []
    at = 0  # first base line not yet put out
    for group in grouped(sides):
        start = min(h.start for hs in group for h in hs)
        end = max(h.end for hs in group for h in hs)
        clean = [b"".join(base[at:start])]
        at = end
        old = b"".join(base[start:end])
        new = [b"".join(_stretch(texts[i], group[i], start, end)) if group[i] else old for i in (0, 1)]
        if not group[1] or new[0] == new[1]:
            clean.append(new[0])
        elif not group[0]:
            clean.append(new[1])
        else:
            _add(found, clean)
            found.append(Clash(old, new[0], new[1], start))
            continue
        _add(found, clean)
    _add(found, [b"".join(base[at:])])
    return found


def _add(found: list[Clean | Clash], parts: list[bytes]) -> None:
    lines = b"".join(parts)
    if not lines:
        return
    if found and isinstance(found[-1], Clean):
        lines = found.pop().lines + lines  # type: ignore[union-attr]
    found.append(Clean(lines))


def _stretch(text: list[bytes], changes: list[Hunk], start: int, end: int) -> list[bytes]:
    first, last = changes[0], changes[-1]
    return text[first.new_start - (first.start - start) : last.new_end + (end - last.end)]


def grouped(sides: tuple[list[Hunk], list[Hunk]]) -> list[tuple[list[Hunk], list[Hunk]]]:
    """Puts hunks of the two sides that touch or overlap into one group; groups are in base order."""
    tagged = sorted([(h.start, h.end, 0, h) for h in sides[0]] + [(h.start, h.end, 1, h) for h in sides[1]])
    groups: list[tuple[list[Hunk], list[Hunk]]] = []
    end = -1
    for start, stop, side, hunk in tagged:
        if start > end or not groups:
            groups.append(([], []))
            end = stop
        groups[-1][side].append(hunk)
        end = max(end, stop)
    return groups
