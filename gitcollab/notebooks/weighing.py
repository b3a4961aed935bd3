"""The judgement on one spot: what follows when two sides have each their own value there."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from gitcollab.model import Json
from gitcollab.notebooks.lines import weave
from gitcollab.notebooks.policy import STANDARD, Policy
from gitcollab.notebooks.reading import is_cell, joined
from gitcollab.notebooks.residue import combined
from gitcollab.notebooks.sources import sourced
from gitcollab.notebooks.values import Weighed


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final[Any] = _Absent()
"""Stands for a member that a side does not have, where None is a value of its own."""

RUN = ("outputs", "execution_count")
"""The fields of a cell's run."""


class Three(NamedTuple):
    """The values of one spot in the base and on both sides; ABSENT where one has nothing there."""

    base: Json
    shared: Json
    session: Json

    def as_told(self) -> Three:
        """The same with None for nothing, as items have it."""
        return Three(*(None if value is ABSENT else value for value in self))


def weigh(field: str, base: Json, shared: Json, session: Json, *, policy: Policy = STANDARD) -> Weighed:
    """Judges one spot as merge does, without raising. None means that a side has nothing there.

    ``field`` as in Contested; a whole cell (``cell``) is judged as deleted, edited or changed in type.
    """
    values = Three(*(ABSENT if value is None else value for value in (base, shared, session)))
    verdict = judge(field, values, policy)
    if verdict.value is not ABSENT:
        return verdict
    return Weighed(is_contested=verdict.is_contested, value=None, taken=verdict.taken, reason=verdict.reason)


def judge(field: str, values: Three, policy: Policy) -> Weighed:
    """Judges one spot."""
    base, shared, session = values
    if same(shared, session) or same(session, base):
        return Weighed(is_contested=False, value=shared)
    if same(shared, base):
        return Weighed(is_contested=False, value=session)
    if field == "source" and isinstance(shared, str) and isinstance(session, str):
        return _source(base if isinstance(base, str) else "", shared, session)
    if field == "cell":
        return _cell(values, policy)
    if field == "file":
        return _file(base, shared, session)
    return _ruled(field, values, policy)


def same(a: Json, b: Json) -> bool:
    """Whether two values are the same JSON: 1 is not true, NaN is NaN, and lines may be joined or not."""
    if a is b:
        return True
    if type(a) is not type(b):
        return _same_text(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(value, b[name]) for name, value in a.items())
    if isinstance(a, list):
        if a and b and isinstance(a[0], str) and isinstance(b[0], str):
            return bool(a == b) or _same_text(a, b)
        if len(a) == len(b) and all(map(same, a, b)):
            return True
        return _same_text(a, b)
    return bool(a == b) or (a != a and b != b)


def _same_text(a: Json, b: Json) -> bool:
    texts = [joined(v) if isinstance(v, str) or _is_lines(v) else None for v in (a, b)]
    return texts[0] is not None and texts[0] == texts[1]


def _is_lines(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(line, str) for line in value)


def _source(base: str, shared: str, session: str) -> Weighed:
    merged = sourced(base, shared, session)
    if merged is not None:
        sides = {shared: "shared", session: "session"}
        taken = sides.get(merged.text, "both") if merged.reason else ""
        return Weighed(is_contested=False, value=merged.text, taken=taken, reason=merged.reason)
    return Weighed(is_contested=True, value=shared, reason="both changed the same lines")


def _file(base: Json, shared: Json, session: Json) -> Weighed:
    if not isinstance(shared, bytes) or not isinstance(session, bytes):
        left = session if shared is ABSENT else shared
        return Weighed(is_contested=True, value=left, reason="edited by one side, deleted by the other")
    woven = weave(base if isinstance(base, bytes) else b"", shared, session)
    if woven.is_clean:
        return Weighed(is_contested=False, value=woven.text("ours"))
    return Weighed(is_contested=True, value=shared, reason="both changed the same lines")


def _cell(values: Three, policy: Policy) -> Weighed:
    base, shared, session = values
    if not all(value is ABSENT or is_cell(value) for value in values):
        left = session if shared is ABSENT else shared
        return Weighed(is_contested=True, value=left, reason="no cell")
    if shared is not ABSENT and session is not ABSENT:
        from gitcollab.notebooks.cells import judged_cell  # which stands on this module

        return judged_cell(values, policy)
    left, deleter = (session, "shared") if shared is ABSENT else (shared, "session")
    if base is ABSENT or is_edited(base, left):
        return Weighed(is_contested=True, value=left, reason="edited by one side, deleted by the other")
    return Weighed(
        is_contested=False, value=ABSENT, taken=deleter, reason="deleted; the other side did not edit it"
    )


def is_edited(base: Json, cell: Json) -> bool:
    """Whether a person's work is in the difference: the source (space at its ends aside), type, attachments, or what
    it counts for where it is graded."""
    before, after = (
        (
            c["cell_type"],
            _trimmed(joined(c["source"])),
            c.get("attachments") or {},
            c["metadata"].get("nbgrader"),
        )
        for c in (base, cell)
    )
    return before != after


def _trimmed(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def _ruled(field: str, values: Three, policy: Policy) -> Weighed:
    base, shared, session = values
    if field == "outputs" and same(*map(uncounted, (shared, session))):
        field = "execution_count"  # all that differs
    rule = policy.rule(field)
    if rule == "union" and all(v is ABSENT or isinstance(v, list) for v in values):
        lists = [[] if v is ABSENT else v for v in values]
        return Weighed(is_contested=False, value=_union(*lists), taken="both", reason="what either side has")
    if rule == "newer":
        return Weighed(is_contested=False, value=session, taken="session", reason="the newer side")
    if rule == "shared":
        return Weighed(is_contested=False, value=shared, taken="shared", reason="the shared side")
    if rule == "clear":
        nothing: Json = [] if field == "outputs" else None if field == "execution_count" else ABSENT
        if field == "execution_count" and isinstance(shared, list):
            nothing = uncounted(shared)
        return Weighed(is_contested=False, value=nothing, taken="neither", reason="cleared")
    if field in RUN:
        return Weighed(is_contested=True, value=shared, reason="both ran it")  # one run, never half of each
    return _combined(field, base, shared, session)


def uncounted(outputs: Json) -> Json:
    """Returns a cell's outputs without the number of the run."""
    if not isinstance(outputs, list):
        return outputs
    return [
        output | {"execution_count": None}
        if isinstance(output, dict) and "execution_count" in output
        else output
        for output in outputs
    ]


def _combined(field: str, base: Json, shared: Json, session: Json) -> Weighed:
    if field.partition(".")[0] != "attachments" and field != "metadata.nbgrader":
        value = _members(base, shared, session)
        if (
            value is ABSENT
            and all(isinstance(tree, type(base)) for tree in (shared, session))
            and _is_tree(base)
        ):
            value = combined(base, shared, session, ABSENT)
        if value is not ABSENT:
            return Weighed(is_contested=False, value=value)
    return Weighed(is_contested=True, value=shared, reason="both changed it")


def _is_tree(value: Json) -> bool:
    return isinstance(value, list | dict)


def _members(base: Json, shared: Json, session: Json) -> Json:
    """Two objects combined member by member; ABSENT where a member was changed by both."""
    if not isinstance(shared, dict) or not isinstance(session, dict):
        return ABSENT
    old = base if isinstance(base, dict) else {}
    found = {}
    for name in {**shared, **session}:
        one, two, was = (side.get(name, ABSENT) for side in (shared, session, old))
        if same(one, two) or same(two, was):
            value = one
        elif same(one, was):
            value = two
        else:
            value = _members(was, one, two)
            if value is ABSENT:
                return ABSENT
        if value is not ABSENT:
            found[name] = value
    return found


def _union(base: list[Json], shared: list[Json], session: list[Json]) -> list[Json]:
    """What either added and neither dropped: the old in its order, then the new, sorted, for the sides are equal."""
    keys = [dict.fromkeys(map(repr, values)) for values in (base, shared, session)]
    found = {repr(value): value for value in (*session, *shared)}
    old = [key for key in keys[1] if key in keys[0] and key in keys[2]]
    new = sorted(key for key in found if key not in keys[0])
    return [found[key] for key in (*old, *new)]
