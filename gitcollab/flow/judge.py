"""Judging an open item anew: both sides equal, mergeable after all, or still contested with the values of today."""

from __future__ import annotations

import msgspec

from gitcollab import notebooks
from gitcollab.flow import items as itemroom
from gitcollab.model import Item, Json
from gitcollab.notebooks import STANDARD, Policy


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an item.

    ``value`` is what the shared branch's spot shall hold. ``item`` is the item with its new values, None if it closed
    for ``reason`` (equal, mergeable).
    """

    value: Json
    item: Item | None = None
    reason: str = ""


def judge(item: Item, held: Json, mine: Json, *, before: Json, policy: Policy = STANDARD) -> Verdict:
    """Judges one spot: ``held`` is what the shared branch holds there now, ``mine`` what the session holds.

    The base is the item's own: where the two sides parted, not git's merge base. ``before`` is what the shared branch
    held there until now: what comes where nothing was is a version of its own, not an edit of the one that was kept.
    ``policy`` is the one that the shared branch's merges follow.
    """
    if item.shared is None and item.session is not None and held is not None and before is not None:
        return _judge_kept_edit(item, held, mine, policy)
    if held == mine:
        return Verdict(value=held, reason="equal")
    if item.shared is None and held is None and mine == item.session:
        return Verdict(
            value=None, item=item
        )  # deleted again by somebody who had seen the edit: stays deleted
    return _weigh(item, (item.base, held, mine), policy)


def _judge_kept_edit(item: Item, held: Json, mine: Json, policy: Policy) -> Verdict:
    """The shared branch had deleted the spot and keeps the session's edit until a person decides."""
    if held == item.session:
        if mine is None:
            return Verdict(value=None, reason="equal")
        return Verdict(value=mine, item=msgspec.structs.replace(item, session=mine))
    if held == mine:
        return Verdict(value=held, reason="equal")
    return _weigh(item, (item.session, held, mine), policy)


def _weigh(item: Item, sides: tuple[Json, Json, Json], policy: Policy) -> Verdict:
    base, held, mine = sides
    is_contested, value = _weighed(item.field, sides, policy)
    is_guarded = item.reason == notebooks.LOCKED and base not in (held, mine)
    if not is_contested and not is_guarded:
        return Verdict(value=value, reason="mergeable")
    kept = mine if held is None else held  # a deletion against an edit keeps the edit
    return Verdict(value=kept, item=msgspec.structs.replace(item, base=base, shared=held, session=mine))


def _weighed(field: str, sides: tuple[Json, Json, Json], policy: Policy) -> tuple[bool, Json]:
    if field == "lines":
        woven = notebooks.weave(*(itemroom.as_bytes(side) or b"" for side in sides))
        return not woven.is_clean, itemroom.as_json(woven.text("ours"))
    weighed = notebooks.weigh(field, *sides, policy=policy)
    return weighed.is_contested, weighed.value
