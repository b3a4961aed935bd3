"""Holding: saves that were held back, and what their authors decide. Answered by the writer."""

from __future__ import annotations

from typing import Literal

from gitcollab.acts.act import Act, CollabAct
from gitcollab.model import HeldSave, Receipt


class ReadHeld(CollabAct):
    """What waits for the actor's decision: their own saves, nobody else's."""


class ReadHeldFile(CollabAct):
    """The bytes of a save that is held back: its author's."""

    held: str


class DecideHeld(CollabAct):
    """Decides what becomes of a save that was held back.

    ``take``: release (share it as it is: it is no secret, it is meant), restore (go back to the version before it, in
    the watched workspace too) or drop (keep just this out; the file on the disk stays). ``seen`` is the mark of what
    the author has looked at; empty decides unseen.
    """

    held: str
    take: Literal["release", "restore", "drop"]
    seen: str = ""


ANSWERS: dict[type[Act], object] = {
    ReadHeld: tuple[HeldSave, ...],
    ReadHeldFile: bytes,
    DecideHeld: Receipt,
}
