"""What is held back, on its author's own pages: why, and the three things they can say to it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from gitcollab.acts import DecideHeld, ReadHeld
from gitcollab.acts.holding import HeldSave, Suspicion
from gitcollab.errors import BadInput, Forbidden, Moved, Unavailable
from gitcollab.web.pages.frame import Page, View
from gitcollab.web.words import count

WHY = {
    "secret": "It holds what looks like a secret, so that nobody else has seen it yet.",
    "emptied": "Nothing was left of it, so that everybody keeps the version before.",
    "unreadable": "It is no notebook any more, so that everybody keeps the version before.",
    "deleted": "They are gone from your directory; everybody else still has them.",
}
KINDS = {
    "aws-access-key": "AWS access key",
    "url-password": "password in an address",
    "github-token": "GitHub token",
    "jwt": "signed token (JWT)",
}
SHOWN = 12
"""Paths of files that are gone, on the page."""


@dataclass
class Waiting:
    """A held save as it is asked about. ``takes`` are the answers: value, words."""

    held: HeldSave
    title: str
    why: str
    found: list[str]
    takes: list[tuple[str, str]]

    @property
    def more(self) -> int:
        """How many paths are not shown."""
        return max(0, len(self.held.paths) - SHOWN)


def waiting(held: HeldSave) -> Waiting:
    """The question that a held save is."""
    if held.reason == "deleted":
        gone = count(len(held.paths), "file")
        takes = [("restore", "Bring them back"), ("release", f"Delete {gone} for everybody")]
        return Waiting(held, f"{gone} deleted?", WHY["deleted"], list(held.paths[:SHOWN]), takes)
    takes = [("release", "It is no secret: share it" if held.reason == "secret" else "It is meant: share it")]
    if held.has_earlier:
        takes.insert(0, ("restore", "Go back to the version before"))
    if not held.is_dropped:
        takes.append(("drop", "Keep it out"))
    found = [told(one) for one in held.findings]
    title = f"{held.path}, not saved yet" if held.is_draft else held.path
    return Waiting(held, title, WHY[held.reason], found, takes)


def told(one: Suspicion) -> str:
    """``AWS access key: the outputs of cell a1b2, line 3, A… (20 characters)``."""
    where = f"the {one.field} of cell {one.cell}" if one.cell else f"the {one.field}"
    kind = KINDS.get(one.kind, one.kind.replace("-", " "))
    return f"{kind}: {where}, line {one.line}, {one.excerpt}"


async def mine(view: View, collab: str) -> list[Waiting]:
    """What waits for the asker; nothing while it cannot be asked for, or may not be."""
    try:
        found: tuple[HeldSave, ...] = await view.do(ReadHeld(actor=view.actor, collab=collab))
    except (Forbidden, Unavailable):
        return []
    return [waiting(held) for held in found if not held.is_dropped]


async def decide(view: View) -> Response:
    """Takes an author's decision."""
    said, collab = await view.fields(), await view.collab()
    take = said.get("take", "")
    if take not in {"release", "restore", "drop"}:
        raise BadInput("What shall become of it?", "choose one of the buttons")
    act = DecideHeld(
        actor=view.actor,
        collab=collab,
        held=view.part("held"),
        take=take,  # type: ignore[arg-type]  # one of the three
        seen=said.get("seen", ""),
    )
    try:
        await view.do(act)
    except Moved:
        return view.go(f"/c/{collab}#held")  # the page shows what is held by now
    return view.go(f"/c/{collab}")


PAGES = (Page("/c/{id}/held/{held}", decide, "POST"),)
