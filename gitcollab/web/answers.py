"""How values and errors leave as JSON: every field said, errors as ``{error, message, hint}``, never a traceback."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
from starlette.responses import Response

from gitcollab.errors import GitcollabError
from gitcollab.model import Item

DEEPEST = 100
"""Levels of nesting that leave; a notebook may hold more, and its bytes are a file to be had as they are."""


def full(value: Any, depth: int = 0) -> Any:
    """Returns ``value`` as plain JSON values with every field present, defaults too.

    An item says its digest as ``seen``, which a settlement sends back. What JSON has no word for (infinities, NaN) and
    what lies deeper than ``DEEPEST`` is null.
    """
    if isinstance(value, msgspec.Struct):
        fields = {field: full(getattr(value, field), depth + 1) for field in value.__struct_fields__}
        tag = value.__struct_config__
        named = {tag.tag_field: tag.tag} if tag.tag_field else {}
        return {**named, **fields, **({"seen": value.digest} if isinstance(value, Item) else {})}
    if isinstance(value, dict | list | tuple) and depth > DEEPEST:
        return None
    if isinstance(value, dict):
        return {key: full(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [full(each, depth + 1) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def encoded(value: Any) -> bytes:
    """``value`` as JSON: in UTF-8, or in ASCII if it holds what only that carries (half a character, a huge number)."""
    plain = full(value)
    try:
        return msgspec.json.encode(plain)
    except (UnicodeEncodeError, OverflowError):
        return ascii_line(plain)


def ascii_line(value: Any) -> bytes:
    """``value`` as one line of ASCII JSON: no byte of it can end a line of an event stream, U+2028 included."""
    plain = msgspec.to_builtins(full(value))
    return json.dumps(plain, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii")


HEADERS = {
    401: {"www-authenticate": 'Bearer realm="gitcollab"'},
    429: {"retry-after": "60"},
    503: {"retry-after": "2"},
}
"""What an error's answer says besides: how to sign in, or when to try again (seconds)."""


class JsonAnswer(Response):
    """An answer of the API."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return b"" if self.status_code == 204 else encoded(content)


def refusal(error: GitcollabError) -> JsonAnswer:
    """The API's answer to an error; what a program needs to go on stands beside message and hint."""
    body = {**error.data, "error": error.code, "message": error.message, "hint": error.hint}
    return JsonAnswer(body, status_code=error.status, headers=HEADERS.get(error.status))
