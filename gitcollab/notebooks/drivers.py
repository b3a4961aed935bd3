"""Which merge is for which file: notebooks by cell, text by line, binaries whole, and what a lab adds of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple, Protocol

import msgspec

from gitcollab.notebooks.lines import Clash, is_text, weave
from gitcollab.notebooks.merging import merge, whole_file
from gitcollab.notebooks.policy import STANDARD, Policy
from gitcollab.notebooks.values import Contested, Merge, item_id

GROUP = "gitcollab.merge_drivers"
"""Entry points of this group are merge drivers; the entry point's name is the file name pattern, ``*.csv``."""


class MergeDriver(Protocol):
    """Merges three versions of one file into a Merge, ``ours`` the shared side, ``theirs`` the session's."""

    def __call__(self, base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy) -> Merge: ...


class Row(NamedTuple):
    """A pattern for file names, as a shell has it, and the driver for what it matches."""

    pattern: str
    driver: MergeDriver


def merge_file(base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy = STANDARD) -> Merge:
    """Merges a file of any type by the driver for its name; never raises.

    A driver that fails, or returns something else than a Merge, leaves the shared side as it is and one item.
    """
    if ours == theirs or theirs == base:
        return Merge(notebook=ours)
    if ours == base:
        return Merge(notebook=theirs)
    if not has_driver(path):
        return driver_of(path, ())(base, ours, theirs, path=path, policy=policy)
    try:
        return _checked(driver_of(path)(base, ours, theirs, path=path, policy=policy))
    except Exception as error:  # whatever somebody else's driver raises, the file goes to a person
        reason = f"{type(error).__name__} in the merge driver: {error}"[:300]
        return whole_file(base, ours, theirs, path, reason)


def _checked(merged: Merge) -> Merge:
    """What somebody else's code returned, if it is a Merge with the right things in it; else raises ValueError."""
    if not isinstance(merged, Merge):
        raise ValueError("it returned no Merge")
    plain = msgspec.to_builtins(merged, builtin_types=(bytes,))
    return msgspec.convert(plain, Merge, builtin_types=(bytes,))


def has_driver(path: str) -> bool:
    """Whether another package has a driver for this file, which may do anything: it wants limits around it."""
    return not _is_match(path, OWN.pattern) and any(_is_match(path, row.pattern) for row in installed())


def driver_of(path: str, rows: Iterable[Row] | None = None) -> MergeDriver:
    """Returns the driver for a file's name: our own for notebooks, else the first of ``rows`` that matches.

    By content where none does; ``rows`` are the installed ones unless given.
    """
    for row in (OWN, *(installed() if rows is None else rows)):
        if _is_match(path, row.pattern):
            return row.driver
    return by_content


def _is_match(path: str, pattern: str) -> bool:
    return fnmatchcase(path.rpartition("/")[2].lower(), pattern.lower())


OWN = Row("*.ipynb", merge)
"""The driver for notebooks; no other is asked for them."""


@functools.cache
def installed() -> tuple[Row, ...]:
    """The drivers that other packages installed; their code is not loaded before it is needed."""
    from importlib.metadata import entry_points  # slow to import, and most merges are of notebooks

    return tuple(Row(point.name, _lazily(point.load)) for point in entry_points(group=GROUP))


def _lazily(load: Callable[[], MergeDriver]) -> MergeDriver:
    def driver(base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy) -> Merge:
        return load()(base, ours, theirs, path=path, policy=policy)

    return driver


def by_content(base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy) -> Merge:
    """Merges text by line, each clash an item ``lines`` with the shared side's lines kept; keeps a binary whole."""
    del policy
    if not all(map(is_text, (base, ours, theirs))):
        return whole_file(base, ours, theirs, path, "both changed a file that is no text")
    woven = weave(base, ours, theirs)
    clashes = [segment for segment in woven.segments if isinstance(segment, Clash)]
    return Merge(notebook=woven.text("ours"), contested=tuple(_item(path, clash) for clash in clashes))


def _item(path: str, clash: Clash) -> Contested:
    return Contested(
        id=item_id(None, f"lines {clash.start}"),
        path=path,
        cell=None,
        field="lines",
        base=clash.base,
        shared=clash.ours,
        session=clash.theirs,
        reason="both changed the same lines",
    )
