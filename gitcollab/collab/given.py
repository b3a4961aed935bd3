"""What a collab stands on: it comes in by argument, so that tests and the writer give each their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec
from sqlalchemy import Engine

from gitcollab import notebooks
from gitcollab.acts import Act
from gitcollab.collab.ledger import Tell
from gitcollab.collab.place import Place
from gitcollab.flow.charter import Charter
from gitcollab.flow.files import Merger
from gitcollab.flow.gating import Allowed
from gitcollab.repository import Repository

Clock = Callable[[], str]
"""Returns the time in UTC, ISO 8601."""


class Room(Protocol):
    """How much there may be of anything."""

    def check(self, act: Act, repo: Repository | None = None) -> None:
        """Raises TooMany or NoSpace, the ``quota`` in its data, for an act that has no room; counts it otherwise."""

    def check_refs(self, collab: str) -> None:
        """Raises NoSpace, with the ``quota`` in its data, where a collab has no room for one more branch."""


class Boundless:
    """Room for everything."""

    def check(self, act: Act, repo: Repository | None = None) -> None:
        """Refuses nothing."""

    def check_refs(self, collab: str) -> None:
        """Refuses nothing."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a Collab stands on: where things lie, the store, the clock, and whom to tell what happened."""

    place: Place
    engine: Engine
    clock: Clock
    tell: Tell
    merger: Merger = notebooks.merge_file
    charter: Charter = Charter()
    gates: Allowed = Allowed()
    room: Room = Boundless()
    mirror_hosts: tuple[str, ...] = ()  # what mirrors may be besides public hosts
    is_unix: bool = False  # participants are users of this system, who find their directories opened to them
