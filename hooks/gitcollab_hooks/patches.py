"""Patches: what is different between two versions of a notebook, cell by cell, for a model that is open. Pure."""

from __future__ import annotations

import json
from typing import Any

Json = Any
Cell = dict[str, Any]

VOLATILE = frozenset({"collapsed", "execution", "scrolled", "trusted", "ExecuteTime"})
"""Cell metadata that says how a cell looks or when it ran, not what it is."""

OWN = frozenset({"gitcollab", "language_info", "widgets"})
"""Notebook metadata that each copy has for itself."""


def patch(before: bytes, after: bytes) -> Json | None:
    """Returns what has to be done to ``before`` so that it says what ``after`` says; None if cells have no ids.

    ``{"before": [ids], "after": [ids], "cells": {id: {"before": cell, "after": cell}}, "metadata": {key: {…}}}``:
    the order of all cells on both sides, and the cells that differ in more than volatile fields, None where a side
    does not have it. Sources and texts are joined, as an editor holds them. What a notebook says of its own trust is
    left out: an editor would believe it, and run what others have put into outputs.
    """
    old, new = _read(before), _read(after)
    if old is None or new is None:
        return None
    cells = {
        id: {"before": old[0].get(id), "after": new[0].get(id)}
        for id in {**new[0], **old[0]}
        if _lasting(old[0].get(id)) != _lasting(new[0].get(id))
    }
    metadata = {
        key: {"before": old[1].get(key), "after": new[1].get(key)}
        for key in sorted({*old[1], *new[1]} - OWN)
        if _named(key, old[1].get(key)) != _named(key, new[1].get(key))
    }
    return {"before": [*old[0]], "after": [*new[0]], "cells": cells, "metadata": metadata}


def is_empty(made: Json) -> bool:
    """Whether a patch changes nothing."""
    return not made["cells"] and not made["metadata"] and made["before"] == made["after"]


def stamp_of(data: bytes) -> str:
    """Returns the version that a notebook's metadata says it is of; empty if none."""
    try:
        return str(json.loads(data)["metadata"]["gitcollab"]["version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _read(data: bytes) -> tuple[dict[str, Cell], Json] | None:
    """The cells by id, in their order, and the notebook's metadata; None if that cannot be said."""
    try:
        found = json.loads(data)
        cells = [_joined(cell) for cell in found["cells"]]
        ids = [cell["id"] for cell in cells]
        metadata = dict(found.get("metadata") or {})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if len(set(ids)) != len(ids) or not all(isinstance(id, str) for id in ids):
        return None
    return dict(zip(ids, cells, strict=True)), metadata


def _joined(cell: Cell) -> Cell:
    made = {**cell, "source": _text(cell.get("source", ""))}
    made["metadata"] = {key: value for key, value in (cell.get("metadata") or {}).items() if key != "trusted"}
    if isinstance(made.get("outputs"), list):
        made["outputs"] = [_output(output) for output in made["outputs"]]
    return made


def _output(output: Json) -> Json:
    made = dict(output)
    if "text" in made:
        made["text"] = _text(made["text"])
    if isinstance(made.get("data"), dict):
        made["data"] = {
            kind: value if kind.endswith("json") else _text(value) for kind, value in made["data"].items()
        }
    return made


def _text(value: Json) -> Json:
    """nbformat writes texts as lists of lines and means their join."""
    is_lines = isinstance(value, list) and all(isinstance(line, str) for line in value)
    return "".join(value) if is_lines else value


def _lasting(cell: Cell | None) -> Json:
    if cell is None:
        return None
    made = {key: value for key, value in cell.items() if key != "execution_count"}
    made["metadata"] = {
        key: value for key, value in (cell.get("metadata") or {}).items() if key not in VOLATILE
    }
    if isinstance(made.get("outputs"), list):
        made["outputs"] = [
            {key: value for key, value in output.items() if key != "execution_count"}
            for output in made["outputs"]
        ]
    return made


def _named(key: str, value: Json) -> Json:
    """A kernel's display name is as each machine calls it."""
    return value.get("name") if key == "kernelspec" and isinstance(value, dict) else value
