"""API of contested items: what waits for a person, and the decision; and of taking back what happened."""

from __future__ import annotations

from typing import Literal

import msgspec

from gitcollab.acts import ReadItems, Settle, Undo
from gitcollab.errors import BadInput
from gitcollab.model import Item, Json, Receipt, Take
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """``take``: whose value stands (``mine`` is ``session``); ``source``: the text, with take ``text``.

    ``seen``: the item's ``seen`` as it was listed, or an object with any of its base, shared and session.
    """

    take: Literal["shared", "session", "mine", "both", "text"]
    seen: Json = None
    source: str | None = None


async def items(ask: Ask) -> tuple[Item, ...]:
    """Lists the open contested items."""
    return await ask.read(ReadItems(actor=ask.actor, collab=await ask.collab()))  # type: ignore[no-any-return]


async def settle(ask: Ask) -> Receipt:
    """Decides an item; 409 with the new item if its values moved since they were seen."""
    decision = await ask.form(Decision)
    return await ask.do(settlement(ask, await ask.collab(), decision))  # type: ignore[no-any-return]


def settlement(ask: Ask, collab: str, decision: Decision) -> Settle:
    """The act that the decision asks for; BadInput if it says no text where it must, or an unknown form of seen."""
    take = Take.SESSION if decision.take == "mine" else Take(decision.take)
    if take is Take.TEXT and decision.source is None:
        raise BadInput("Which text?", 'send it as "source"')
    if not isinstance(decision.seen, str | dict | None):
        raise BadInput('"seen" is neither the item\'s digest nor its values')
    return Settle(
        actor=ask.actor,
        collab=collab,
        item=ask.part("item"),
        take=take,
        seen=decision.seen,
        source=decision.source,
    )


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """``what``: the number of a save, landing, delivery, settlement or closing among the events, or a commit's id."""

    what: str | int


async def undo(ask: Ask) -> Receipt:
    """Takes back what was changed, as a save of the asker; where others went on from it, it is contested."""
    collab = await ask.collab()
    await ask.admit(Undo(actor=ask.actor, collab=collab, what=""))  # before what they say is looked at
    what = str((await ask.form(Undoing)).what)
    return await ask.do(Undo(actor=ask.actor, collab=collab, what=what))  # type: ignore[no-any-return]


DOORS = (
    Door(method="POST", path="/api/collabs/{id}/undo", go=undo, body=Undoing, answer=Receipt),
    Door(method="GET", path="/api/collabs/{id}/contested", go=items, answer=tuple[Item, ...]),
    Door(method="POST", path="/api/collabs/{id}/contested/{item}", go=settle, body=Decision, answer=Receipt),
)
