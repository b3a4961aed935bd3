"""Contested items as they lie on the shared branch, in ``.gitcollab/contested/``; long values in files beside them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from gitcollab.flow.points import file_entry
from gitcollab.model import Item, Json
from gitcollab.repository import Entry, Repository

FOLDER = ".gitcollab/contested"
INLINE = 4096
"""Values longer than this many bytes lie beside the item's JSON, where git keeps them once."""

SIDES = ("base", "shared", "session")


def read_items(repo: Repository, commit: str) -> tuple[Item, ...]:
    """Returns the open items of a commit on the shared branch, oldest first."""
    entries = repo.entries(commit, FOLDER)
    found = [_read(repo, entries, path) for path in entries if path.endswith(".json")]
    return tuple(sorted(found, key=lambda item: (item.at, item.id)))


def item_entries(repo: Repository, item: Item) -> dict[str, Entry]:
    """Writes an item's blobs and returns the tree entries that hold it."""
    entries: dict[str, Entry] = {}
    record: dict[str, Any] = {name: getattr(item, name) for name in item.__struct_fields__}
    for side in SIDES:
        value = getattr(item, side)
        kind, data = _bytes_of(value)
        if len(data) > INLINE or _is_reference(value):
            name = f"{FOLDER}/{item.id}.{side}"
            entries[name] = file_entry(repo, data)
            record[side] = {"file": f"{item.id}.{side}", "is": kind}
    entries[f"{FOLDER}/{item.id}.json"] = file_entry(
        repo, json.dumps(record, indent=1, sort_keys=True).encode("ascii") + b"\n"
    )
    return entries


def printable(item: Item) -> Item:
    """Returns the item as it may leave the process: without the lone surrogates that JSON can hold and UTF-8 cannot."""
    sides = {side: _printable(getattr(item, side)) for side in SIDES}
    return msgspec.structs.replace(item, **sides)


def rewritten(repo: Repository, commit: str, items: Iterable[Item]) -> dict[str, Entry | None]:
    """Returns the tree edits that make ``items`` the open items of a commit's tree."""
    before = repo.entries(commit, FOLDER)
    after: dict[str, Entry] = {}
    for item in items:
        after |= item_entries(repo, item)
    gone: dict[str, Entry | None] = {path: None for path in before if path not in after}
    return gone | {path: entry for path, entry in after.items() if before.get(path) != entry}


def new_id(item: Item, taken: Iterable[str]) -> str:
    """Returns an id that follows from session, cell, field, base and first commit, never from the path."""
    seed = json.dumps([item.branch, item.cell, item.field, item.commit, item.base], sort_keys=True).encode(
        "ascii"
    )
    return next(name for name in _names(seed) if name not in set(taken))


def as_json(data: bytes | None) -> Json:
    """Returns a whole file as an item's value: text as it is, other bytes as ``{"bytes": base64}``."""
    if data is None:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"bytes": base64.b64encode(data).decode("ascii")}


def as_bytes(value: Json) -> bytes | None:
    """Inverse of :func:`as_json`."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8")
    try:
        return base64.b64decode(value["bytes"], validate=True)
    except (TypeError, KeyError, binascii.Error) as error:
        raise ValueError("not a file's value") from error


def _names(seed: bytes) -> Iterator[str]:
    digest = hashlib.sha256(seed)
    while True:
        yield digest.hexdigest()[:16]
        digest.update(b"+")


def _bytes_of(value: Json) -> tuple[str, bytes]:
    if isinstance(value, str):
        return "text", value.encode("utf-8", "surrogatepass")
    if (data := _binary(value)) is not None:
        return "bytes", data
    return "json", json.dumps(value).encode("ascii")


def _is_reference(value: Json) -> bool:
    """Whether a value in an item's JSON stands for a file beside it; metadata that look so are put beside it."""
    return isinstance(value, dict) and set(value) == {"file", "is"}


def _binary(value: Json) -> bytes | None:
    """The bytes that a value stands for; None for one that only looks so, as any metadata may."""
    try:
        data = base64.b64decode(value["bytes"], validate=True) if set(value) == {"bytes"} else b""
    except (TypeError, ValueError):
        return None
    return data if value == {"bytes": base64.b64encode(data).decode("ascii")} else None


def _read(repo: Repository, entries: dict[str, Entry], path: str) -> Item:
    record = json.loads(repo.blob(entries[path].oid))
    for side in SIDES:
        value = record.get(side)
        if _is_reference(value):
            data = repo.blob(entries[f"{FOLDER}/{value['file']}"].oid)
            record[side] = _value_of(value["is"], data)
        record.setdefault(side, None)
    span = record.get("range")
    return Item(**record | {"range": tuple(span) if span else None})


def _value_of(kind: str, data: bytes) -> Json:
    if kind == "text":
        return data.decode("utf-8", "surrogatepass")
    if kind == "bytes":
        return {"bytes": base64.b64encode(data).decode("ascii")}
    return json.loads(data)


def _printable(value: Json) -> Json:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_printable(inner) for inner in value]
    if isinstance(value, dict):
        return {_printable(name): _printable(inner) for name, inner in value.items()}
    return value
