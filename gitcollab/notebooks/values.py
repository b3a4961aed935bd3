"""What a merge or a diff answers with: plain values, compared by content."""

from __future__ import annotations

import hashlib

import msgspec

from gitcollab.model import Json

ID_DIGITS = 12
"""Hex digits of an item's id."""


class Contested(msgspec.Struct, frozen=True, kw_only=True):
    """A spot that two sides changed in ways that cannot be combined; a person decides.

    ``cell`` is the cell's id in the merged notebook, None for what belongs to the notebook or the file as a whole.
    ``field`` is ``source``, ``cell`` (the whole cell: deleted on one side, or its type changed), ``outputs``,
    ``metadata.KEY``, ``attachments.NAME``, ``notebook.metadata.KEY`` or ``file``. The values are text for a source,
    bytes for a file, else JSON; None where that side has nothing there.
    """

    id: str
    path: str
    cell: str | None
    field: str
    base: Json
    shared: Json
    session: Json
    reason: str


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A spot that both sides changed and that a policy decided. ``taken`` is shared, session, both or neither."""

    id: str
    path: str
    cell: str | None
    field: str
    base: Json
    shared: Json
    session: Json
    taken: str
    reason: str


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """A merged notebook (always valid if the sides were), what a person has to decide, and what a policy decided."""

    notebook: bytes
    contested: tuple[Contested, ...] = ()
    noted: tuple[Noted, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing waits for a person."""
        return not self.contested


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement on one spot. ``value`` is what the merged notebook holds there (None: nothing)."""

    is_contested: bool
    value: Json
    taken: str = ""
    reason: str = ""


def item_id(cell: str | None, field: str) -> str:
    """Names a spot for good: the same cell and field give the same id in every merge, whatever the path."""
    spot = f"{'' if cell is None else 'cell ' + cell}\0{field}"
    return hashlib.sha256(spot.encode("utf-8", "surrogatepass")).hexdigest()[:ID_DIGITS]
