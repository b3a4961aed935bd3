"""Which version number a change asks for, with reasons: MAJOR breaks, MINOR adds, HOTFIX mends. Never imposed."""

from __future__ import annotations

from collections.abc import Iterator

from gitcollab.model import Bump, Reason, Suggestion
from gitcollab.notebooks.interface import Argument, Offer, interface, is_python
from gitcollab.notebooks.reading import Unreadable, read_any

SHOWN = 50
"""Reasons that are listed."""

PLACED = ("any", "positional")
"""Kinds of arguments that can be given by their place."""

ORDER = (Bump.MAJOR, Bump.MINOR, Bump.HOTFIX)


def suggested_bump(before: bytes, after: bytes) -> Suggestion:
    """Suggests how to raise the version of a notebook that was ``before`` and is ``after``, the weightiest first.

    What others could rely on (functions, classes, constants in capitals, parameters, named results, figures) and is
    gone or is called otherwise is MAJOR; what was added is MINOR; all else is HOTFIX (semver.org, 6 to 8). Bytes that
    are no notebook give no suggestion. Reads the code, never runs it.
    """
    try:
        old, new = read_any(before), read_any(after)
    except (Unreadable, RecursionError):
        return Suggestion(bump=None)
    reasons = sorted(_reasons(interface(old), interface(new)), key=lambda one: ORDER.index(one.bump))
    if not is_python(new):
        reasons.append(Reason(bump=Bump.HOTFIX, text="its code is not Python, and was not looked into"))
    if before != after and not reasons:
        reasons = [Reason(bump=Bump.HOTFIX, text="nothing that others rely on was added or is gone")]
    bump = reasons[0].bump if reasons else None
    return Suggestion(bump=bump, reasons=tuple(reasons[:SHOWN]))


def _reasons(old: dict[str, Offer], new: dict[str, Offer]) -> Iterator[Reason]:
    for key, was in old.items():
        now = new.get(key)
        if now is None:
            yield _reason(Bump.MAJOR, was, "is gone")
        elif was.arguments is not None and now.arguments is not None:
            yield from _calls(was, now, (was.arguments, now.arguments))
        elif was.value != now.value:
            yield _reason(Bump.HOTFIX, now, "has another value")
    for key, now in new.items():
        if key not in old:
            yield _reason(Bump.MINOR, now, "is new")


def _reason(bump: Bump, offer: Offer, what: str) -> Reason:
    kind = "the figure of cell" if offer.kind == "figure" else offer.kind
    return Reason(bump=bump, cell=offer.cell, text=f"{kind} {offer.name} {what}")


def _calls(
    was: Offer, now: Offer, sides: tuple[tuple[Argument, ...], tuple[Argument, ...]]
) -> Iterator[Reason]:
    """What becomes of calls that were right before."""
    before, after = sides
    known, kinds = {one.name: one for one in before}, {one.kind for one in after}
    for one in before:
        is_caught = ("**" if one.kind == "keyword" else "*") in kinds
        if one.name not in {each.name for each in after} and not is_caught:
            yield _reason(Bump.MAJOR, was, f"no longer takes {one.name}")
    for one in after:
        if one.name in known:
            changed = _narrowed(known[one.name], one)
            if changed:
                yield _reason(Bump.MAJOR, now, changed)
        elif one.is_required:
            yield _reason(Bump.MAJOR, now, f"now needs {one.name}")
        else:
            yield _reason(Bump.MINOR, now, f"also takes {one.name}")
    places = [one.name for one in after if one.kind in PLACED]
    order = [one.name for one in before if one.kind in PLACED and one.name in places]
    if places[: len(order)] != order:
        yield _reason(Bump.MAJOR, now, "takes its arguments in another order")


def _narrowed(was: Argument, now: Argument) -> str:
    """How an argument can no longer be given, empty if as before."""
    if now.is_required and not was.is_required:
        return f"now needs {now.name}"
    if now.kind == "keyword" and was.kind in PLACED:
        return f"takes {now.name} by name only"
    if now.kind == "positional" and was.kind == "any":
        return f"takes {now.name} by place only"
    return ""
