"""Which merge is for which file: notebooks by cell, text by line, binaries whole, and what a lab adds of its own."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple, Protocol

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
    try:
        merged = driver_of(path)(base, ours, theirs, path=path, policy=policy)
    except Exception as error:  # whatever somebody else's driver raises, the file goes to a person
        return whole_file(
            base, ours, theirs, path, f"{type(error).__name__} in the merge driver: {error}"[:300]
        )
    if not isinstance(merged, Merge):
        return whole_file(base, ours, theirs, path, "the merge driver returned no Merge")
    return merged


def driver_of(path: str, rows: Iterable[Row] | None = None) -> MergeDriver:
    """Returns the driver of the first row whose pattern matches the file's name; by content where none does."""
    name = path.rpartition("/")[2].lower()
    for pattern, driver in installed() if rows is None else rows:
        if fnmatchcase(name, pattern.lower()):
            return driver
    return by_content


@functools.cache
def installed() -> tuple[Row, ...]:
    """The drivers that other packages installed, and then our own."""
    from importlib.metadata import entry_points  # slow to import, and most merges are of notebooks

    added = [Row(point.name, _lazily(point.load)) for point in entry_points(group=GROUP)]
    return (*added, Row("*.ipynb", merge))


def _lazily(load: object) -> MergeDriver:
    def driver(base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy) -> Merge:
        found: MergeDriver = load()  # type: ignore[operator]
        return found(base, ours, theirs, path=path, policy=policy)

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
