"""API of held saves: what waits for its author's decision, their own only."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from gitcollab.acts import DecideHeld, Purge, PurgeDone, ReadHeld, ReadHeldFile
from gitcollab.acts.holding import HeldSave
from gitcollab.errors import BadInput
from gitcollab.model import Receipt
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door

TAKES = ("release", "restore", "drop")


class HeldDecision(msgspec.Struct, frozen=True, kw_only=True):
    """``take``: release (share it), restore (the version before it) or drop (keep it out).

    ``seen``: the mark of what was looked at; 409 if another save is held by now.
    """

    take: str
    seen: str = ""


async def held(ask: Ask) -> tuple[HeldSave, ...]:
    """Lists the asker's saves that are held back, and deletions that wait to be confirmed."""
    return await ask.do(ReadHeld(actor=ask.actor, collab=await ask.collab()))  # type: ignore[no-any-return]


async def held_file(ask: Ask) -> Response:
    """Gives the bytes of a held save to its author."""
    data = await ask.do(ReadHeldFile(actor=ask.actor, collab=await ask.collab(), held=ask.part("held")))
    headers = {"content-disposition": "attachment", "cache-control": "no-store"}
    return Response(data, media_type="application/octet-stream", headers=headers)


async def decide(ask: Ask) -> Receipt:
    """Decides what becomes of a held save."""
    said = await ask.form(HeldDecision)
    act = DecideHeld(
        actor=ask.actor,
        collab=await ask.collab(),
        held=ask.part("held"),
        take=said.take,  # type: ignore[arg-type]  # looked at below
        seen=said.seen,
    )
    await ask.admit(act)  # first: to a stranger there is nothing here, whatever they say
    if said.take not in TAKES:
        raise BadInput(f"{said.take!r} decides nothing", f"say {', '.join(TAKES)}")
    return await ask.do(act)  # type: ignore[no-any-return]


class PurgeOf(msgspec.Struct, frozen=True, kw_only=True):
    """``text``: what is to go, wherever it stands; ``path``: the file it stands in, or that goes as a whole."""

    path: str = ""
    text: str = ""


async def purge(ask: Ask) -> PurgeDone:
    """Takes a secret out of all history for good; owner only."""
    said, collab = await ask.form(PurgeOf), await ask.collab()
    return await ask.do(Purge(actor=ask.actor, collab=collab, path=said.path, text=said.text))  # type: ignore[no-any-return]


ONE = "/api/collabs/{id}/held/{held}"
DOORS = (
    Door(method="GET", path="/api/collabs/{id}/held", go=held, answer=tuple[HeldSave, ...]),
    Door(method="GET", path=ONE, go=held_file, answer=bytes),
    Door(method="POST", path=ONE, go=decide, body=HeldDecision, answer=Receipt),
    Door(method="POST", path="/api/collabs/{id}/purge", go=purge, body=PurgeOf, answer=PurgeDone),
)
