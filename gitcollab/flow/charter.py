"""The charter: what ``collab.toml`` in the tree says of a collab; changed by maintainers, read at every landing."""

from __future__ import annotations

import json
import tomllib
from functools import lru_cache, partial
from typing import Annotated, Any, Literal

import msgspec

from gitcollab.flow.files import Merger
from gitcollab.flow.materialise import FINAL
from gitcollab.flow.points import CONFIG, MAIN, bytes_at
from gitcollab.notebooks import STANDARD, Policy, policy_in
from gitcollab.repository import Repository

POLICIES = {"landing", "delivery", "final_name", "secrets", "master"}
"""What may also stand in the table ``[policies]``."""

SMALL = 16 * 1024
"""Bytes up to which a ``collab.toml`` that was read is kept."""

NONSENSE = (ValueError, RecursionError, msgspec.ValidationError, AttributeError, TypeError)
"""What reading it may raise, whatever the file is: a number of 5,000 digits, brackets nested 5,000 deep."""


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a notebook before it is published, besides that nothing in it is contested.

    ``errors``: no output is an error; ``order``: it was run once from top to bottom; ``secrets``: nothing in it looks
    like one; ``licence``: ``collab.toml`` says what others may do with it; ``approval``: a second maintainer approves.

    ``run``: it runs from top to bottom in a clean kernel; ``agree``: its outputs are those that stand in it (no, text,
    or all of them); ``command``: so called, beside its files, it ends with 0; ``status``: the address of a server that
    calls the commit good. ``timeout`` in seconds and ``memory`` in MiB are what each of these may take.
    """

    errors: bool = False
    order: bool = False
    secrets: bool = True
    licence: bool = False
    approval: bool = False
    run: bool = False
    agree: Literal["no", "text", "all"] = "no"
    command: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    status: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 300.0
    memory: Annotated[int, msgspec.Meta(ge=128, le=65536)] = 1024

    @property
    def of_notebooks(self) -> frozenset[str]:
        """The gates that look into the notebook itself."""
        return frozenset(name for name in ("errors", "order", "secrets") if getattr(self, name))


class Charter(msgspec.Struct, frozen=True, kw_only=True):
    """A collab's own words and policies.

    ``landing`` is "save" (every save lands) or "request"; ``delivery`` is "landing" (at once) or "request"; ``secrets``
    is "hold" (a save with a suspected one waits for its author) or "off".
    ``master`` is whose workspace the master copies are; empty: nobody's.
    ``final_name`` is how published notebooks are called, with ``{name}`` for their own name.
    """

    title: str = ""
    description: str = ""
    licence: str = ""
    tracker: str = ""
    paths: tuple[str, ...] = ()
    landing: str = "save"
    delivery: str = "landing"
    secrets: str = "hold"
    master: str = ""
    gates: Gates = Gates()
    final_name: Annotated[str, msgspec.Meta(pattern=r"^[^/]*\{name\}[^/]*$", max_length=100)] = FINAL


def read_charter(repo: Repository, default: Charter) -> Charter:
    """Returns the charter on the shared branch; ``default`` fills what it does not say or says wrongly."""
    try:
        return _charter(_said(repo, repo.head(MAIN)), default)
    except NONSENSE:
        return default


def policy_of(repo: Repository, tree: str | None) -> Policy:
    """Returns the merge policy that holds on a commit or tree: what ``[merge]`` says there, over the defaults."""
    try:
        return policy_in(_said(repo, tree).get("merge", {}))[0]
    except NONSENSE:
        return STANDARD


def under_policy(repo: Repository, tree: str | None, merger: Merger) -> Merger:
    """Returns the merger as it merges under the policy of a commit or tree."""
    return partial(merger, policy=policy_of(repo, tree))


def faults_in(data: bytes | None) -> tuple[str, ...]:
    """Returns what a ``collab.toml`` says that cannot hold, each in words for people who have written it.

    Where it stands, the default holds for merging and the other policies; publishing waits until it is mended.
    """
    try:
        said = tomllib.loads((data or b"").decode("utf-8"))
        _charter(said, Charter())
        unknown = [
            f"[policies] {name[:80]!r} is not known"
            for name in sorted(set(said.get("policies", {})) - POLICIES)
        ]
        found = [*unknown, *(f"[merge] {fault}" for fault in policy_in(said.get("merge", {}))[1])]
    except NONSENSE as error:
        found = [f"it cannot be read: {' '.join(str(error).split())[:200]}"]
    return tuple(f"{CONFIG}: {fault}" for fault in found)


FOLLOWS = "the default holds, and nothing is published until it is mended"
"""What follows from a fault: a merge never waits for it, and a gate that is written wrongly is not one that is open."""


def told_of(faults: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the faults as they are told where nothing is stopped by them, with what follows from each."""
    return tuple(f"{fault}; {FOLLOWS}" for fault in faults)


def _said(repo: Repository, tree: str | None) -> dict[str, Any]:
    data = (bytes_at(repo, tree, CONFIG) if tree else None) or b""
    return _read(data) if len(data) <= SMALL else tomllib.loads(data.decode("utf-8"))


@lru_cache(256)
def _read(data: bytes) -> dict[str, Any]:
    """What a ``collab.toml`` says; it is asked for several times with each save, and nobody changes what it gets."""
    return tomllib.loads(data.decode("utf-8"))


def _charter(said: dict[str, Any], default: Charter) -> Charter:
    policies = said.get("policies", {})
    known = {name for name in Charter.__struct_fields__ if name in said} | POLICIES & set(policies)
    values = {name: policies.get(name, said.get(name)) for name in known}
    defaults = {name: getattr(default, name) for name in Charter.__struct_fields__}
    return msgspec.convert(defaults | values, Charter)


def written(charter: Charter) -> bytes:
    """Returns the charter as ``collab.toml``."""
    lines = [f"title = {_text(charter.title)}"]
    lines += [f"tracker = {_text(charter.tracker)}"] if charter.tracker else []
    lines += [f"paths = [{', '.join(map(_text, charter.paths))}]"] if charter.paths else []
    return "\n".join(lines).encode("utf-8") + b"\n"


def _text(value: str) -> str:
    # a JSON string is a TOML basic string if only what must be is escaped: \ud83d\ude00 is two halves to TOML
    return json.dumps(value.encode("utf-8", "replace").decode("utf-8"), ensure_ascii=False).replace(
        "\x7f", "\\u007f"
    )
