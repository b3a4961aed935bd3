"""News: what somebody who runs `join` may want to know of it."""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec


class News(enum.StrEnum):
    """What a person may want to know of an exchange."""

    JOINED = "joined"
    SAVED = "saved"
    DELETED = "deleted"
    RENAMED = "renamed"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"  # deleted here, because the collab deleted it
    CONTESTED = "contested"
    ASKED = "asked"
    SKIPPED = "skipped"
    REFUSED = "refused"
    HELD = "held"
    MASS_DELETION = "mass-deletion"
    KEPT = "kept"  # while the server is away, with the time of the save
    OFFLINE = "offline"
    ONLINE = "online"
    LEFT = "left"


class Progress(msgspec.Struct, frozen=True):
    """One piece of news. ``path`` is a file's, or nothing; ``detail`` says more in words."""

    news: News
    path: str = ""
    detail: str = ""
    paths: tuple[str, ...] = ()


Tell = Callable[[Progress], object]
"""Is told, from any thread but one at a time. To a mass deletion, True answers that it is meant."""
