"""The judgement on one spot: what follows when two sides have each their own value there."""

from __future__ import annotations

from typing import Any, Final

from gitcollab.model import Json
from gitcollab.notebooks.lines import Clash, weave
from gitcollab.notebooks.policy import Policy
from gitcollab.notebooks.reading import joined
from gitcollab.notebooks.values import Weighed


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final[Any] = _Absent()
"""Stands for a member that a side does not have, where None is a value of its own."""


def weigh(field: str, base: Json, shared: Json, session: Json, *, policy: Policy | None = None) -> Weighed:
    """Judges one spot as merge does. None means that a side has nothing there."""
    values = [ABSENT if value is None else value for value in (base, shared, session)]
    verdict = judge(field, *values, policy or Policy())
    return (
        verdict
        if verdict.value is not ABSENT
        else Weighed(
            is_contested=verdict.is_contested, value=None, taken=verdict.taken, reason=verdict.reason
        )
    )


def judge(field: str, base: Json, shared: Json, session: Json, policy: Policy) -> Weighed:
    """Judges one spot; a side that has nothing there is ABSENT."""
    if shared == session or session == base:
        return Weighed(is_contested=False, value=shared)
    if shared == base:
        return Weighed(is_contested=False, value=session)
    if field == "source" and isinstance(shared, str) and isinstance(session, str):
        return _source("" if base is ABSENT else base, shared, session)
    if field == "cell":
        return _cell(base, shared, session)
    if field == "file" and isinstance(shared, bytes) and isinstance(session, bytes):
        return _file(base, shared, session)
    return _ruled(field, base, shared, session, policy)


def _source(base: str, shared: str, session: str) -> Weighed:
    texts = [text.encode("utf-8", "surrogatepass") for text in (base, shared, session)]
    woven = weave(*texts)
    if woven.is_clean:
        return Weighed(is_contested=False, value=woven.text("ours").decode("utf-8", "surrogatepass"))
    return Weighed(is_contested=True, value=shared, reason="both changed the same lines")


def _file(base: Json, shared: bytes, session: bytes) -> Weighed:
    woven = weave(base if isinstance(base, bytes) else b"", shared, session)
    if woven.is_clean:
        return Weighed(is_contested=False, value=woven.text("ours"))
    return Weighed(is_contested=True, value=shared, reason="both changed the same lines")


def _cell(base: Json, shared: Json, session: Json) -> Weighed:
    if ABSENT not in (shared, session):
        return Weighed(is_contested=True, value=shared, reason="its type was changed")
    left, taken = (session, "shared") if shared is ABSENT else (shared, "session")
    if base is ABSENT or (joined(left["source"]), left["cell_type"]) != (
        joined(base["source"]),
        base["cell_type"],
    ):
        return Weighed(is_contested=True, value=left, reason="edited by one side, deleted by the other")
    return Weighed(
        is_contested=False, value=ABSENT, taken=taken, reason="deleted; the other side only ran it"
    )


def _ruled(field: str, base: Json, shared: Json, session: Json, policy: Policy) -> Weighed:
    rule = policy.rule(field)
    if rule == "union" and all(v is ABSENT or isinstance(v, list) for v in (base, shared, session)):
        value = _union(*([] if v is ABSENT else v for v in (base, shared, session)))
        return Weighed(is_contested=False, value=value, taken="both", reason="what either side has")
    if rule == "newer":
        return Weighed(is_contested=False, value=session, taken="session", reason="the newer side")
    if rule == "shared":
        return Weighed(is_contested=False, value=shared, taken="shared", reason="the shared side")
    if rule == "clear":
        return Weighed(is_contested=False, value=[], taken="neither", reason="cleared")
    return Weighed(is_contested=True, value=shared, reason="both changed it")


def _union(base: list[Json], shared: list[Json], session: list[Json]) -> list[Json]:
    found: list[Json] = []
    for value in (*shared, *session):
        is_dropped = value in base and not (value in shared and value in session)
        if value not in found and not is_dropped:
            found.append(value)
    return found
