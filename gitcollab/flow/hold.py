"""Hold: which saves are held back until their author decides: suspected secrets, and files that fall to nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import msgspec

from gitcollab import notebooks
from gitcollab.flow.files import is_notebook
from gitcollab.flow.points import MAIN, is_commit
from gitcollab.flow.snapshot import Saving
from gitcollab.notebooks import Finding
from gitcollab.repository import Repository

SUBSTANCE = 100
"""Bytes besides white space from which on a text is one of substance: to empty a smaller one is everyday."""

LARGE = 1_000_000
"""Bytes from which on only the lines that are new are looked through first."""

SECRET, EMPTIED, UNREADABLE = "secret", "emptied", "unreadable"


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Why a save is held back: ``reason`` is secret, emptied or unreadable; ``findings`` the suspected secrets."""

    reason: str
    findings: tuple[Finding, ...] = ()


def doubt(
    repo: Repository,
    saving: Saving,
    is_known: Callable[[str], bool],
    *,
    is_draft: bool = False,
    is_searched: bool = True,
) -> Doubt | None:
    """Returns why a save has to wait for its author, None if it may go on.

    A secret that the file holds already, where the copy came from or where it goes to, is shared and asks nothing;
    ``is_known`` tells by their digests those that its people have said are none. ``is_searched`` False: the collab does
    not want secrets looked for. A draft lands nowhere, so that it may be as empty as it is. Looks at no other file,
    changes nothing.
    """
    if saving.data is None or saving.to:
        return None
    if not is_draft and (fall := _fall(repo, saving, saving.data)):
        return Doubt(reason=fall)
    found = _unshared(repo, saving, saving.data, is_known) if is_searched else ()
    return Doubt(reason=SECRET, findings=found) if found else None


def earlier(repo: Repository, saving: Saving) -> bytes | None:
    """Returns the version that the save of a file would have followed; None if there is none."""
    return next(_versions(repo, saving), None)


def _unshared(
    repo: Repository, saving: Saving, data: bytes, is_known: Callable[[str], bool]
) -> tuple[Finding, ...]:
    if len(data) > LARGE and not notebooks.secrets(_new_lines(data, earlier(repo, saving) or b"")):
        return ()
    found = [one for one in notebooks.secrets(data) if not is_known(one.digest)]
    for before in _versions(repo, saving) if found else ():
        shared = {one.digest for one in notebooks.secrets(before)}
        found = [one for one in found if one.digest not in shared]
    return tuple(found)


def _new_lines(data: bytes, before: bytes) -> bytes:
    """The lines that the file did not have before; most of a large notebook are old outputs."""
    old = set(before.splitlines())
    return b"\n".join(line for line in data.splitlines() if line not in old)


def _versions(repo: Repository, saving: Saving) -> Iterator[bytes]:
    """The file as its session has it, as its copy came, and as everybody has it; each once."""
    stamp = notebooks.strip(saving.data)[1] if saving.data and is_notebook(saving.path) else None
    points = dict.fromkeys([repo.head(saving.session.ref), stamp, saving.base, repo.head(MAIN)])
    there = [point for point in points if point and is_commit(repo, point)]
    entries = [repo.entry(point, saving.path) for point in there]
    for oid in dict.fromkeys(entry.oid for entry in entries if entry is not None and entry.is_file):
        yield repo.blob(oid)


def _fall(repo: Repository, saving: Saving, data: bytes) -> str:
    """Whether a file of substance falls to nothing, as a crash or a full disk leaves it: the reason, or nothing."""
    if not data.strip():
        return EMPTIED if len((earlier(repo, saving) or b"").strip()) >= SUBSTANCE else ""
    if is_notebook(saving.path) and not _is_json(data) and _is_json(earlier(repo, saving) or b""):
        return UNREADABLE
    return ""


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        try:
            json.loads(data)  # NaN and Infinity stand in real notebooks
        except (ValueError, RecursionError):
            return False
    return True
