"""Merging one file: which engine, what stays contested, and how an open item's spot is kept out of the merge.

Everything here takes and returns bytes; None is a file that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from gitcollab import notebooks
from gitcollab.flow import items as itemroom
from gitcollab.flow import spots
from gitcollab.model import Item, Json
from gitcollab.notebooks import STANDARD, Policy

Bytes3 = tuple[bytes | None, bytes | None, bytes | None]


class Merger(Protocol):
    """Merges three versions of a file by the driver for its name; injected, so that work can travel to a worker."""

    def __call__(
        self, base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy = STANDARD
    ) -> notebooks.Merge: ...


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a file on which two sides disagree, with the three values (see :class:`Item`)."""

    cell: str | None
    field: str
    base: Json
    shared: Json
    session: Json
    reason: str = ""
    range: tuple[int, int] | None = None


class FileMerge(msgspec.Struct, frozen=True, kw_only=True):
    """What a file becomes on the shared branch, and what was left contested or decided by a policy."""

    data: bytes | None
    contested: tuple[Spot, ...] = ()
    noted: tuple[str, ...] = ()
    ranges: dict[str, tuple[int, int]] = {}
    """Where the open items of a text now lie in ``data``, by item id."""


def is_notebook(path: str) -> bool:
    """Whether a path is merged by cells."""
    return path.endswith(".ipynb")


def merge_file(path: str, sides: Bytes3, merger: Merger = notebooks.merge_file) -> FileMerge:
    """Merges (base, shared, session) of one file.

    Whatever cannot be combined keeps the shared version and is contested; a deletion against an edit keeps the edit.
    A notebook that the shared branch may not hold (invalid, ids not unique) is contested as a whole file.
    """
    base, shared, session = sides
    if session in (base, shared):
        return FileMerge(data=shared)
    if shared == base:
        return _admitted(path, sides, FileMerge(data=session))
    if shared is None or session is None:
        return _deleted_and_edited(path, sides)
    merged = _merge_both(path, base, shared, session, merger)
    return _admitted(path, sides, merged)


def merge_file_around(
    path: str, sides: Bytes3, bound: Sequence[Item], merger: Merger = notebooks.merge_file
) -> FileMerge:
    """Merges like :func:`merge_file`, but leaves the spots of open items as they are on the shared side.

    Those spots are judged by themselves, against the base at which they parted.
    """
    base, shared, session = sides
    if not bound:
        return merge_file(path, sides, merger)
    if any(item.field == "file" for item in bound):
        return FileMerge(data=shared)
    if base is None or shared is None or session is None:
        return (
            FileMerge(data=shared)
            if shared is None
            else whole_file(sides, shared, "the session deleted the file")
        )
    if any(item.field == "lines" for item in bound):
        return _merge_lines_around((base, shared, session), bound)
    for item in bound:
        base = spots.put(base, item, spots.get(session, item, like=shared), like=shared)
    return merge_file(path, (base, shared, session), merger)


def kept_own(merged: FileMerge, own: bytes | None) -> bytes | None:
    """Returns the merged file with the session's version, taken from ``own``, of everything that is contested."""
    data = merged.data
    if any(spot.field == "file" for spot in merged.contested):
        return own
    hunks = sorted((spot for spot in merged.contested if spot.range), key=lambda spot: spot.range or (0, 0))
    for spot in reversed(hunks):
        lines, (start, end) = notebooks.split(data or b""), spot.range or (0, 0)
        data = b"".join([*lines[:start], itemroom.as_bytes(spot.session) or b"", *lines[end:]])
    for spot in merged.contested:
        if spot.range is None and data is not None:
            data = notebooks.place(data, spot.cell, spot.field, spot.session, like=own or b"")
    return data


def _merge_both(path: str, base: bytes | None, shared: bytes, session: bytes, merger: Merger) -> FileMerge:
    if is_notebook(path):
        merge = merger(notebooks.EMPTY if base is None else base, shared, session, path=path)
        found = tuple(_spot_of(one) for one in merge.contested)
        return FileMerge(data=merge.notebook, contested=found, noted=tuple(_told(one) for one in merge.noted))
    if notebooks.has_driver(path):
        return _driven(path, base, shared, session, merger)
    if all(notebooks.is_text(side) for side in (base or b"", shared, session)):
        return _merge_lines(base or b"", shared, session)
    return whole_file((base, shared, session), shared, "both sides changed a file that is not text")


def _driven(path: str, base: bytes | None, shared: bytes, session: bytes, merger: Merger) -> FileMerge:
    """Merges by another package's driver. What it cannot decide is one item of the whole file: of a spot within it
    nobody but the driver could say where it is when others have saved meanwhile."""
    merge = merger(base or b"", shared, session, path=path)
    if merge.contested:
        return whole_file((base, shared, session), shared, merge.contested[0].reason)
    return FileMerge(data=merge.notebook, noted=tuple(_told(one) for one in merge.noted))


def _merge_lines(base: bytes, shared: bytes, session: bytes) -> FileMerge:
    woven = notebooks.weave(base, shared, session)
    line, found = 0, []
    for segment in woven.segments:
        height = spots.lines_in(segment.lines if isinstance(segment, notebooks.Clean) else segment.ours)
        if isinstance(segment, notebooks.Clash):
            found.append(_hunk(segment, (line, line + height)))
        line += height
    return FileMerge(data=woven.text("ours"), contested=tuple(found))


def _merge_lines_around(sides: tuple[bytes, bytes, bytes], bound: Sequence[Item]) -> FileMerge:
    """Merges with each open hunk masked by one line that is the same in all three texts; the shared hunk comes back."""
    base, shared, session = sides
    masked = [spots.masked(text, bound, like=shared) for text in (base, shared, session)]
    merged = _merge_lines(*masked)
    hunks = {item.id: spots.get(shared, item, like=shared) for item in bound}
    data, ranges, lines = spots.unmasked(merged.data or b"", hunks)
    found = tuple(msgspec.structs.replace(spot, range=_there(spot.range, lines)) for spot in merged.contested)
    return FileMerge(data=data, contested=found, ranges=ranges)


def _there(span: tuple[int, int] | None, lines: Sequence[int]) -> tuple[int, int] | None:
    return None if span is None else (lines[span[0]], lines[span[1]])


def _hunk(clash: notebooks.Clash, span: tuple[int, int]) -> Spot:
    values = {
        "base": itemroom.as_json(clash.base),
        "shared": itemroom.as_json(clash.ours),
        "session": itemroom.as_json(clash.theirs),
    }
    return Spot(cell=None, field="lines", reason="both sides changed these lines", range=span, **values)


def _deleted_and_edited(path: str, sides: Bytes3) -> FileMerge:
    base, shared, session = sides
    kept = session if shared is None else shared
    if kept is not None and base is not None and is_notebook(path) and notebooks.is_volatile(base, kept):
        return FileMerge(data=None, noted=(f"{path}: deleted; the other side had only run or opened it",))
    merged = whole_file(sides, kept, "one side deleted the file, the other edited it")
    return merged if shared is not None else _admitted(path, sides, merged)


def _admitted(path: str, sides: Bytes3, merged: FileMerge) -> FileMerge:
    """Mends a notebook that the shared branch may not hold, or keeps the shared version of it."""
    if not is_notebook(path) or merged.data is None or merged.data == sides[1]:
        return merged
    faults = notebooks.problems(merged.data)
    if not faults:
        return merged
    better = notebooks.mended(merged.data)
    if better is None:
        return whole_file(sides, sides[1], faults[0])
    told = (*merged.noted, f"{path}: {faults[0]}; mended")
    return msgspec.structs.replace(merged, data=better, noted=told)


def whole_file(sides: Bytes3, kept: bytes | None, reason: str) -> FileMerge:
    """Contests a whole file; ``kept`` is what the shared branch holds meanwhile."""
    base, shared, session = map(itemroom.as_json, sides)
    spot = Spot(cell=None, field="file", base=base, shared=shared, session=session, reason=reason)
    return FileMerge(data=kept, contested=(spot,))


def _spot_of(one: notebooks.Contested) -> Spot:
    as_value: Callable[[Json], Json] = itemroom.as_json if one.field == "file" else (lambda value: value)
    return Spot(
        cell=one.cell,
        field=one.field,
        base=as_value(one.base),
        shared=as_value(one.shared),
        session=as_value(one.session),
        reason=one.reason,
    )


def _told(one: notebooks.Noted) -> str:
    return f"{one.path or 'notebook'} {one.cell or ''} {one.field}: took {one.taken}, {one.reason}".replace(
        "  ", " "
    )
