"""What every act is: one value that says who asks, sent over the wire."""

from __future__ import annotations

from typing import dataclass_transform

import msgspec

from gitcollab.model import Actor


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))  # for type checkers
class Act(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of all acts. ``actor`` is who asks; access is decided where the act is done."""

    actor: Actor


class CollabAct(Act):
    """An act on one collab, by its id."""

    collab: str
