"""Serving: how the writer is, and everything that happens there."""

from __future__ import annotations

from gitcollab.acts.act import Act
from gitcollab.model import Json


class Status(Act):
    """How the writer is: its collabs, workspaces, and anything that needs a person. Admins only."""


class Measure(Act):
    """What the writer has counted, as Prometheus reads it: for administrators, and for the machine's own programs."""


class Follow(Act):
    """Asks for every event from now on, as a stream on this connection; ``ready`` is the first frame."""


ANSWERS: dict[type[Act], object] = {
    Status: dict[str, Json],
    Measure: bytes,
}
