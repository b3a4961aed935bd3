"""What a collab stands on: it comes in by argument, so that tests and the writer give each their own."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import Engine

from gitcollab import notebooks
from gitcollab.collab.ledger import Tell
from gitcollab.collab.place import Place
from gitcollab.flow.charter import Charter
from gitcollab.flow.files import Merger
from gitcollab.flow.gating import Allowed

Clock = Callable[[], str]
"""Returns the time in UTC, ISO 8601."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a Collab stands on: where things lie, the store, the clock, and whom to tell what happened."""

    place: Place
    engine: Engine
    clock: Clock
    tell: Tell
    merger: Merger = notebooks.merge_file
    charter: Charter = Charter()
    gates: Allowed = Allowed()
    mirror_hosts: tuple[str, ...] = ()  # what mirrors may be besides public hosts
    is_unix: bool = False  # participants are users of this system, who find their directories opened to them
