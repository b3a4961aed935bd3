"""A place: from where a browser fetches what a cell put out, instead of having it inside the page."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote


class Place(NamedTuple):
    """A cell's place. ``prefix`` names collab and commit, so that what lies there never changes and is kept by
    browsers; empty: nowhere, and everything stands in the page itself."""

    prefix: str = ""
    path: str = ""
    cell: int = 0

    def of(self, cell: int) -> Place:
        """The place of the notebook's cell ``cell``, counted from 0."""
        return self._replace(cell=cell)

    def address(self, key: str) -> str:
        """Where a piece of the cell is fetched: ``3`` is its output 3, ``a0`` its first attachment, ``3h`` what
        of output 3 may run in a sandbox. Empty if it is nowhere."""
        return f"{self.prefix}/{self.cell}.{key}/{quote(self.path)}" if self.prefix else ""


NOWHERE = Place()
