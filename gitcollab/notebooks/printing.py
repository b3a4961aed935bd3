"""What ``gitcollab merge --json`` prints."""

from __future__ import annotations

import base64
import json

from gitcollab.model import Json
from gitcollab.notebooks.values import Merge

FIELDS = ("id", "path", "cell", "field", "base", "shared", "session", "reason")


def as_json(merged: Merge) -> bytes:
    """Returns ``{"contested": […], "noted": […]}`` as one line; bytes that are no text as ``{"bytes": base64}``."""
    found = {
        "contested": [{name: _shown(getattr(item, name)) for name in FIELDS} for item in merged.contested],
        "noted": [
            {name: _shown(getattr(item, name)) for name in (*FIELDS, "taken")} for item in merged.noted
        ],
    }
    return (json.dumps(found) + "\n").encode()


def _shown(value: Json) -> Json:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"bytes": base64.b64encode(value).decode("ascii")}
